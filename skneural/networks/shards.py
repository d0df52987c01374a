"""Least rows of a batch for which a separate thread is faster."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from skneural.data import Container
from skneural.layers import Convolution, Layer, SelectiveScan, SelfAttention
from skneural.layers.traversal import find, output_shapes, shape_of
from skneural.parameters import Tree

# Least size of the output of a shard's widest layer for which a separate thread is faster, by type of layer.
#
# Convolutions: at this size elementwise operations take as long as the products, for which BLAS has threads: with
# 800 000 numbers, two threads took 0.9 times as long as BLAS threads alone, with 490 000 and fewer 1.0 to 1.25 times.
# Attention: its many products are too small for BLAS threads, and exponentials have none. 15 000 is provisional: from
# 16 000 numbers on, two threads were faster in all trials, but these ran on a busy machine, where BLAS threads wait for
# each other; with 10 000, trials disagreed (1.3 and 0.4 times as long).
# Scans of single channels are elementwise, without BLAS; their size is that of attention, not measured. Scans of heads
# are matrix products, which are left to BLAS threads.
LEAST_SHARD = {Convolution: 600_000, SelfAttention: 15_000, SelectiveScan: 15_000}


def rows_per_shard(network: Layer, tree: Tree, x: Container) -> float:
    """Least rows of a shard for which a thread is faster; infinity leaves threads to BLAS.

    Only networks with convolutions, attention or scans of single channels are split among threads. Training steps of
    dense and recurrent layers are too short for that.
    """
    least = [numbers for kind, numbers in LEAST_SHARD.items() if find(network, tree, kind)]
    if not least or not x.shardable:
        return math.inf
    shapes = output_shapes(network, shape_of(_typical_sample(x).as_batch()[0])).values()
    sizes = (math.prod(cast(tuple[int, ...], shape)) for shape in shapes)
    return min(least) / max(sizes)


def _typical_sample(x: Container) -> Container:
    """A sample of median length, if samples differ in it."""
    lengths = x.padded_lengths
    row = 0 if lengths is None else int(np.argsort(lengths)[len(lengths) // 2])
    return x[row : row + 1]
