"""Series from their ends to their starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.types import Array


def reverse_steps(x: Array, lengths: Array | None = None) -> tuple[Any, Callable[[Array], Any]]:
    """Each series with its steps in the opposite order; what stands beyond its end stays there.

    Parameters
    ----------
    x : array of shape (batch, steps, ...)
    lengths : integer array of shape (batch,), optional
        Steps of each series; all of them by default.

    Returns
    -------
    y : array of the shape of x
    vjp : function from dy to dx; the same turn, which undoes itself.
    """
    n_series, n_steps = x.shape[:2]
    steps = np.arange(n_steps)
    if lengths is None:
        sources = np.broadcast_to(steps[::-1], (n_series, n_steps))
    else:
        ends = np.reshape(lengths, (-1, 1))
        sources = np.where(steps < ends, ends - 1 - steps, steps)
    rows = (sources + n_steps * np.arange(n_series)[:, np.newaxis]).ravel()

    def turn(array: Array) -> Array:
        y = empty(array.shape, array.dtype)
        flat = (n_series * n_steps, *array.shape[2:])
        # Without a mode that cannot fail, `take` writes into an array of its own first.
        np.take(array.reshape(flat), rows, axis=0, out=y.reshape(flat), mode="clip")
        return y

    return turn(x), turn
