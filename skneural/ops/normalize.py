"""Batch normalization (Ioffe and Szegedy 2015): each feature is centred and scaled over the rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneural.ops.types import Array, Vjp

Reduce = Callable[[Array], Array]


def batch_statistics(x: Array, n_rows: int, reduce: Reduce) -> tuple[Array, Array]:
    """Mean and variance of each column of x over all `n_rows` rows of the batch.

    x holds the rows of one shard; `reduce` sums an array over the shards. The variance is taken around
    the mean in a second pass, because a difference of squares cancels in float32.
    """
    mean = reduce(x.sum(axis=0)) / n_rows
    centred = x - mean
    variance = reduce(np.einsum("ij,ij->j", centred, centred)) / n_rows
    return mean, variance


def batch_normalize(
    x: Array, mean: Array, variance: Array, gamma: Array, beta: Array, epsilon: float, n_rows: int, reduce: Reduce
) -> tuple[Array, Vjp]:
    """Centre, scale, then apply the learned scale and shift.

    Parameters
    ----------
    x : array of shape (rows, features)
        One shard of the batch.
    mean, variance : arrays of shape (features,)
        What `batch_statistics` returned for this batch; the gradient flows through both.
    gamma, beta : arrays of shape (features,)
        Learned scale and shift.
    epsilon : float
        Added to the variance.
    n_rows : int
        Rows of the whole batch.
    reduce : callable
        Sums an array over the shards of the batch.

    Returns
    -------
    y : array of shape (rows, features)
    vjp : ``vjp(dy, d_gamma, d_beta) -> dx``
    """
    inverse_deviation = 1.0 / np.sqrt(variance + epsilon)
    normalized = x - mean
    normalized *= inverse_deviation
    y = normalized * gamma
    y += beta

    def vjp(dy: Array, d_gamma: Array, d_beta: Array) -> Array:
        dy.sum(axis=0, out=d_beta)
        np.einsum("ij,ij->j", dy, normalized, out=d_gamma)
        shared = reduce(np.stack([d_beta, d_gamma])) / n_rows
        dx = normalized * -shared[1]
        dx += dy
        dx -= shared[0]
        dx *= gamma * inverse_deviation
        return dx

    return y, vjp
