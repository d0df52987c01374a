"""Layer normalization and RMS normalization: of each row over its features, independent of the batch.

Rows may also be steps of series, with the features last, (..., features), or with the batch last, (steps, features,
batch).
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
        Added to the (biased) variance.
    axis : int, default=-1
        The axis of the features in x.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_gamma, d_beta) -> dx``
    """
    rows = _RowView(x.shape, axis)
    x = x.reshape(rows.shape)
    normalized = np.subtract(x, rows.mean(x), out=empty_like(x))
    # The variance is computed around the mean in a second pass: a difference of squares would cancel in float32.
    with np.errstate(over="ignore"):  # rows whose squares overflow are normalized to zeros
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
        return dx.reshape(rows.original_shape)

    return y.reshape(rows.original_shape), vjp


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
        The axis of the features in x.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_gamma) -> dx``
    """
    rows = _RowView(x.shape, axis)
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
        return dx.reshape(rows.original_shape)

    return y.reshape(rows.original_shape), vjp


def _inverse_root(mean_square: Array, epsilon: float) -> Array:
    """1 / sqrt(mean_square + epsilon), in place."""
    mean_square += epsilon
    np.sqrt(mean_square, out=mean_square)
    return np.reciprocal(mean_square, out=mean_square)


class _RowView:
    """Means over the features, and sums over all other axes, of arrays in a two- or three-dimensional view.

    The view is (rows, features) if the features are the last axis, and (outer, features, inner) otherwise.
    """

    def __init__(self, shape: tuple[int, ...], axis: int) -> None:
        axis %= len(shape)
        self.original_shape, self.n = shape, shape[axis]
        inner = math.prod(shape[axis + 1 :])
        self.last = axis == len(shape) - 1
        outer = math.prod(shape[:axis])
        self.shape = (outer, self.n) if self.last else (outer, self.n, inner)

    def stretch(self, features: Array) -> Array:
        """An array with a number for each feature, in a shape that broadcasts to the view."""
        return features if self.last else features[:, np.newaxis]

    def mean(self, x: Array) -> Array:
        """Mean over the features, whose axis is kept with length one."""
        if self.last:  # a product takes a sixth of the time of a reduction over such a short axis
            return (x @ np.full(self.n, 1.0 / self.n, x.dtype))[:, np.newaxis]
        mean = np.add.reduce(x, axis=1, keepdims=True)
        mean *= 1.0 / self.n
        return mean

    def mean_product(self, x: Array, y: Array) -> Array:
        """Mean of x * y over the features, whose axis is kept with length one."""
        mean = np.vecdot(x, y) if self.last else np.einsum("ofi,ofi->oi", x, y)
        mean *= 1.0 / self.n
        return mean[:, np.newaxis]

    def sum(self, x: Array, out: Array) -> None:
        """Sum of each feature."""
        np.add.reduce(x if self.last else np.add.reduce(x, axis=2), axis=0, out=out)

    def sum_product(self, x: Array, y: Array, out: Array) -> None:
        """Sum of x * y of each feature."""
        np.einsum("of,of->f" if self.last else "ofi,ofi->f", x, y, out=out)
