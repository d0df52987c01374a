"""Predicting row by row block."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.layers.layer import Layer
from skneural.ops.types import Array
from skneural.parameters import Tree

# Rows that are predicted at once: enough for full speed, few enough that memory does not grow with X.
ROWS_PER_BLOCK = 2048


def predict_raw(network: Layer, tree: Tree, x: Any) -> Array:
    """Raw scores of all rows of x, block by block. x: array or CSR of shape (rows, ...)."""
    n = x.shape[0]
    if n <= ROWS_PER_BLOCK:
        return network.predict(tree, x)
    starts = range(0, n, ROWS_PER_BLOCK)
    return np.concatenate([network.predict(tree, x[start : start + ROWS_PER_BLOCK]) for start in starts])
