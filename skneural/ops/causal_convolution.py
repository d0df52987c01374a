"""Depthwise convolution along the steps of a series, which sees no later step.

x is ``(batch, steps, channels)``, as dense layers have it: between two of them, nothing is transposed. The last row of
the kernel meets the present step. A block of rows goes through all of the kernel while it is in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.types import Array, Vjp

# Numbers of a block of rows.
BLOCK = 65_536


def causal_convolution(x: Array, kernel: Array, bias: Array) -> tuple[Array, Vjp]:
    """Slide a kernel of its own over each channel, with zeros before the first step.

    Parameters
    ----------
    x : array of shape (batch, steps, channels)
    kernel : array of shape (width, channels)
    bias : array of shape (channels,)

    Returns
    -------
    y : array of shape (batch, steps, channels)
    vjp : ``vjp(dy, d_kernel, d_bias) -> dx``
    """
    y = empty(x.shape, x.dtype)
    y[...] = bias
    taps = list(enumerate(range(len(kernel) - 1, -1, -1)))  # row of the kernel, and how many steps back it looks
    taps = [(i, back) for i, back in taps if back < x.shape[1]]
    n_steps = x.shape[1]
    for rows in _blocks(x):
        for i, back in taps:
            y[rows, back:] += x[rows, : n_steps - back] * kernel[i]

    def vjp(dy: Array, d_kernel: Array, d_bias: Array) -> Array:
        dx = empty(x.shape, x.dtype)
        dx[...] = 0
        d_kernel[...] = 0
        for rows in _blocks(x):
            for i, back in taps:
                dx[rows, : n_steps - back] += dy[rows, back:] * kernel[i]
                d_kernel[i] += np.einsum("btc,btc->c", x[rows, : n_steps - back], dy[rows, back:])
        np.einsum("btc->c", dy, out=d_bias)
        return dx

    return y, vjp


def causal_convolution_step(x: Array, kernel: Array, bias: Array, before: Array) -> tuple[Array, Array]:
    """One step: x (batch, channels), and the steps before it, (batch, width - 1, channels), zero at first."""
    seen = np.concatenate([before, x[:, np.newaxis]], axis=1)
    return np.einsum("bkc,kc->bc", seen, kernel) + bias, seen[:, 1:]


def _blocks(x: Array) -> Iterator[slice]:
    size = max(1, BLOCK // (x.shape[1] * x.shape[2]))
    for start in range(0, len(x), size):
        yield slice(start, start + size)
