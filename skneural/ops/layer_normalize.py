"""Normalizations of each row over its own features: nothing depends on the batch.

Rows may be steps of series with their features last, (..., features), or with the batch last, (steps, features, batch).
"""

from __future__ import annotations

import math

import numpy as np

from skneural.ops.memory import empty_like
from skneural.ops.types import Array, Vjp


def layer_normalize(x: Array, gamma: Array, beta: Array, epsilon: float, *, axis: int = -1) -> tuple[Array, Vjp]:
    """Centre and scale each row, then apply the learned scale and shift (Ba, Kiros and Hinton 2016).

    Parameters
    ----------
    x : array
    gamma, beta : arrays of shape (features,)
        Learned scale and shift.
    epsilon : float
        Added to the variance, which is the biased one.
    axis : int, default=-1
        The axis of x that counts features.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_gamma, d_beta) -> dx``
    """
    rows = _Rows(x.shape, axis)
    x = x.reshape(rows.shape)
    normalized = np.subtract(x, rows.mean(x), out=empty_like(x))
    # Around the mean in a second pass, because a difference of squares cancels in float32.
    inverse_deviation = _inverse_root(rows.mean_product(normalized, normalized), epsilon)
    normalized *= inverse_deviation
    y = np.multiply(normalized, rows.stretch(gamma), out=empty_like(x))
    y += rows.stretch(beta)

    def vjp(dy: Array, d_gamma: Array, d_beta: Array) -> Array:
        dy = dy.reshape(rows.shape)
        rows.sum(dy, out=d_beta)
        rows.sum_product(dy, normalized, out=d_gamma)
        scaled = np.multiply(dy, rows.stretch(gamma), out=empty_like(dy))
        dx = np.multiply(normalized, rows.mean_product(scaled, normalized), out=empty_like(dy))
        np.subtract(scaled, dx, out=dx)
        dx -= rows.mean(scaled)
        dx *= inverse_deviation
        return dx.reshape(rows.whole)

    return y.reshape(rows.whole), vjp


def rms_normalize(x: Array, gamma: Array, epsilon: float, *, axis: int = -1) -> tuple[Array, Vjp]:
    """Divide each row by its root mean square, then apply the learned scale (Zhang and Sennrich 2019).

    Parameters
    ----------
    x : array
    gamma : array of shape (features,)
        Learned scale.
    epsilon : float
        Added to the mean square.
    axis : int, default=-1
        The axis of x that counts features.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_gamma) -> dx``
    """
    rows = _Rows(x.shape, axis)
    x = x.reshape(rows.shape)
    inverse_size = _inverse_root(rows.mean_product(x, x), epsilon)
    normalized = np.multiply(x, inverse_size, out=empty_like(x))
    y = np.multiply(normalized, rows.stretch(gamma), out=empty_like(x))

    def vjp(dy: Array, d_gamma: Array) -> Array:
        dy = dy.reshape(rows.shape)
        rows.sum_product(dy, normalized, out=d_gamma)
        scaled = np.multiply(dy, rows.stretch(gamma), out=empty_like(dy))
        dx = np.multiply(normalized, rows.mean_product(scaled, normalized), out=empty_like(dy))
        np.subtract(scaled, dx, out=dx)
        dx *= inverse_size
        return dx.reshape(rows.whole)

    return y.reshape(rows.whole), vjp


def _inverse_root(mean_square: Array, epsilon: float) -> Array:
    """1 / sqrt(mean_square + epsilon), in place."""
    mean_square += epsilon
    np.sqrt(mean_square, out=mean_square)
    return np.reciprocal(mean_square, out=mean_square)


class _Rows:
    """Means over features, and sums over all else: of arrays seen as (rows, features), or (outer, features, inner)."""

    def __init__(self, shape: tuple[int, ...], axis: int) -> None:
        axis %= len(shape)
        self.whole, self.n = shape, shape[axis]
        inner = math.prod(shape[axis + 1 :])
        self.last = axis == len(shape) - 1
        outer = math.prod(shape[:axis])
        self.shape = (outer, self.n) if self.last else (outer, self.n, inner)

    def stretch(self, features: Array) -> Array:
        """One number for each feature, in the shape that broadcasts."""
        return features if self.last else features[:, np.newaxis]

    def mean(self, x: Array) -> Array:
        """Mean over features, whose axis has length one then."""
        if self.last:  # a product takes a sixth of the time of a reduction over so short an axis
            return (x @ np.full(self.n, 1.0 / self.n, x.dtype))[:, np.newaxis]
        mean = np.add.reduce(x, axis=1, keepdims=True)
        mean *= 1.0 / self.n
        return mean

    def mean_product(self, x: Array, y: Array) -> Array:
        """Mean of x * y over features, whose axis has length one then."""
        mean = np.vecdot(x, y) if self.last else np.einsum("ofi,ofi->oi", x, y)
        mean *= 1.0 / self.n
        return mean[:, np.newaxis]

    def sum(self, x: Array, out: Array) -> None:
        """Sum for each feature."""
        np.add.reduce(x if self.last else np.add.reduce(x, axis=2), axis=0, out=out)

    def sum_product(self, x: Array, y: Array, out: Array) -> None:
        """Sum of x * y for each feature."""
        np.einsum("of,of->f" if self.last else "ofi,ofi->f", x, y, out=out)
