"""Batch normalization of each feature, and local response normalization of each pixel."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skneural.ops.memory import empty, empty_like
from skneural.ops.types import Array, Vjp

Reduce = Callable[[Array], Array]

# Rows from which repeating features pays.
MANY_ROWS = 8


class Moments(NamedTuple):
    """Mean and variance of each feature over a batch, and the total weight of its elements."""

    mean: Array
    variance: Array
    weight: float


def batch_normalize(
    x: Array,
    gamma: Array,
    beta: Array,
    epsilon: float,
    reduce: Reduce,
    *,
    axis: int = -1,
    weight: Array | None = None,
    real: Array | None = None,
) -> tuple[Array, Vjp, Moments]:
    """Centre and scale each feature over the batch, then apply the learned scale and shift (Ioffe and Szegedy 2015).

    Parameters
    ----------
    x : array
        One shard of the batch.
    gamma, beta : arrays of shape (features,)
        Learned scale and shift.
    epsilon : float
        Added to the variance.
    reduce : callable
        Sums an array over the shards of the batch.
    axis : int, default=-1
        The axis of the features in x. The moments are computed over all other axes.
    weight : array that broadcasts to x, optional
        Weight of each element in the moments.
    real : boolean array that broadcasts to x, optional
        False for padding, whose weight must be zero: y and dx are zero there, and dy is treated as zero.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_gamma, d_beta) -> dx``
        The gradient includes the path through the moments.
    moments : Moments
        Of all shards together.
    """
    sums = _FeatureSums(x.shape, axis)
    n = x.size / len(gamma) if weight is None else weight.sum() * (x.size / len(gamma) / weight.size)
    counted = x if weight is None else np.multiply(x, weight, out=empty_like(x))
    totals = reduce(np.append(sums.sum(counted), n).astype(x.dtype))
    mean, n = totals[:-1] / totals[-1], float(totals[-1])
    normalized = np.subtract(x, sums.row(mean), out=empty_like(x))
    # The variance is computed around the mean in a second pass: a difference of squares would cancel in float32.
    counted = normalized if weight is None else np.multiply(normalized, weight, out=empty_like(x))
    variance = reduce(sums.dot(normalized, counted)) / n
    inverse_deviation = 1.0 / np.sqrt(variance + epsilon)
    normalized *= sums.row(inverse_deviation)
    y = np.multiply(normalized, sums.row(gamma), out=empty_like(x))
    y += sums.row(beta)
    if real is not None:
        y *= real

    def vjp(dy: Array, d_gamma: Array, d_beta: Array) -> Array:
        if real is not None:
            dy = np.multiply(dy, real, out=empty_like(dy))
        d_beta[...] = sums.sum(dy)
        d_gamma[...] = sums.dot(dy, normalized)
        shared = reduce(np.stack([d_beta, d_gamma])) / n
        dx = np.multiply(normalized, sums.row(-shared[1]), out=empty_like(dy))
        dx -= sums.row(shared[0])
        if weight is not None:
            dx *= weight
        dx += dy
        dx *= sums.row(gamma * inverse_deviation)
        return dx

    return y, vjp, Moments(mean, variance, n)


def scale_and_shift(x: Array, scale: Array, shift: Array, *, axis: int = -1) -> tuple[Array, Vjp]:
    """Compute ``y = x * scale + shift``, feature by feature.

    Parameters
    ----------
    x : array
    scale, shift : arrays of shape (features,)
    axis : int, default=-1
        The axis of the features in x.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_scale, d_shift) -> dx``
        Parameter gradients that are None are not computed.
    """
    sums = _FeatureSums(x.shape, axis)
    y = np.multiply(x, sums.row(scale), out=empty_like(x))
    y += sums.row(shift)

    def vjp(dy: Array, d_scale: Array | None = None, d_shift: Array | None = None) -> Array:
        if d_scale is not None:
            d_scale[...] = sums.dot(dy, x)
        if d_shift is not None:
            d_shift[...] = sums.sum(dy)
        return np.multiply(dy, sums.row(scale), out=empty_like(dy))

    return y, vjp


def add_bias(x: Array, bias: Array, *, axis: int = -1) -> tuple[Array, Vjp]:
    """Compute ``y = x + bias``, feature by feature.

    Parameters
    ----------
    x : array
    bias : array of shape (features,)
    axis : int, default=-1
        The axis of the features in x.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_bias) -> dx``
    """
    sums = _FeatureSums(x.shape, axis)

    def vjp(dy: Array, d_bias: Array) -> Array:
        d_bias[...] = sums.sum(dy)
        return dy

    return np.add(x, sums.row(bias), out=empty_like(x)), vjp


def local_response_normalize(x: Array, n_channels: int, bias: float, alpha: float, beta: float) -> tuple[Array, Vjp]:
    """Divide each pixel by a power of the sum of squares of neighbouring channels (Krizhevsky et al. 2012).

    ``y = x / (bias + alpha * sum of x**2 over n_channels neighbouring channels) ** beta``

    Parameters
    ----------
    x : array of shape (height, channels, width, batch)
    n_channels : int
        Number of channels in the sum, which is odd: the channel itself and as many on either side.
    bias, alpha, beta : float

    Returns
    -------
    y : array of shape (height, channels, width, batch)
    vjp : ``vjp(dy) -> dx``
    """
    base = _sum_of_neighbours(x * x, n_channels // 2)
    base *= alpha
    base += bias
    factor = base**-beta

    def vjp(dy: Array) -> Array:
        # dx_j = dy_j factor_j - 2 alpha beta x_j sum_i dy_i x_i base_i^(-beta - 1) over the i around j
        spread = dy * x
        spread *= factor
        spread /= base
        dx = _sum_of_neighbours(spread, n_channels // 2)
        dx *= x
        dx *= -2.0 * alpha * beta
        dx += dy * factor
        return dx

    return x * factor, vjp


class _FeatureSums:
    """Sums over all axes of an array except that of the features, in a view of shape (outer, features, inner)."""

    def __init__(self, shape: tuple[int, ...], axis: int) -> None:
        axis %= len(shape)
        self.shape = (-1, shape[axis], math.prod(shape[axis + 1 :]))
        self.row_shape = shape[axis:]
        self.n_rows = math.prod(shape[:axis])

    def row(self, features: Array) -> Array:
        """An array with a number for each feature, in a shape that broadcasts to the array.

        If there are many rows, features are repeated as often as in a row: arithmetic with longer inner loops takes up
        to half of the time.
        """
        stretched = features.reshape(-1, *(1,) * (len(self.row_shape) - 1))
        if self.n_rows < MANY_ROWS or self.shape[2] == 1:
            return stretched
        row = empty(self.row_shape, features.dtype)
        row[...] = stretched
        return row

    def sum(self, x: Array) -> Array:
        """Sum of each feature."""
        x = x.reshape(self.shape)
        if self.shape[2] == 1:
            return np.add.reduce(x[:, :, 0], axis=0)
        # The product with ones takes a third of the time of a sum over the last axis.
        return np.add.reduce(x @ np.ones(self.shape[2], x.dtype), axis=0)

    def dot(self, x: Array, y: Array) -> Array:
        """Sum of x * y of each feature."""
        x, y = x.reshape(self.shape), y.reshape(self.shape)
        if self.shape[2] == 1:
            return np.einsum("oc,oc->c", x[:, :, 0], y[:, :, 0])
        return np.add.reduce(np.vecdot(x, y), axis=0)


def _sum_of_neighbours(x: Array, reach: int) -> Array:
    """Sum over `reach` channels on either side and the channel itself."""
    n = x.shape[1]
    total = x.copy()
    for distance in range(1, min(reach, n - 1) + 1):
        total[:, distance:] += x[:, : n - distance]
        total[:, : n - distance] += x[:, distance:]
    return total
