"""Softmax and its logarithm over the last axis."""

from __future__ import annotations

import numpy as np

from skneural.ops.types import Array


def softmax(x: Array) -> Array:
    """exp(x) / sum(exp(x)) over the last axis, without overflow."""
    y = x - np.maximum.reduce(x, axis=-1, keepdims=True)
    np.exp(y, out=y)
    y /= np.add.reduce(y, axis=-1, keepdims=True)
    return y


def softmax_and_log_sum(x: Array) -> tuple[Array, Array]:
    """Softmax of x, and log(sum(exp(x))) with the last axis kept at length one."""
    top = np.maximum.reduce(x, axis=-1, keepdims=True)
    y = x - top
    np.exp(y, out=y)
    total = np.add.reduce(y, axis=-1, keepdims=True)
    y /= total
    log_sum = np.log(total, out=total)
    log_sum += top
    return y, log_sum
