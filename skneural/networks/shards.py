"""How many rows of a batch pay for a thread of its own."""

from __future__ import annotations

import math

from skneural.data import Container
from skneural.layers import Convolution, Layer, SelectiveScan, SelfAttention
from skneural.layers.traversal import find, output_shapes, shape_of
from skneural.parameters import Tree

# Numbers in the widest layer of a shard from which a thread of its own pays, where such layers are.
#
# Convolutions: passes over them then take as long as the products, for which BLAS has threads itself: with 800 000, two
# threads took 0.9 times as long as threads of BLAS alone, with 490 000 and fewer between 1.0 and 1.25 times.
# Attention: its many products are too small for threads of BLAS, and exponentials have none. 15 000 is provisional:
# from 16 000 numbers on, two threads were faster in all trials, but these ran on a busy machine, where threads of BLAS
# wait for each other; with 10 000, trials disagreed (1.3 and 0.4 times as long).
# Scans of single channels are passes, in which BLAS has no part; their size is taken from attention, not measured.
LEAST_SHARD = {Convolution: 600_000, SelfAttention: 15_000, SelectiveScan: 15_000}


def rows_per_shard(network: Layer, tree: Tree, x: Container) -> float:
    """The fewest rows of a batch that pay for a thread; infinity leaves threads to BLAS.

    They pay where convolutions, attention or scans of single channels are. Steps of dense layers are too short for
    that, and so are those of recurrences.
    """
    least = [numbers for kind, numbers in LEAST_SHARD.items() if find(network, tree, kind)]
    if not least or not x.shardable:
        return math.inf
    first, _ = x[:1].as_batch()
    shapes = output_shapes(network, shape_of(first)).values()
    sizes = (math.prod(n for n in shape if n is not None) for shape in shapes)
    return min(least) / max(sizes)
