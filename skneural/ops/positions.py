"""Positions of steps in series. x, y: (batch, steps, features)."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from skneural.ops.memory import empty_like
from skneural.ops.types import Array, Vjp


def multiply(x: Array, factor: float) -> tuple[Array, Vjp]:
    """``y = x * factor``; ``vjp(dy) -> dx``."""
    return np.multiply(x, factor, out=empty_like(x)), lambda dy: np.multiply(dy, factor, out=empty_like(dy))


def add_to_each(x: Array, table: Array) -> tuple[Array, Vjp]:
    """Add the same numbers to each series.

    Parameters
    ----------
    x : array of shape (batch, steps, features)
    table : array of shape (steps, features)

    Returns
    -------
    y : array of shape (batch, steps, features)
    vjp : ``vjp(dy, d_table) -> dx``
    """

    def vjp(dy: Array, d_table: Array) -> Array:
        np.add.reduce(dy, axis=0, out=d_table)
        return dy

    return np.add(x, table, out=empty_like(x)), vjp


@lru_cache(maxsize=8)
def sinusoidal_table(n_steps: int, n_features: int, kind: str) -> Array:
    """Sines of the position at even and cosines at odd features, from fast to slow (Vaswani et al. 2017, section 3.5).

    Parameters
    ----------
    n_steps, n_features : int
    kind : str
        Character of the dtype.

    Returns
    -------
    table : read-only array of shape (n_steps, n_features)
    """
    frequencies = np.exp(np.arange(0, n_features, 2) * (-math.log(10000.0) / n_features))
    angles = np.arange(n_steps)[:, np.newaxis] * frequencies
    table = np.empty((n_steps, n_features), kind)
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : n_features // 2])
    table.setflags(write=False)
    return table


@lru_cache(maxsize=8)
def sinusoidal_grid(height: int, width: int, n_features: int, kind: str) -> Array:
    """The `sinusoidal_table` of the row, and that of the column, for each pixel of an image, row by row.

    Returns
    -------
    table : read-only array of shape (height * width, n_features)
    """
    n_of_row = n_features // 2
    table = np.empty((height, width, n_features), kind)
    if n_of_row:
        table[:, :, :n_of_row] = sinusoidal_table(height, n_of_row, kind)[:, np.newaxis]
    table[:, :, n_of_row:] = sinusoidal_table(width, n_features - n_of_row, kind)
    table.setflags(write=False)
    return table.reshape(height * width, n_features)
