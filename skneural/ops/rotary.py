"""Rotary position embedding: queries and keys are rotated by angles proportional to their position (Su et al. 2021).

The product of a query and a key then depends on their distance, but not on their positions.

    rotations   complex factors of the pairs of features of each step   e^(i m theta)   section 3.2.2
    base        determines the slowest rotation                         10000           section 3.3
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.types import Array, Vjp

BASE = 10000.0


def rotary(x: Array, first: int = 0) -> tuple[Array, Vjp]:
    """Rotate each pair of neighbouring features by an angle proportional to the position.

    Parameters
    ----------
    x : array of shape (batch, steps, ..., width)
        The width is even.
    first : int, default=0
        Position of the first step.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy) -> dx``
    """
    rotations = _rotations(first, x.shape[1], x.shape[-1], "F" if x.dtype == np.float32 else "D")
    # Repeated for all heads, so that the innermost loop runs over all heads and not only over half a width.
    head_axes = (1,) * (x.ndim - 3)
    repeated = np.broadcast_to(rotations.reshape(len(rotations), *head_axes, -1), (*x.shape[1:-1], x.shape[-1] // 2))
    table = np.ascontiguousarray(repeated)

    def vjp(dy: Array) -> Array:
        return _multiplied(dy, np.conjugate(table))

    return _multiplied(x, table), vjp


def _multiplied(x: Array, table: Array) -> Array:
    """Rotate pairs of features, as complex numbers, by a complex multiplication."""
    if x.strides[-1] != x.itemsize:
        x = np.ascontiguousarray(x)
    y = empty(x.shape, x.dtype)
    np.multiply(x.view(table.dtype), table, out=y.view(table.dtype))
    return y


@lru_cache(maxsize=8)
def _rotations(first: int, n_steps: int, width: int, kind: str) -> Array:
    """Complex numbers of absolute value one, of shape (steps, width / 2)."""
    frequencies = BASE ** (-np.arange(0, width, 2) / width)
    angles = np.arange(first, first + n_steps)[:, np.newaxis] * frequencies
    rotations: Array = np.exp(1j * angles).astype(kind)
    rotations.setflags(write=False)
    return rotations
