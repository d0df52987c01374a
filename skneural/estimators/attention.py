"""Attention in several families: pooling of steps, and attention weights of fitted models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skneural.data import Container, Series
from skneural.hyperparameters import Choice, hyperparameter
from skneural.layers import Context
from skneural.networks.sequence import SEQUENCE_POOLINGS
from skneural.ops.types import Array
from skneural.readers import given_one_by_one, steps_like
from skneural.template.estimator import NeuralEstimator


def pooling_hyperparameter(default: str, reference: int) -> Any:
    """The hyper-parameter `pooling` of recurrent and Mamba networks.

    Parameters
    ----------
    default : str
        One of `SEQUENCE_POOLINGS`.
    reference : int
        Number of the reference to attention pooling in the docstring of the family.
    """
    return hyperparameter(
        default=default,
        constraint=Choice(*SEQUENCE_POOLINGS),
        doc=f"""Reduction of the states of all steps to the input of the output layer: the last state ("last"; in the
        backward direction, the state of the first step), their mean, their maximum, or a mean with learned weights
        ("attention" [{reference}]_). Not used for targets of each step.""",
    )


def has_pooling_weights(estimator: NeuralEstimator) -> bool:
    """Check, for `available_if`, that the estimator has `attention_weights`."""
    if not hasattr(estimator, "pooling") or estimator._as_fitted("pooling") != "attention":
        raise AttributeError('attention_weights needs pooling="attention" and one target for each series.')
    return True


def pooling_weights(estimator: NeuralEstimator, X: object) -> Array | list[Array]:
    """Weight of each step in attention pooling; see `RNNSequenceClassifier.attention_weights`."""
    check_is_fitted(estimator)
    x = cast(Series, estimator._read(X))
    weights: list[Array] = [np.empty(0)] * len(x)
    for rows, part, (of_block,) in collect_notes(estimator, x, "pooling"):
        for row, of_series, n in zip(rows, of_block, part.n_steps, strict=True):
            weights[row] = of_series[:n].copy()
    return steps_like(np.concatenate(weights), x, X)


def head_weights(estimator: NeuralEstimator, X: object) -> Array | list[Array]:
    """Self-attention weights of all layers and heads; see `TransformerSequenceClassifier.attention_weights`."""
    check_is_fitted(estimator)
    x = cast(Series, estimator._read(X))
    weights: list[Array] = [np.empty(0)] * len(x)
    for rows, part, layers in collect_notes(estimator, x, "attention"):
        of_block = np.stack(layers, axis=1)
        n_class_tokens = of_block.shape[-1] - part.shape[1]
        for row, of_series, n in zip(rows, of_block, part.n_steps + n_class_tokens, strict=True):
            weights[row] = of_series[:, :, :n, :n].copy()
    return weights if given_one_by_one(X) else np.stack(weights)


def collect_notes(estimator: NeuralEstimator, x: Container, name: str) -> Iterator[tuple[Array, Any, list[Array]]]:
    """Predict block by block; yield the rows of each block, the block, and what layers note under a name."""
    for rows in x.blocks(estimator._reader.rows_per_block(x)):
        part = x[rows]
        notes: dict[str, list[Array]] = {}
        values, known = part.as_batch()
        context = Context(batch=known, notes=notes)
        estimator._network.layer.predict(estimator._parameters(), values, context)
        yield np.arange(len(x))[rows], part, notes[name]
