"""Predicting block by block."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from skneural.data import Container
from skneural.data.targets import Selection
from skneural.layers.layer import Context, Layer
from skneural.ops.memory import recycling, start_recycling
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.training.threads import limited_blas


def predict_raw(network: Layer, tree: Tree, x: Container, rows_per_block: int, n_threads: int | None = None) -> Array:
    """Raw scores of all samples, or of all their elements.

    Parameters
    ----------
    network : Layer
    tree : tree of arrays
        Its parameters.
    x : Container
    rows_per_block : int
        Samples that go through the network at once.
    n_threads : int or None, default=None
        Threads that share the blocks, where there are several. None leaves threads to BLAS.
    """
    if len(x) <= rows_per_block:
        return _one_block(network, tree, x)
    blocks = list(x.blocks(rows_per_block))

    def predict(block: Selection) -> Array:
        return _one_block(network, tree, x[block])

    if n_threads is None or n_threads == 1:
        with recycling():
            raw = np.concatenate([predict(block) for block in blocks])
    else:
        with limited_blas(1), ThreadPoolExecutor(n_threads, "skneural", start_recycling) as pool:
            raw = np.concatenate(list(pool.map(predict, blocks)))
    if isinstance(blocks[0], slice):
        return raw
    return _in_place(raw, np.concatenate([np.asarray(block) for block in blocks]), x.n_score_rows)


def _in_place(raw: Array, order: Array, lengths: Array | None) -> Array:
    """Raw scores of each sample, or of each of its elements, that were computed in the given order of samples."""
    n_rows = np.ones_like(order) if lengths is None or len(raw) == len(order) else lengths
    starts, ends = np.cumsum(n_rows) - n_rows, np.cumsum(n_rows[order])
    places = np.arange(len(raw)) + np.repeat(starts[order] - (ends - n_rows[order]), n_rows[order])
    restored = np.empty_like(raw)
    restored[places] = raw
    return restored


def _one_block(network: Layer, tree: Tree, x: Container) -> Array:
    values, known = x.as_batch()
    raw: Array = network.predict(tree, values, Context(**known._asdict()))
    return raw
