"""Predicting block by block."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from skneural.layers.layer import Context, Layer
from skneural.ops.memory import recycling, start_recycling
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.training.series import Series, longest_first, values_and_lengths
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
    order = longest_first(x, np.arange(n))  # series of one block are then almost of the same length
    blocks = [slice(start, start + rows_per_block) for start in range(0, n, rows_per_block)]

    def predict(block: slice) -> Array:
        return _one_block(network, tree, x[order[block]] if isinstance(x, Series) else x[block])

    if n_threads is None or n_threads == 1:
        with recycling():
            raw = np.concatenate([predict(block) for block in blocks])
    else:
        with limited_blas(1), ThreadPoolExecutor(n_threads, "skneural", start_recycling) as pool:
            raw = np.concatenate(list(pool.map(predict, blocks)))
    return _in_place(raw, order, x.lengths) if isinstance(x, Series) else raw


def _in_place(raw: Array, order: Array, lengths: Array) -> Array:
    """Raw scores of each series, or of each of its steps, that were computed in the given order of series."""
    n_rows = np.ones_like(lengths) if len(raw) == len(order) else lengths
    starts, ends = np.cumsum(n_rows) - n_rows, np.cumsum(n_rows[order])
    places = np.arange(len(raw)) + np.repeat(starts[order] - (ends - n_rows[order]), n_rows[order])
    restored = np.empty_like(raw)
    restored[places] = raw
    return restored


def _one_block(network: Layer, tree: Tree, x: Any) -> Array:
    values, lengths = values_and_lengths(x)
    if lengths is None:
        return network.predict(tree, values)
    return network.predict(tree, values[:, : lengths.max()], Context(lengths=lengths))
