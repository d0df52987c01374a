"""Reversal of the steps of series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.types import Array


def reverse_steps(x: Array, lengths: Array | None = None) -> tuple[Any, Callable[[Array], Any]]:
    """Reverse the steps of each series; padding behind its end stays in place.

    Parameters
    ----------
    x : array of shape (batch, steps, ...)
    lengths : integer array of shape (batch,), optional
        Number of steps of each series; all have all steps by default.

    Returns
    -------
    y : array of the shape of x
    vjp : ``vjp(dy) -> dx``
        The same reversal, which is its own inverse.
    """
    n_series, n_steps = x.shape[:2]
    steps = np.arange(n_steps)
    if lengths is None:
        sources = np.broadcast_to(steps[::-1], (n_series, n_steps))
    else:
        ends = np.reshape(lengths, (-1, 1))
        sources = np.where(steps < ends, ends - 1 - steps, steps)
    rows = (sources + n_steps * np.arange(n_series)[:, np.newaxis]).ravel()

    def reverse(array: Array) -> Array:
        y = empty(array.shape, array.dtype)
        flat = (n_series * n_steps, *array.shape[2:])
        # In the default mode, "raise", `take` would write into a temporary array first.
        np.take(array.reshape(flat), rows, axis=0, out=y.reshape(flat), mode="clip")
        return y

    return reverse(x), reverse
