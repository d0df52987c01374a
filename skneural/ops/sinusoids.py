"""Sinusoidal embedding: numbers as sines and cosines of several frequencies."""

from __future__ import annotations

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.types import Array, Vjp


def embed_last(x: Array, frequencies: Array) -> tuple[Array, Vjp]:
    """Replace the last feature of each row by its sines and cosines.

    Parameters
    ----------
    x : array of shape (..., features + 1)
    frequencies : array of shape (n,)

    Returns
    -------
    y : array of shape (..., features + 2 n)
    vjp : ``vjp(dy) -> dx``
    """
    n_kept, n = x.shape[-1] - 1, len(frequencies)
    y = empty((*x.shape[:-1], n_kept + 2 * n), x.dtype)
    angles = x[..., n_kept:] * frequencies
    y[..., :n_kept] = x[..., :n_kept]
    sines, cosines = y[..., n_kept : n_kept + n], y[..., n_kept + n :]
    np.sin(angles, out=sines)
    np.cos(angles, out=cosines)

    def vjp(dy: Array) -> Array:
        dx = empty(x.shape, x.dtype)
        dx[..., :n_kept] = dy[..., :n_kept]
        d_angles = dy[..., n_kept : n_kept + n] * cosines
        d_angles -= dy[..., n_kept + n :] * sines
        np.matmul(d_angles, frequencies, out=dx[..., n_kept])
        return dx

    return y, vjp
