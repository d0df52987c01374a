"""Consecutive steps of series joined into one."""

from __future__ import annotations

import numpy as np

from skneural.ops.memory import empty_like, zeros
from skneural.ops.types import Array, Vjp


def join_steps(x: Array, n_joined: int, axis: int = 0, mask: Array | None = None) -> tuple[Array, Vjp]:
    """Concatenate the features of `n_joined` steps each; zeros take the place of missing steps.

    Parameters
    ----------
    x : array of shape (steps, features, batch) with ``axis=0``, or (batch, steps, features) with ``axis=1``
    n_joined : int
    axis : {0, 1}, default=0
        Axis of the steps, which that of the features follows.
    mask : array or None, default=None
        Zero for the padding of x, one for its real steps, with an axis of length one for the features.

    Returns
    -------
    y : array with ``ceil(steps / n_joined)`` steps of ``n_joined * features`` features
    vjp : ``vjp(dy) -> dx``
    """
    before, (n_steps, n_features), after = x.shape[:axis], x.shape[axis : axis + 2], x.shape[axis + 2 :]
    n = -(-n_steps // n_joined)
    known = (slice(None),) * axis + (slice(n_steps),)
    padded_shape = (*before, n * n_joined, n_features, *after)

    def vjp(dy: Array) -> Array:
        dx = dy.reshape(padded_shape)[known]
        return dx if mask is None else np.multiply(dx, mask, out=empty_like(dx))

    whole = x
    if mask is not None or n * n_joined > n_steps:
        whole = zeros(padded_shape, x.dtype)
        whole[known] = x if mask is None else x * mask
    return whole.reshape(*before, n, n_joined * n_features, *after), vjp
