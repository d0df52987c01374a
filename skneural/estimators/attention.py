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
from skneural.ops.blocks import slices
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
    per_step = estimator.__sklearn_is_fitted__() and estimator._task.per_step
    if getattr(estimator, "pooling", None) != "attention" or per_step:
        raise AttributeError('attention_weights needs pooling="attention" and one target for each series.')
    return True


def pooling_weights(estimator: NeuralEstimator, X: object) -> Array | list[Array]:
    """Weight of each step in attention pooling; see `RNNSequenceClassifier.attention_weights`."""
    check_is_fitted(estimator)
    x = cast(Series, estimator._read(X))
    weights = [
        of_block[np.arange(of_block.shape[1]) < part.n_steps[:, np.newaxis]]
        for part, (of_block,) in collect_notes(estimator, x, "pooling")
    ]
    return steps_like(np.concatenate(weights), x, X)


def head_weights(estimator: NeuralEstimator, X: object) -> Array | list[Array]:
    """Self-attention weights of all layers and heads; see `TransformerSequenceClassifier.attention_weights`."""
    check_is_fitted(estimator)
    x = cast(Series, estimator._read(X))
    blocks = [(part, np.stack(layers, axis=1)) for part, layers in collect_notes(estimator, x, "attention")]
    if not given_one_by_one(X):
        return np.concatenate([weights for _, weights in blocks])
    n_class_tokens = blocks[0][1].shape[-1] - blocks[0][0].shape[1]
    return [
        of_series[:, :, : n + n_class_tokens, : n + n_class_tokens].copy()
        for part, weights in blocks
        for of_series, n in zip(weights, part.n_steps, strict=True)
    ]


def collect_notes(estimator: NeuralEstimator, x: Container, name: str) -> Iterator[tuple[Any, list[Array]]]:
    """Predict block by block; yield each block with the arrays that layers note under a name."""
    n_rows = estimator._reader.rows_per_block(x)
    for rows in slices(len(x), n_rows):
        part = x[rows]
        notes: dict[str, list[Array]] = {}
        values, known = part.as_batch()
        context = Context(batch=known, notes=notes)
        estimator._network.layer.predict(estimator._parameters(), values, context)
        yield part, notes[name]
