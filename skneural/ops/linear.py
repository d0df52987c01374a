"""The matrix product of dense layers, for dense and sparse rows."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from skneural.ops.memory import empty
from skneural.ops.types import Array, Matrix, Vjp


def linear(x: Matrix, weight: Array, bias: Array | None = None, *, input_gradient: bool = True) -> tuple[Array, Vjp]:
    """Multiply rows by a weight matrix and add a bias.

    Parameters
    ----------
    x : array or CSR of shape (..., n_in)
        A sparse `x` is never made dense.
    weight : array of shape (n_in, n_out)
    bias : array of shape (n_out,), optional
    input_gradient : bool, default=True
        False to skip dx, which saves one of the three products.

    Returns
    -------
    y : array of shape (..., n_out)
    vjp : ``vjp(dy, d_weight, d_bias) -> dx``
        dx is None if `input_gradient` is False. If the columns of `x` are contiguous, as for images with the batch
        last, those of dx are contiguous, too.
    """
    y = _product(x, weight)
    if bias is not None:
        y += bias

    def vjp(dy: Array, d_weight: Array, d_bias: Array | None = None) -> Array | None:
        rows_dy = dy if dy.ndim == 2 else dy.reshape(-1, dy.shape[-1])
        if sparse.issparse(x):
            d_weight[...] = x.T @ rows_dy
        else:
            rows_x = x if x.ndim == 2 else x.reshape(-1, x.shape[-1])
            np.matmul(rows_x.T, rows_dy, out=d_weight)
        if d_bias is not None:
            np.add.reduce(rows_dy, axis=0, out=d_bias)
        if not input_gradient:
            return None
        if dy.ndim == 2 and x.flags.f_contiguous:
            return np.matmul(weight, dy.T, out=empty((len(weight), len(dy)), dy.dtype)).T
        return _product(dy, weight.T)

    return y, vjp


def _product(x: Matrix, weight: Array) -> Array:
    """Product of the rows of x with a weight matrix, as one product of matrices.

    NumPy multiplies the matrices of a stack one by one: 256 matrices of 8 rows took twice as long as one of 2048.
    """
    if x.ndim == 2 or not x.flags.c_contiguous:
        return x @ weight
    rows = x.reshape(-1, x.shape[-1])
    y = empty((len(rows), weight.shape[1]), np.result_type(x, weight))
    return np.matmul(rows, weight, out=y).reshape(*x.shape[:-1], weight.shape[1])
