"""Pooling of steps, which belongs to no family."""

from __future__ import annotations

from typing import cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneural.data import Series
from skneural.hyperparameters import Choice, declare, hyperparameter
from skneural.inputs import steps_like
from skneural.layers import Context
from skneural.networks.sequence import SEQUENCE_POOLINGS
from skneural.ops.types import Array
from skneural.template.estimator import Mixin


def pays_attention(estimator: BaseEstimator) -> bool:
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

    @available_if(pays_attention)
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
        n_rows = self._input_kind.rows_per_block(x)
        parts = (x[start : start + n_rows] for start in range(0, len(x), n_rows))
        shares = [self._shares(part) for part in parts]
        return steps_like(np.concatenate(shares), x, X)

    def _shares(self, x: Series) -> Array:
        """Weights of all steps of the given series, series behind series."""
        values, known = x.enter()
        notes: dict[str, list[Array]] = {}
        self._network.layer.predict(self._parameters(), values, Context(lengths=known.lengths, notes=notes))
        (shares,) = notes["pooling"]
        return shares[np.arange(shares.shape[1]) < x.n_steps[:, np.newaxis]]
