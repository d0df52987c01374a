"""Normalizations: of each feature over the batch, and of each pixel over neighbouring channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skneural.ops.memory import empty_like
from skneural.ops.types import Array, Vjp

Reduce = Callable[[Array], Array]


class Moments(NamedTuple):
    """Mean and variance of each feature."""

    mean: Array
    variance: Array


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
        The axis of x that counts features. The moments are taken over all others.
    weight : array that broadcasts to x, optional
        What each element counts for in the moments.
    real : boolean array that broadcasts to x, optional
        False where x is padding, which must weigh nothing: y and dx are zero there, and dy is taken for zero.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_gamma, d_beta) -> dx``
        The gradient flows through the moments, too.
    moments : Moments
        Over all shards.
    """
    across = _Across(x.shape, axis)
    n = x.size / len(gamma) if weight is None else weight.sum() * (x.size / len(gamma) / weight.size)
    counted = x if weight is None else np.multiply(x, weight, out=empty_like(x))
    totals = reduce(np.append(across.sum(counted), n).astype(x.dtype))
    mean, n = totals[:-1] / totals[-1], float(totals[-1])
    normalized = np.subtract(x, across.stretch(mean), out=empty_like(x))
    # Around the mean in a second pass, because a difference of squares cancels in float32.
    counted = normalized if weight is None else np.multiply(normalized, weight, out=empty_like(x))
    variance = reduce(across.dot(normalized, counted)) / n
    inverse_deviation = 1.0 / np.sqrt(variance + epsilon)
    normalized *= across.stretch(inverse_deviation)
    y = np.multiply(normalized, across.stretch(gamma), out=empty_like(x))
    y += across.stretch(beta)
    if real is not None:
        y *= real

    def vjp(dy: Array, d_gamma: Array, d_beta: Array) -> Array:
        if real is not None:
            dy = np.multiply(dy, real, out=empty_like(dy))
        d_beta[...] = across.sum(dy)
        d_gamma[...] = across.dot(dy, normalized)
        shared = reduce(np.stack([d_beta, d_gamma])) / n
        dx = np.multiply(normalized, across.stretch(-shared[1]), out=empty_like(dy))
        dx -= across.stretch(shared[0])
        if weight is not None:
            dx *= weight
        dx += dy
        dx *= across.stretch(gamma * inverse_deviation)
        return dx

    return y, vjp, Moments(mean, variance)


def scale_and_shift(x: Array, scale: Array, shift: Array, *, axis: int = -1) -> tuple[Array, Vjp]:
    """``y = x * scale + shift``, feature by feature.

    Parameters
    ----------
    x : array
    scale, shift : arrays of shape (features,)
    axis : int, default=-1
        The axis of x that counts features.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_scale, d_shift) -> dx``
        Fills no parameter gradients if they are None.
    """
    across = _Across(x.shape, axis)
    y = np.multiply(x, across.stretch(scale), out=empty_like(x))
    y += across.stretch(shift)

    def vjp(dy: Array, d_scale: Array | None = None, d_shift: Array | None = None) -> Array:
        if d_scale is not None:
            d_scale[...] = across.dot(dy, x)
        if d_shift is not None:
            d_shift[...] = across.sum(dy)
        return np.multiply(dy, across.stretch(scale), out=empty_like(dy))

    return y, vjp


def add_bias(x: Array, bias: Array, *, axis: int = -1) -> tuple[Array, Vjp]:
    """``y = x + bias``, feature by feature.

    Parameters
    ----------
    x : array
    bias : array of shape (features,)
    axis : int, default=-1
        The axis of x that counts features.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_bias) -> dx``
    """
    across = _Across(x.shape, axis)

    def vjp(dy: Array, d_bias: Array) -> Array:
        d_bias[...] = across.sum(dy)
        return dy

    return np.add(x, across.stretch(bias), out=empty_like(x)), vjp


def local_response_normalize(x: Array, n_channels: int, bias: float, alpha: float, beta: float) -> tuple[Array, Vjp]:
    """Divide each pixel by a power of the energy of the channels around it (Krizhevsky et al. 2012).

    ``y = x / (bias + alpha * sum of x**2 over n_channels neighbouring channels) ** beta``

    Parameters
    ----------
    x : array of shape (height, channels, width, batch)
    n_channels : int
        Odd: the channel itself and as many on either side.
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


class _Across:
    """Sums over all axes of an array but one, for whatever layout: seen as (outer, features, inner)."""

    def __init__(self, shape: tuple[int, ...], axis: int) -> None:
        axis %= len(shape)
        self.shape = (-1, shape[axis], int(np.prod(shape[axis + 1 :])))
        self.stretched = (shape[axis], *(1,) * (len(shape) - axis - 1))

    def stretch(self, features: Array) -> Array:
        """One number per feature in the shape that broadcasts to the array."""
        return features.reshape(self.stretched)

    def sum(self, x: Array) -> Array:
        x = x.reshape(self.shape)
        if self.shape[2] == 1:
            return np.add.reduce(x[:, :, 0], axis=0)
        return np.add.reduce(np.add.reduce(x, axis=2), axis=0)

    def dot(self, x: Array, y: Array) -> Array:
        x, y = x.reshape(self.shape), y.reshape(self.shape)
        if self.shape[2] == 1:
            return np.einsum("oc,oc->c", x[:, :, 0], y[:, :, 0])
        return np.add.reduce(np.vecdot(x, y), axis=0)


def _sum_of_neighbours(x: Array, reach: int) -> Array:
    """Sum over `reach` channels on either side and the channel itself."""
    n = x.shape[1]
    total = x.copy()
    for apart in range(1, min(reach, n - 1) + 1):
        total[:, apart:] += x[:, : n - apart]
        total[:, : n - apart] += x[:, apart:]
    return total
