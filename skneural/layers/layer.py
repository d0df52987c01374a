"""The layer protocol.

Its rules, stated once:

1. ``y, backward = layer.forward(p, x, context)``; ``dx = backward(dy, g)``;
   ``y = layer.predict(p, x, context)`` gives the same y without what only `backward` needs.
2. Data gradients are returned. Parameter gradients are written into the views `g`, never
   accumulated: a parameter belongs to one place, and a tied weight is a layer of its own.
3. Inputs are borrowed, outputs are owned: a layer never writes into `x` or `dy`, and may write in
   place into what it made itself. A layer that does nothing may hand on x as it is.
4. `context` carries what gradients do not flow through. It tells samples from elements: a row of x need not be a
   sample, and a layer to which that makes a difference has a field `rows`, "samples" or "elements". Two inputs that
   both need gradients are a pair, and `backward` returns a pair. Layers of a decoder that look at the memory of an
   encoder, `takes_memory`, take the pair of their x and the memory; of their steps, only the first reads the memory.
5. `traversal.without_input_gradient` gives the first layer of a network that learns ``input_gradient=False``: it
   returns None for dx, and layers before it do not go back.
6. A layer with its own `predict` equals `forward`. ``layer.shape(x_shape)`` is the shape of y, batch included, while
   predicting: output layers of members of an ensemble, which average them there, train with another. None stands for
   a number that is not known.
7. ``y, state = layer.step(p, x, state)`` takes one step of a series and what the step before gave as state, None before
   the first. x is what `forward` takes without its axis of steps: (batch, features) with rows first, (features, batch)
   with steps first, (1, channels, batch) of images of height one, (batch,) of tokens. y is the step that `forward`
   would give on the whole series; layers that pool steps give what they would for the steps so far. Each series has all
   steps. States are borrowed and never written into: one may be taken up again. Layers that are `stepwise` act on
   each step by itself; those to which later steps matter raise NotImplementedError. ``layer.take(state, rows)`` is the
   state of some rows of the batch.
8. Buffers, such as running means, are views in `p` like parameters, but have no place in `g`. A
   layer writes into them in `forward` while training; that is the one exception to rule 3.

Layers are frozen dataclasses and own no arrays: `p` and `g` are views into two flat vectors
(`skneural.parameters`). The first axis of x and y counts the rows of the batch, unless a layer's
docstring gives another layout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Any, ClassVar, NamedTuple

import numpy as np

from skneural.ops.types import Array
from skneural.parameters import Tree

Backward = Callable[[Any, Tree], Any]
AnyShape = tuple[int | None, ...]


class Share(NamedTuple):
    """Which rows of a whole batch a shard holds, and of how many."""

    rows: slice
    of: int


@dataclass(slots=True)
class Context:
    """What gradients do not flow through.

    A batch may be split over threads, each of which sees some of its samples, its shard. What must not depend on the
    split, such as dropout masks and batch statistics, is asked of the context.

    Samples have elements: the steps of a series, the nodes of a graph. A row of x is a sample, also where all its
    steps stand in it, padded; or it is an element, where those of all samples stand one behind the other.

    Parameters
    ----------
    rng : Generator or None
        None means predicting. Shards hold generators in the same state and draw alike.
    samples : Share or None
        Which samples of the batch this shard holds; None for all.
    elements : Share or None
        The same for elements, where samples have different numbers of them; None where they have equally many.
    sum_over_shards : callable or None
        Adds up an array of each shard; None where there is one shard.
    lengths : integer array of shape (samples,) or None
        Elements of each sample of this shard; None where all have equally many. Padded series hold something behind
        their steps that no layer must look at.
    sample_weight : array of shape (samples,) or None
        Weight of each sample of this shard; None where all weigh one.
    total : float or None
        What the loss divides sums over all samples of the batch by: penalties that are means over samples do, too. None
        where no loss is computed.
    structure : Any
        What else a container knows, such as which nodes are neighbours.
    settling : bool
        True while running statistics are taken anew, with weights at rest: all batches then weigh alike.
    penalties : list of float or None
        Where layers put what they add to the loss themselves, whose gradient `backward` includes; None to leave
        penalties out. What is one number for the whole batch, the first shard puts there.
    notes : dict of lists of arrays, or None
        Where layers leave on request what they know beside y: attention maps under "attention", and how much each step
        counts where they become one row under "pooling"; see `note`.
    memory_lengths : integer array of shape (samples,) or None
        Steps of the memory that a decoder looks at, in each sample; None where all have equally many.
    """

    rng: np.random.Generator | None = None
    samples: Share | None = None
    elements: Share | None = None
    sum_over_shards: Callable[[Array], Array] | None = None
    lengths: Array | None = None
    sample_weight: Array | None = None
    total: float | None = None
    structure: Any = None
    settling: bool = False
    penalties: list[float] | None = None
    notes: dict[str, list[Array]] | None = None
    memory_lengths: Array | None = None

    @property
    def training(self) -> bool:
        return self.rng is not None

    @property
    def first_shard(self) -> bool:
        """True for exactly one shard of a batch: the one that writes buffers."""
        return self.samples is None or self.samples.rows.start == 0

    def reduce(self, array: Array) -> Array:
        """Sum of `array` over all shards of the batch."""
        return array if self.sum_over_shards is None else self.sum_over_shards(array)

    def note(self, name: str, array: Array) -> None:
        """Leave an array under a name, one for each layer that does; nothing happens where no notes are wanted."""
        if self.notes is not None:
            self.notes.setdefault(name, []).append(array)

    def mask(self, n_steps: int) -> Array | None:
        """Which steps of padded series are real, of shape (samples, n_steps); None if all are."""
        return mask_of(self.lengths, n_steps)

    def step_weight(self, n_steps: int, dtype: Any) -> Array | None:
        """What each step of padded series counts for, of shape (samples, n_steps); None if all count alike."""
        mask, weight = self.mask(n_steps), self.sample_weight
        if weight is None:
            return None if mask is None else mask.astype(dtype)
        if mask is None:
            return np.broadcast_to(weight[:, np.newaxis], (len(weight), n_steps))
        return mask * weight[:, np.newaxis]

    def row_weight(self, n_rows: int, rows: str = "samples") -> Array | None:
        """What each row counts for, of shape (n_rows,), where they are samples or elements; None if all count alike."""
        weight = self.sample_weight
        if weight is None or rows == "samples":
            return weight
        return np.repeat(weight, n_rows // len(weight) if self.lengths is None else self.lengths)

    def share(self, n_rows: int, rows: str = "samples") -> Share | None:
        """Which rows of the whole batch the `n_rows` of this shard are; None if they are all."""
        if self.samples is None or rows == "samples":
            return self.samples
        if self.elements is not None:
            return self.elements
        (first, last, _), of = self.samples.rows.indices(self.samples.of), self.samples.of
        n = n_rows // (last - first)
        return Share(slice(n * first, n * last), n * of)

    def random_bits(self, shape: tuple[int, ...], batch_axis: int = 0, rows: str = "samples") -> Array:
        """Random uint16 for an array of this shard, the same however the batch is split.

        They are drawn for the whole batch, of which this shard keeps its rows. Sixteen bits resolve a
        probability to 1.5e-5 and cost a quarter of what floats do.
        """
        assert self.rng is not None
        share = self.share(shape[batch_axis], rows)
        if share is None:
            return self.rng.integers(0, 65536, shape, dtype=np.uint16)
        whole, kept = list(shape), [slice(None)] * len(shape)
        whole[batch_axis], kept[batch_axis] = share.of, share.rows
        return self.rng.integers(0, 65536, whole, dtype=np.uint16)[tuple(kept)]

    def random_normals(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Standard normal numbers for samples in rows, the same however the batch is split."""
        assert self.rng is not None
        n_rows, rows = (shape[0], slice(None)) if self.samples is None else (self.samples.of, self.samples.rows)
        return self.rng.standard_normal((n_rows, *shape[1:]), dtype=np.dtype(dtype).type)[rows]


def mask_of(lengths: Array | None, n_steps: int) -> Array | None:
    """Which steps of series of the given lengths are real, of shape (samples, n_steps); None if all are.

    In memory the samples come last: most layers that ask for it transpose it, and have it in one piece then.
    """
    return None if lengths is None else (np.arange(n_steps)[:, np.newaxis] < lengths).T


PREDICTING = Context()


@dataclass(frozen=True)
class Layer:
    """One step of a network; see the rules at the top of this module."""

    # Whether each step of y is made of the same step of x alone, in the same way.
    stepwise: ClassVar[bool] = False
    # Whether x is a pair, of which the second is the memory of an encoder.
    takes_memory: ClassVar[bool] = False
    # Where arrays in the state of `step` count the rows of the batch.
    state_batch_axis: ClassVar[int] = 0

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

    def step(self, p: Tree, x: Any, state: Any = None) -> tuple[Any, Any]:
        if not self.stepwise:
            raise NotImplementedError(
                f"{type(self).__name__} has no step: what it gives at one step of a series may depend on later ones."
            )
        return self.predict(p, x), None

    def state_over(self, p: Tree, memory: Any, lengths: Array | None = None) -> Any:
        """The state with which steps over a memory start; None for layers that look at none.

        memory: (batch, memory steps, features), of which each sample has so many as `lengths` says; None for all.
        """
        return None

    def take(self, state: Any, rows: Array) -> Any:
        """The state of some rows of the batch, such as the beams that go on."""
        return _taken(state, rows, self.state_batch_axis)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape

    def inner_shape(self, x_shape: AnyShape) -> AnyShape:
        """The shape of what layers inside of this one are given, where all are given the same."""
        return x_shape

    def inner_shapes(self, x_shape: AnyShape) -> Iterable[AnyShape]:
        """The shape of what each layer inside of this one is given, in their order; as many as there are, or more."""
        return repeat(self.inner_shape(x_shape))


def _taken(state: Any, rows: Array, axis: int) -> Any:
    """Some rows of all arrays of a state; numbers belong to all rows."""
    if isinstance(state, np.ndarray):
        return state.take(rows, axis=axis)
    if isinstance(state, tuple):
        parts = (_taken(part, rows, axis) for part in state)
        return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
    return state.take(rows) if hasattr(state, "take") else state


def step_axis(axis: int, ndim: int) -> int:
    """Where one step has the axis of the features, 1 or -1: (steps, features, batch) loses the one before it."""
    return 0 if axis == 1 and ndim == 2 else axis
