"""Prediction in blocks of samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneural.data import Container
from skneural.layers.layer import Context, Layer
from skneural.ops.segments import ranges, segment_starts
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.training.interrupts import deferred_interrupts
from skneural.training.threads import limited_blas, map_in_threads


def predict_raw(network: Layer, tree: Tree, x: Container, rows_per_block: int, n_threads: int = 1) -> Array:
    """Compute raw scores of all samples, or of all their elements.

    Parameters
    ----------
    network : Layer
    tree : tree of arrays
        Parameters of the network.
    x : Container
    rows_per_block : int
        Maximum number of samples in a block; see `Container.blocks`.
    n_threads : int, default=1
        Number of threads that predict blocks in parallel. If there are several blocks, BLAS is limited to one thread.
    """

    def predict(block: Container) -> Array:
        return _one_block(network, tree, block)

    return in_blocks(predict, x, rows_per_block, n_threads, network.output_lengths)


def in_blocks(
    function: Callable[[Container], Array],
    x: Container,
    rows_per_block: int,
    n_threads: int,
    output_lengths: Callable[[Array], Array] | None = None,
) -> Array:
    """Compute a function of all samples in blocks, in parallel.

    Parameters
    ----------
    function : function
        From samples to a row for each of them, or for each of their elements.
    x : Container
    rows_per_block : int
        Maximum number of samples in a block; see `Container.blocks`.
    n_threads : int
        If there are several blocks, BLAS is limited to one thread.
    output_lengths : function or None, default=None
        From the numbers of elements of samples to the numbers of their rows; None if each sample has one row.
    """
    blocks = list(x.blocks(rows_per_block))
    if len(blocks) <= 1:
        return function(x)
    with deferred_interrupts(), limited_blas(1):
        rows = np.concatenate(map_in_threads(lambda block: function(x[block]), blocks, n_threads))
    if isinstance(blocks[0], slice):
        return rows
    lengths = None if output_lengths is None or x.n_score_rows is None else output_lengths(x.n_score_rows)
    return _in_original_order(rows, np.concatenate([np.asarray(block) for block in blocks]), lengths)


def _in_original_order(raw: Array, order: Array, lengths: Array | None) -> Array:
    """Undo the order of samples in which raw scores of samples, or of their elements, were computed."""
    if lengths is None or len(raw) == len(order):
        lengths = np.full(len(order), len(raw) // len(order))
    restored = np.empty_like(raw)
    restored[ranges(segment_starts(lengths)[order], lengths[order])] = raw
    return restored


def _one_block(network: Layer, tree: Tree, x: Container) -> Array:
    values, batch_info = x.as_batch()
    raw: Array = network.predict(tree, values, Context(batch=batch_info))
    return raw
