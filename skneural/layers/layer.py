"""The layer protocol.

Its rules, stated once:

1. ``y, backward = layer.forward(p, x, context)``; ``dx = backward(dy, g)``;
   ``y = layer.predict(p, x, context)`` gives the same y without what only `backward` needs.
2. Data gradients are returned. Parameter gradients are written into the views `g`, never
   accumulated: a parameter belongs to one place, and a tied weight is a layer of its own.
3. Inputs are borrowed, outputs are owned: a layer never writes into `x` or `dy`, and may write in
   place into what it made itself. A layer that does nothing may hand on x as it is.
4. `context` carries what gradients do not flow through. Two inputs that both need gradients are
   a pair, and `backward` returns a pair.
5. `traversal.without_input_gradient` gives the first layer of a network that learns ``input_gradient=False``: it
   returns None for dx, and layers before it do not go back.
6. A layer with `step` equals `forward` on the whole sequence; a layer with its own `predict`
   equals `forward`.
7. Buffers, such as running means, are views in `p` like parameters, but have no place in `g`. A
   layer writes into them in `forward` while training; that is the one exception to rule 3.

Layers are frozen dataclasses and own no arrays: `p` and `g` are views into two flat vectors
(`skneural.parameters`). The first axis of x and y counts the rows of the batch, unless a layer's
docstring gives another layout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.ops.types import Array
from skneural.parameters import Tree

Backward = Callable[[Any, Tree], Any]


@dataclass(slots=True)
class Context:
    """What gradients do not flow through.

    A batch may be split over threads, each of which sees some of its rows, its shard. What must not
    depend on the split, such as dropout masks and batch statistics, is asked of the context.

    Parameters
    ----------
    rng : Generator or None
        None means predicting. Shards hold generators in the same state and draw alike.
    rows : slice or None
        Which rows of the batch this shard holds; None for all.
    n_rows : int
        Rows of the whole batch.
    sum_over_shards : callable or None
        Adds up an array of each shard; None where there is one shard.
    lengths : array of shape (rows,) or None
        Steps of each series of this shard, where they differ; x is padded behind them.
    sample_weight : array of shape (rows,) or None
        Weight of each row of this shard, where they differ.
    settling : bool
        True while running statistics are taken anew, with weights at rest: all batches then weigh alike.
    penalties : list of float or None
        Where layers put what they add to the loss themselves, whose gradient `backward` includes; None where nobody
        asks for it.
    """

    rng: np.random.Generator | None = None
    rows: slice | None = None
    n_rows: int = 0
    sum_over_shards: Callable[[Array], Array] | None = None
    lengths: Array | None = None
    sample_weight: Array | None = None
    settling: bool = False
    penalties: list[float] | None = None

    @property
    def training(self) -> bool:
        return self.rng is not None

    @property
    def first_shard(self) -> bool:
        """True for exactly one shard of a batch: the one that writes buffers."""
        return self.rows is None or self.rows.start == 0

    def reduce(self, array: Array) -> Array:
        """Sum of `array` over all shards of the batch."""
        return array if self.sum_over_shards is None else self.sum_over_shards(array)

    def mask(self, x: Array) -> Array | None:
        """Which steps of x are real, of shape (steps, batch); x: (..., steps, batch). None if all of them are."""
        if self.lengths is None:
            return None
        return np.arange(x.shape[-2])[:, np.newaxis] < self.lengths

    def element_weight(self, x: Array, batch_axis: int) -> Array | None:
        """What each element of x counts for, in a shape that broadcasts to x; None if all count alike.

        The axis of the batch is the first, or the last, behind the steps.
        """
        if batch_axis == 0:
            weight = self.sample_weight
            return None if weight is None else weight.reshape(-1, *(1,) * (x.ndim - 1))
        mask = self.mask(x)
        if mask is None or self.sample_weight is None:
            return self.sample_weight if mask is None else mask.astype(x.dtype)
        return mask * self.sample_weight

    def random_bits(self, shape: tuple[int, ...], batch_axis: int = 0) -> Array:
        """Random uint16 for an array of this shard, the same however the batch is split.

        They are drawn for the whole batch, of which this shard keeps its rows. Sixteen bits resolve a
        probability to 1.5e-5 and cost a quarter of what floats do.
        """
        assert self.rng is not None
        if self.rows is None:
            return self.rng.integers(0, 65536, shape, dtype=np.uint16)
        whole = list(shape)
        whole[batch_axis] = self.n_rows
        bits = self.rng.integers(0, 65536, whole, dtype=np.uint16)
        own: list[Any] = [slice(None)] * len(shape)
        own[batch_axis] = self.rows
        return bits[tuple(own)]


PREDICTING = Context()


@dataclass(frozen=True)
class Layer:
    """One step of a network; see the rules at the top of this module."""

    def parameters(self) -> Tree:
        """Declare parameters and buffers: name -> `Parameter` or `Buffer`."""
        return {}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        raise NotImplementedError(f"{type(self).__name__} must define forward(p, x, context)")

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        return self.forward(p, x, context)[0]

    def output_bias(self, p: Tree) -> Array | None:
        """What is added last to each output, of shape (n_out,): training starts it at the best constant prediction.

        None where there is nothing of the kind.
        """
        return None
