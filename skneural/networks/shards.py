"""Sizes of batches and of matrix products for which several threads are faster."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np

from skneural.data import Container
from skneural.layers import Convolution, Layer, SelectiveScan, SelfAttention
from skneural.layers.layer import AnyShape
from skneural.layers.recurrent import Recurrent
from skneural.layers.traversal import find, named, output_shapes, shape_of
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

# Least multiply-adds of a shard, forward, in networks without such layers. Two shards of 13 to 32 million took 1.07 to
# 1.09 times as long as one thread, two of 80 million .85 times, and two of 290 million .64 times.
LEAST_WORK = 50e6

# Least multiply-adds of a product for which BLAS may use several threads. On two cores with eight busy processes, two
# threads took 90 to 130 times as long as one with 2 million (an MLP: 15.4 s instead of 0.5), 4 to 6 times with 17 to
# 134 million, and 0.9 times with 268 million: threads of BLAS wait for each other in a loop, which other processes
# interrupt for milliseconds.
LEAST_PRODUCT = 200e6


def rows_per_shard(network: Layer, tree: Tree, x: Container) -> float:
    """Least rows of a shard for which a thread is faster; infinity if batches are not split.

    Training steps of recurrent layers are too short for that.
    """
    if not x.shardable:
        return math.inf
    shapes = output_shapes(network, shape_of(_typical_sample(x).as_batch()[0]))
    least = [numbers for kind, numbers in LEAST_SHARD.items() if find(network, tree, kind)]
    if least:
        return min(least) / max(math.prod(cast(tuple[int, ...], shape)) for shape in shapes.values())
    work = sum(_products(network, tree, shapes))
    return LEAST_WORK / work if work and not find(network, tree, Recurrent) else math.inf


def _typical_sample(x: Container) -> Container:
    """A sample of median length, if samples differ in it."""
    lengths = x.padded_lengths
    row = 0 if lengths is None else int(np.argsort(lengths)[len(lengths) // 2])
    return x[row : row + 1]


def has_large_products(network: Layer, tree: Tree, x: Container, n_rows: int) -> bool:
    """Return True if a batch of `n_rows` samples has products for which several threads of BLAS are faster."""
    part = _typical_sample(x) if x.shardable else (x if n_rows >= len(x) else x[:n_rows])
    shapes = output_shapes(network, shape_of(part.as_batch()[0]))
    return max(_products(network, tree, shapes), default=0.0) * n_rows / len(part) >= LEAST_PRODUCT


def _products(network: Layer, tree: Tree, shapes: Mapping[str, AnyShape]) -> Iterator[float]:
    """Multiply-adds of the largest product of each layer by its parameters."""
    return (_multiply_adds(layer, p, shapes[name]) for name, layer, p in named(network, tree) if name in shapes)


def _multiply_adds(layer: Layer, p: Tree, shape: AnyShape) -> float:
    weights = [array for array in p.values() if isinstance(array, np.ndarray) and array.ndim > 1]
    numbers = cast(tuple[int, ...], shape)
    if isinstance(layer, Recurrent):  # one product after another, for each step
        numbers = numbers[1:]
    return max((math.prod(numbers) * weight.size / weight.shape[-1] for weight in weights), default=0.0)
