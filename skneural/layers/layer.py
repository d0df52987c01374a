"""The layer protocol.

A layer is a frozen dataclass that holds no arrays. Its parameters, and their gradients, are views into two flat vectors
(`skneural.parameters`), which each method receives as dictionaries by name: `p` and `g`.

1. Forward and backward pass. ``y, backward = layer.forward(p, x, context)``, then ``dx = backward(dy, g)``.
   ``layer.predict(p, x, context)`` returns the same y without keeping what only `backward` needs. Two inputs that both
   need gradients are passed as a pair, and `backward` returns a pair.
2. Gradients. `backward` returns the gradient of x and writes the gradients of the parameters into the views `g`,
   without adding to what is there. Each parameter therefore belongs to exactly one layer; layers with tied weights are
   written as one layer.
3. Ownership. A layer never writes into `x` or `dy`. It may write in place into arrays that it has created. A layer
   that computes nothing may return x itself.
4. Context. `context` holds everything that has no gradient: whether the network is in training, the lengths and weights
   of the samples (`context.batch`), the position of this shard in the batch (`context.shard`), and lists for additional
   outputs. No result may depend on how a batch is split into shards. A row of x is either a sample or an element of a
   sample; layers for which that matters have a field `rows`, "samples" or "elements".
5. First layers. `traversal.without_input_gradient` sets ``input_gradient=False`` in the first layer of a network that
   has parameters. Its `backward` then returns None for dx, and `backward` of the layers before it is not called.
6. Shapes. ``layer.shape(x_shape)`` returns the shape of y in prediction, including the batch axis; output layers of
   ensemble members return another shape in training. An unknown number is a `Dimension`, which has a name and supports
   arithmetic. A layer must call `shape` of every layer inside, so that `traversal.output_shapes` records all of them.
7. Step by step computation. ``y, state = layer.step(p, x, state)`` computes one step of a series from the state after
   the previous step, which is None before the first step. x has the layout of `forward` without the axis of steps:
   (batch, features) with rows first, (features, batch) with steps first, (1, channels, batch) for images of height one,
   (batch,) for tokens. y is the step that `forward` computes on the whole series; layers that pool steps return the
   pooled value of the steps so far. Padding is not supported. States are never modified, so that a state may be used
   several times. `stepwise` layers compute each step from the same step of x alone; layers that need later steps raise
   NotImplementedError. ``layer.select_state(state, rows)`` returns the state of some rows of the batch.
8. Memory. Decoder layers that attend to the output of an encoder have ``takes_memory = True`` and take the pair of x
   and this memory. ``layer.initial_state(p, memory)`` returns the state before the first step, and only the first call
   of `step` reads the memory.
9. Buffers. Buffers, such as running means, are views in `p` like parameters, but have no entry in `g`.
   ``layer.adapt(p, inputs)`` computes buffers from the training data before training starts; `inputs` iterates over
   the outputs of the previous layers in blocks of samples. `traversal.adapt_network` calls it for each layer that
   defines it. `forward` may update buffers in training, which is the only exception to rule 3.
10. Lengths. A layer that changes the number of steps of series defines ``layer.output_lengths(lengths)``, the number of
    steps of y for that of x. Chains pass the layers that follow it a context with these lengths.
11. Tables. A parameter of which a batch reads only some rows is declared with ``by_rows=True``. Its entry in `g` may be
    a `RowGradient` then; `traversal.rows_read` finds the rows from the input of the network, before `forward`.
12. Names. A layer inside another one is named after the field that holds it, or by the keyword argument of `Chain` and
    `Branches`. ``p[name]`` are its parameters and ``layer[name]`` is the layer. Modules outside of `skneural.layers`
    use these names, never positions.

The first axis of x and y is the batch axis, unless the docstring of a layer states another layout.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, NamedTuple, TypeAlias, cast

import numpy as np

from skneural.data.container import NO_BATCH_INFO, BatchInfo, mask_of
from skneural.data.images import ImageSizes
from skneural.data.samples import Samples
from skneural.data.statistics import blocks_of_rows
from skneural.ops.dimension import Size
from skneural.ops.types import Array
from skneural.parameters import Buffer, Tree

Backward = Callable[[Any, Tree], Any]
AnyShape = tuple[Size, ...]
ShapePair = tuple[AnyShape, AnyShape]
LayerState: TypeAlias = Any  # the state of `step`, of a different type in each layer; None before the first step


class Share(NamedTuple):
    """A range of rows, and the number of rows of the whole batch."""

    rows: slice
    of: int


@dataclass(frozen=True)
class Shard:
    """The part of a batch that one thread computes, with what layers need to make results independent of the split.

    Parameters
    ----------
    samples : Share or None
        The samples of this shard; None if it has all of them.
    elements : Share or None
        The elements of this shard, if samples have different numbers of elements; None if all have equally many.
    sum_over_shards : callable or None
        Sums an array over all shards; None if there is one shard.
    """

    samples: Share | None = None
    elements: Share | None = None
    sum_over_shards: Callable[[Array], Array] | None = None

    @property
    def is_first(self) -> bool:
        """True for exactly one shard of a batch, which writes buffers and the penalties of the whole batch."""
        return self.samples is None or self.samples.rows.start == 0

    def reduce(self, array: Array) -> Array:
        """Sum of `array` over all shards of the batch."""
        return array if self.sum_over_shards is None else self.sum_over_shards(array)

    def share(self, n_rows: int, rows: str = "samples") -> Share | None:
        """Position of the rows of this shard, "samples" or "elements", in the batch; None if it has all of them."""
        if self.samples is None or rows == "samples":
            return self.samples
        if self.elements is not None:
            return self.elements
        (first, last, _), of = self.samples.rows.indices(self.samples.of), self.samples.of
        n = n_rows // (last - first)
        return Share(slice(n * first, n * last), n * of)


WHOLE_BATCH = Shard()

# In batches of fewer samples, which may be the whole training set, all samples share their random numbers. On six small
# tables, shared dropout masks were as good as one for each row (accuracy .798 and .801; .793 without dropout). For many
# samples, gradients are too noisy then: on California housing, batches of 256 with one mask each ended at 48 000
# dollars, with a mask for each row at 46 100.
SMALL_BATCH = 32


@dataclass(slots=True)
class Context:
    """Inputs of a layer other than x and its parameters; they have no gradients.

    Samples may consist of elements: the steps of a series, the nodes of a graph. A row of x is a sample, which may
    contain all of its steps, padded; or it is an element, if the elements of all samples are concatenated.

    Parameters
    ----------
    rng : Generator or None
        None in prediction. The generators of all shards are in the same state, so that they draw the same numbers.
    batch : BatchInfo, default=NO_BATCH_INFO
        Lengths, weights and further information about the samples.
    shard : Shard, default=the whole batch
        The part of the batch that these samples are.
    settling : bool
        True while running statistics are computed again after training, with fixed parameters. No batch is then
        forgotten.
    shared_draws : bool
        True if all samples of the batch share their random numbers, as in batches of fewer than `SMALL_BATCH`. One
        thinned network is then trained on all of them, and a weight of two is equivalent to a repetition.
    adapting : bool
        True while later layers adapt to the training data.
    penalties : list of float or None
        Layers append their penalties on the loss here, and `backward` includes the gradients of these; None to leave
        penalties out. A penalty on the whole batch is appended by the first shard only.
    notes : dict of lists of arrays, or None
        Layers append additional outputs here, if it is not None: attention maps under "attention", weights of steps
        in pooling under "pooling"; see `note`.
    """

    rng: np.random.Generator | None = None
    batch: BatchInfo = NO_BATCH_INFO
    shard: Shard = WHOLE_BATCH
    settling: bool = False
    shared_draws: bool = False
    adapting: bool = False
    penalties: list[float] | None = None
    notes: dict[str, list[Array]] | None = None

    @property
    def training(self) -> bool:
        return self.rng is not None

    def note(self, name: str, array: Array) -> None:
        """Append an array to the notes of this name, unless `notes` is None."""
        if self.notes is not None:
            self.notes.setdefault(name, []).append(array)

    def mask(self, n_steps: int) -> Array | None:
        """Mask of the real steps of padded series, of shape (samples, n_steps); None if all are real."""
        return mask_of(self.batch.lengths, n_steps)

    def with_lengths(self, lengths: Array | None) -> Context:
        """The same context for series of other lengths."""
        if lengths is self.batch.lengths:
            return self
        shard = replace(self.shard, elements=None)  # those of x, not of y
        return replace(self, batch=self.batch._replace(lengths=lengths), shard=shard)

    def mask_behind(self, shape: AnyShape) -> Array | None:
        """Mask that broadcasts to an array of this shape with the batch last; None if nothing is padded.

        Shapes are (..., steps, batch), or (height, channels, width, batch) where images are padded.
        """
        sizes = self.batch.structure
        if isinstance(sizes, ImageSizes):
            height, _, width, _ = cast(tuple[int, ...], shape)
            return sizes.mask(height, width)
        mask = self.mask(cast(int, shape[-2]))
        return None if mask is None else mask.T

    def random_bits(self, shape: tuple[int, ...], batch_axis: int = 0, rows: str = "samples") -> Array:
        """Random uint16 for an array of this shard, independent of how the batch is split.

        They are drawn for the whole batch, and this shard keeps its rows. Sixteen bits resolve a probability to 1.5e-5
        and cost a quarter of what floats do.
        """
        assert self.rng is not None
        if self.shared_draws and rows == "samples":
            one_row = [1 if axis == batch_axis % len(shape) else size for axis, size in enumerate(shape)]
            return np.broadcast_to(self.rng.integers(0, 65536, one_row, dtype=np.uint16), shape)
        share = self.shard.share(shape[batch_axis], rows)
        if share is None:
            return self.rng.integers(0, 65536, shape, dtype=np.uint16)
        whole, kept = list(shape), [slice(None)] * len(shape)
        whole[batch_axis], kept[batch_axis] = share.of, share.rows
        return self.rng.integers(0, 65536, whole, dtype=np.uint16)[tuple(kept)]

    def random_normals(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Standard normal numbers, one row per sample, independent of how the batch is split."""
        assert self.rng is not None
        samples = self.shard.samples
        if self.shared_draws:
            return np.broadcast_to(self.rng.standard_normal(shape[1:], dtype=np.dtype(dtype).type), shape)
        n_rows, rows = (shape[0], slice(None)) if samples is None else (samples.of, samples.rows)
        return self.rng.standard_normal((n_rows, *shape[1:]), dtype=np.dtype(dtype).type)[rows]


PREDICTING = Context()


@dataclass(frozen=True)
class Layer:
    """Base class of layers; the docstring of this module specifies the protocol."""

    # True if each step of y depends on the same step of x only, by the same function.
    stepwise: ClassVar[bool] = False
    # True if x is a pair whose second part is the memory of an encoder.
    takes_memory: ClassVar[bool] = False
    # The batch axis of the arrays in the state of `step`.
    state_batch_axis: ClassVar[int] = 0

    @property
    def learned_once(self) -> str:
        """Words for what `adapt` leaves as it is with ``inputs.further``; empty if there is nothing."""
        return ""

    def children(self) -> dict[str, Layer]:
        """Layers directly inside this one, by name: the fields that are layers, in their order."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in values if isinstance(value, Layer)}

    def __getitem__(self, name: str) -> Layer:
        """The layer of this name directly inside this one."""
        return self.children()[name]

    def with_children(self, children: Mapping[str, Layer]) -> Layer:
        """A copy of this layer in which the named layers inside are replaced."""
        return replace(self, **children)

    def parameters(self) -> Tree:
        """Declare parameters and buffers: name -> `Parameter`, `Buffer`, or the parameters of a layer inside."""
        return {name: child.parameters() for name, child in self.children().items()}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        raise NotImplementedError(f"{type(self).__name__} must define forward(p, x, context)")

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        return self.forward(p, x, context)[0]

    def output_lengths(self, lengths: Array) -> Array:
        """Number of steps of each series of y, for the number of steps of x, of shape (batch,)."""
        return lengths

    def context_after(self, context: Context) -> Context:
        """Context of the layer that follows."""
        lengths = context.batch.lengths
        return context if lengths is None else context.with_lengths(self.output_lengths(lengths))

    def adapt(self, p: Tree, inputs: LayerInput) -> None:
        """Compute the buffers that depend on the training data, such as means and scales, before training starts.

        With ``inputs.further`` training continues, and statistics of all data so far replace those of the data before.
        Layers that cannot join statistics keep them.
        """

    def average_buffers(self, p: Tree, others: Sequence[Tree], shares: Sequence[float]) -> None:
        """Set the own buffers to those of the mean of several networks, one of which they are.

        By default, buffers are learned once, and must be equal. Layers whose buffers follow training override this.

        Parameters
        ----------
        p : tree
            Buffers to write, and parameters.
        others : sequence of trees
            Of all networks.
        shares : sequence of float
            Weight of each network; their sum is one.

        Raises
        ------
        ValueError
            If a buffer differs between the networks.
        """
        for name, declared in self.parameters().items():
            if isinstance(declared, Buffer) and any(not _equal(other[name], p[name]) for other in others):
                raise ValueError(f"{name} differs")

    def output_bias(self, p: Tree) -> Array | None:
        """Bias of the outputs, of shape (n_out,), which training initializes to the best constant prediction.

        None if the layer has no such parameter.
        """
        return None

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        """Change the parameters so that y becomes ``factor * y + shift``, for factors and shifts of each output.

        Returns
        -------
        shift : array of shape (n_out,), or None
            If only ``factor * x + shift`` as input makes it complete, the shift; None if it is complete.
        """
        raise NotImplementedError(f"{type(self).__name__} must define rescale_output to be an output layer")

    def step(self, p: Tree, x: Any, state: LayerState = None) -> tuple[Any, LayerState]:
        if not self.stepwise:
            raise NotImplementedError(
                f"{type(self).__name__} has no step: its output at one step of a series may depend on later steps."
            )
        return self.predict(p, x), None

    def initial_state(self, p: Tree, memory: Array, lengths: Array | None = None) -> LayerState:
        """LayerState before the first step of a layer that attends to a memory; None for other layers.

        memory: (batch, memory steps, features). `lengths`, of shape (batch,), are the numbers of steps of the samples;
        None if no series is padded.
        """
        return None

    def select_state(self, state: LayerState, rows: Array) -> LayerState:
        """LayerState of some rows of the batch, such as the beams that are continued."""
        return _selected(state, rows, self.state_batch_axis)

    def shape(self, x_shape: Any) -> AnyShape:
        """Shape of y for x of the given shape; calls `shape` of every layer inside."""
        return x_shape


def _selected(state: LayerState, rows: Array, axis: int) -> LayerState:
    """Some rows of each array of a state; numbers apply to all rows and are returned as they are."""
    if isinstance(state, np.ndarray):
        return state.take(rows, axis=axis)
    if isinstance(state, tuple):
        parts = (_selected(part, rows, axis) for part in state)
        return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
    return state


def rescale_linear(p: Tree, factor: Array, shift: Array, weights: Sequence[str] = ("weight",)) -> Array | None:
    """`Layer.rescale_output` of a layer that is linear in `weights`, with outputs on their last axis, and ``bias``.

    Without a bias, the outputs are only multiplied, and the layer must be followed by one that has added the shift.
    """
    for name in weights:
        p[name] *= factor
    if "bias" in p:
        p["bias"][...] = p["bias"] * factor + shift
    return None


def step_axis(axis: int, ndim: int) -> int:
    """Axis of the features in a single step; `axis`, 1 or -1, is their axis in series.

    A step of (steps, features, batch) has no axis of steps, so that 1 becomes 0.
    """
    return 0 if axis == 1 and ndim == 2 else axis


@dataclass(frozen=True)
class LayerInput:
    """The training data as input of a layer, transformed by the layers before it.

    Iterating yields pairs of x and a context, one for each block of samples. Each iteration computes the layers before
    again, so that memory does not grow with the number of samples.

    Parameters
    ----------
    samples : Samples
    before : tuple of (Layer, tree of arrays), default=()
        Layers before, with their parameters.
    rows_at_once : int or None, default=None
        Number of samples in each block; of steps, where samples are padded. None: see `blocks_of_rows`.
    further : bool, default=False
        Whether the layers have adapted to other data before, with which training began.
    """

    samples: Samples
    before: tuple[tuple[Layer, Tree], ...] = ()
    rows_at_once: int | None = None
    further: bool = False

    def __iter__(self) -> Iterator[tuple[Any, Context]]:
        for rows in blocks_of_rows(self.samples.x, self.rows_at_once):
            part = self.samples.part(rows)
            x, info = part.x.as_batch()
            context = Context(batch=info._replace(sample_weight=part.sample_weight), adapting=True)
            for layer, p in self.before:
                x = layer.predict(p, x, context)
                context = layer.context_after(context)
            yield x, context

    def after(self, layer: Layer, p: Tree) -> LayerInput:
        """Input of the layer that follows `layer`."""
        return replace(self, before=(*self.before, (layer, p)))

    def of_source(self) -> LayerInput:
        """Input of the encoder, where x is pairs of a source and the input of a decoder."""
        x: Any = self.samples.x
        return replace(self, samples=replace(self.samples, x=x.source))

    def thinned(self, n_samples: int) -> LayerInput:
        """At most `n_samples` samples, evenly spaced, in one block."""
        samples = self.samples.part(slice(None, None, math.ceil(len(self.samples) / n_samples)))
        return replace(self, samples=samples, rows_at_once=n_samples)

    def whole(self) -> tuple[Array, Array | None]:
        """Input of all samples in one array, and the sample weights, for statistics that need all samples at once."""
        blocks = [x for x, _ in self]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks), self.samples.sample_weight


def _equal(a: Array, b: Array) -> bool:
    """Return True if statistics of the same data agree: sums of other parts of it differ by rounding."""
    return bool(np.allclose(a, b, rtol=1e-5, atol=0, equal_nan=True))
