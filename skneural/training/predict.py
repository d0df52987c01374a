"""Predicting block by block."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from skneural.layers.layer import Context, Layer
from skneural.ops.memory import recycling, start_recycling
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.training.series import values_and_lengths
from skneural.training.threads import limited_blas

# Rows that are predicted at once: enough for full speed, few enough that memory does not grow with X.
ROWS_PER_BLOCK = 2048


def predict_raw(
    network: Layer, tree: Tree, x: Any, rows_per_block: int = ROWS_PER_BLOCK, n_threads: int | None = None
) -> Array:
    """Raw scores of all rows of x.

    Parameters
    ----------
    network : Layer
    tree : tree of arrays
        Its parameters.
    x : array, CSR or Series of shape (rows, ...)
    rows_per_block : int
        Rows that go through the network at once.
    n_threads : int or None, default=None
        Threads that share the blocks, where there are several. None leaves threads to BLAS.
    """
    n = x.shape[0]
    if n <= rows_per_block:
        return _one_block(network, tree, x)
    blocks = [x[start : start + rows_per_block] for start in range(0, n, rows_per_block)]
    if n_threads is None or n_threads == 1:
        with recycling():
            return np.concatenate([_one_block(network, tree, block) for block in blocks])
    with limited_blas(1), ThreadPoolExecutor(n_threads, "skneural", start_recycling) as pool:
        return np.concatenate(list(pool.map(lambda block: _one_block(network, tree, block), blocks)))


def _one_block(network: Layer, tree: Tree, x: Any) -> Array:
    values, lengths = values_and_lengths(x)
    if lengths is None:
        return network.predict(tree, values)
    return network.predict(tree, values[:, : lengths.max()], Context(lengths=lengths))
