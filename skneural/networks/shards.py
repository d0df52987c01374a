"""How many rows of a batch pay for a thread of its own."""

from __future__ import annotations

import math

from skneural.data import Container
from skneural.layers import Convolution, Layer
from skneural.layers.traversal import find, output_shapes
from skneural.parameters import Tree

# Numbers in the widest layer of a shard from which a thread of its own pays, because passes over them then take as
# long as the products, for which BLAS has threads itself: with 800 000, two threads took 0.9 times as long as threads
# of BLAS alone, with 490 000 and fewer between 1.0 and 1.25 times.
LEAST_SHARD = 600_000


def rows_per_shard(network: Layer, tree: Tree, x: Container) -> float:
    """The fewest rows of a batch that pay for a thread; infinity leaves threads to BLAS.

    They pay where convolutions are. Steps of dense layers are too short for that, and so are those of recurrences.
    """
    if not find(network, tree, Convolution):
        return math.inf
    first, _ = x[:1].enter()
    sizes = (math.prod(n for n in shape if n is not None) for shape in output_shapes(network, first.shape).values())
    return LEAST_SHARD / max(sizes)
