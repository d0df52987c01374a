"""Attention, which belongs to no family: how steps are pooled, and how much they take from each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneural.data import Series
from skneural.hyperparameters import Choice, declare, hyperparameter
from skneural.inputs import given_one_by_one, steps_like
from skneural.layers import Context
from skneural.networks.sequence import SEQUENCE_POOLINGS
from skneural.ops.types import Array
from skneural.template.estimator import Mixin, NeuralEstimator


def has_attention_weights(estimator: BaseEstimator) -> bool:
    """For `available_if`: whether there is `attention_weights`."""
    if estimator.pooling != "attention" or estimator._targets.stepwise:
        raise AttributeError('attention_weights is there with pooling="attention" only, and not for targets of steps.')
    return True


@declare
class AttentionPooled(Mixin):
    """Networks that make one row of all steps, by attention if asked for."""

    pooling: str = hyperparameter(
        "last",
        Choice(*SEQUENCE_POOLINGS),
        """What the output layer sees of the states: those behind the last step (backwards, the first), their mean or
        maximum over all steps, or a mean whose weights are learned, "attention" [6]_.""",
    )

    @available_if(has_attention_weights)
    def attention_weights(self, X):
        """How much each step counts for the prediction.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        weights : ndarray of shape (n_samples, steps), or list of n_samples ndarrays of shape (steps,)
            They sum to one for each series. An array for an array X, a list for a list.
        """
        check_is_fitted(self)
        x = cast(Series, self._check_X(X))
        shares = [
            of_block[np.arange(of_block.shape[1]) < part.n_steps[:, np.newaxis]]
            for part, (of_block,) in collect_notes(self, x, "pooling")
        ]
        return steps_like(np.concatenate(shares), x, X)


def collect_notes(estimator: NeuralEstimator, x: Any, name: str) -> Iterator[tuple[Any, list[Array]]]:
    """Some samples of a container at a time, and what layers leave under a name when they predict for these."""
    n_rows = estimator._input_kind.rows_per_block(x)
    for start in range(0, len(x), n_rows):
        part = x[start : start + n_rows]
        notes: dict[str, list[Array]] = {}
        values, known = part.as_batch()
        context = Context(**known._asdict(), notes=notes)
        estimator._network.layer.predict(estimator._parameters(), values, context)
        yield part, notes[name]


@declare
class AttentionHeads(Mixin):
    """Networks whose steps attend to each other."""

    def attention_weights(self, X):
        """How much each step takes from each other step, in every layer and head.

        Memory grows with the square of the steps: give the few series that are to be looked at.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        weights : ndarray of shape (n_samples, n_layers, n_heads, steps, steps), or list of n_samples ndarrays
            An array for an array X; for a list, an array (n_layers, n_heads, steps, steps) for each series. The step
            that takes comes before the one it takes from, over which weights sum to one. With ``pooling="cls"`` there
            is one step more, the first.
        """
        check_is_fitted(self)
        x = cast(Series, self._check_X(X))
        blocks = [(part, np.stack(layers, axis=1)) for part, layers in collect_notes(self, x, "attention")]
        if not given_one_by_one(X):
            return np.concatenate([weights for _, weights in blocks])
        more = blocks[0][1].shape[-1] - blocks[0][0].shape[1]
        return [
            own[:, :, : n + more, : n + more].copy()
            for part, weights in blocks
            for own, n in zip(weights, part.n_steps, strict=True)
        ]
