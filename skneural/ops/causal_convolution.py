"""Causal depthwise convolution along the steps of a series: no output depends on later steps.

x has the shape ``(batch, steps, channels)`` of dense layers, so that nothing is transposed between two of them. The
last row of the kernel is multiplied by the current step. All rows of the kernel are applied to a block of series while
the block is in the cache.
"""

from __future__ import annotations

import numpy as np

from skneural.ops.blocks import slices
from skneural.ops.memory import empty
from skneural.ops.types import Array, Vjp

# Elements of x in a block of series.
INPUTS_PER_BLOCK = 65_536


def causal_convolution(x: Array, kernel: Array, bias: Array) -> tuple[Array, Vjp]:
    """Convolve each channel with its kernel, with zeros before the first step.

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
    taps = list(enumerate(range(len(kernel) - 1, -1, -1)))  # row of the kernel, and its lag in steps
    taps = [(i, lag) for i, lag in taps if lag < x.shape[1]]
    n_steps = x.shape[1]
    blocks = list(slices(len(x), max(1, INPUTS_PER_BLOCK // (n_steps * x.shape[2]))))
    for rows in blocks:
        for i, lag in taps:
            y[rows, lag:] += x[rows, : n_steps - lag] * kernel[i]

    def vjp(dy: Array, d_kernel: Array, d_bias: Array) -> Array:
        dx = empty(x.shape, x.dtype)
        dx[...] = 0
        d_kernel[...] = 0
        for rows in blocks:
            for i, lag in taps:
                dx[rows, : n_steps - lag] += dy[rows, lag:] * kernel[i]
                d_kernel[i] += np.einsum("btc,btc->c", x[rows, : n_steps - lag], dy[rows, lag:])
        np.einsum("btc->c", dy, out=d_bias)
        return dx

    return y, vjp


def causal_convolution_step(x: Array, kernel: Array, bias: Array, before: Array) -> tuple[Array, Array]:
    """One step: x (batch, channels), and the steps before it, (batch, width - 1, channels), zero at first."""
    recent = np.concatenate([before, x[:, np.newaxis]], axis=1)
    return np.einsum("bkc,kc->bc", recent, kernel) + bias, recent[:, 1:]
