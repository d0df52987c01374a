"""Whether a layer sees the samples of a batch as they are: no padding, and however the batch is split."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np

from skneural.layers.layer import Context, Layer, Share
from skneural.ops.types import Array
from skneural.parameters import Layout, Snapshot
from skneural.testing.gradient_check import in_dtype, random_start
from skneural.training.threads import Shards

JUNK = 1e3


class Axes(NamedTuple):
    """How an array lies.

    Attributes
    ----------
    batch : int
        The axis that counts samples, or their elements.
    steps : int or None
        The axis of the steps of padded series.
    elements : bool
        True where the axis of the batch counts the elements of all samples, one behind the other.
    """

    batch: int = 0
    steps: int | None = None
    elements: bool = False


ROWS = Axes()
ELEMENTS = Axes(elements=True)
ROWS_FIRST = Axes(0, 1)  # (batch, steps, features)
STEPS_FIRST = Axes(2, 0)  # (steps, features, batch)
BATCH_LAST = Axes(3, 2)  # (height, channels, width, batch)


def check_padding(layer: Layer, x: Array, lengths: Array, x_axes: Axes, y_axes: Axes, *, seed: int = 0) -> None:
    """Check that what stands beyond the end of a series changes nothing before it, in training and in predicting.

    Layers that follow are taken to read nothing beyond the ends. Then dx must be zero there.

    Parameters
    ----------
    layer : Layer
    x : array
        Padded series.
    lengths : integer array of shape (samples,)
    x_axes, y_axes : Axes
        How x and y lie.
    seed : int, default=0
        Draws the parameters and dy.

    Raises
    ------
    AssertionError
        With a sentence that says what is seen of the padding.
    """
    layout = Layout(layer.parameters())
    start = random_start(layout, np.random.default_rng(seed), np.float64)
    x = np.asarray(in_dtype(x, np.float64))
    assert x_axes.steps is not None, "x has no steps."
    n_steps = x.shape[x_axes.steps]
    junk = np.where(_real(x, lengths, x_axes), x, x.dtype.type(JUNK if x.dtype.kind == "f" else 0))
    longer = np.concatenate([junk, junk.take([-1, -1], x_axes.steps)], axis=x_axes.steps)
    for rng in (np.random.default_rng(seed), None):
        context = Context(rng, lengths=lengths)
        before = copy.deepcopy(rng.bit_generator.state) if rng else None
        layer.forward(layout.views(start.vector.copy(), start.buffers.copy()), x, context)
        draws = rng is not None and rng.bit_generator.state != before
        # Random numbers are drawn for the padding, too: with more of it, all are others.
        for other in (junk,) if draws else (junk, longer):
            context = Context(np.random.default_rng(seed) if rng else None, lengths=lengths)
            _compare_padding(layer, layout, start, (x, other), context, (x_axes, y_axes), n_steps, seed)


def _compare_padding(
    layer: Layer,
    layout: Layout,
    start: Snapshot,
    inputs: tuple[Array, Array],
    context: Context,
    axes: tuple[Axes, Axes],
    n_steps: int,
    seed: int,
) -> None:
    lengths: Any = context.lengths
    (x_axes, y_axes), passes = axes, []
    for x in inputs:
        gradient, buffers = np.full_like(start.vector, np.nan), start.buffers.copy()
        y, backward = layer.forward(layout.views(start.vector, buffers), x, copy.deepcopy(context))
        kept = _first_steps(y, y_axes, n_steps)
        real = _real(kept, lengths, y_axes)
        dy = np.zeros(y.shape)
        _first_steps(dy, y_axes, n_steps)[...] = np.random.default_rng(seed).standard_normal(kept.shape) * real
        dx = backward(dy, layout.views(gradient))
        found = [kept * real, gradient, buffers]
        if dx is not None:
            read = (dx * ~_real(dx, lengths, x_axes)).any()
            assert not read, f"{layer}: dx is not zero beyond the ends of the series."
            found.append(_first_steps(dx, x_axes, n_steps))
        passes.append(found)
    for what, expected, seen in zip(("y", "the gradient", "a buffer", "dx"), *passes, strict=False):
        same = np.allclose(seen, expected, rtol=1e-9, atol=1e-11)
        assert same, f"{layer}: {what} depends on what stands beyond the end of a series."


def check_shards(
    layer: Layer,
    x: Any,
    x_axes: Axes,
    y_axes: Axes,
    *,
    n_samples: int,
    lengths: Array | None = None,
    sample_weight: Array | None = None,
    n_shards: int = 2,
    seed: int = 0,
) -> None:
    """Check that shards of a training batch together give what the whole batch gives: y, gradients, buffers, penalties.

    Parameters
    ----------
    layer : Layer
    x : array or sparse matrix
    x_axes, y_axes : Axes
        How x and y lie.
    n_samples : int
    lengths : integer array of shape (n_samples,), optional
        Elements of each sample; by default all have equally many.
    sample_weight : array of shape (n_samples,), optional
    n_shards : int, default=2
    seed : int, default=0
        Draws the parameters, dy and what the layer draws.

    Raises
    ------
    AssertionError
        With a sentence that says what differs.
    """
    layout = Layout(layer.parameters())
    start = random_start(layout, np.random.default_rng(seed), np.float64)
    x = np.asarray(in_dtype(x, np.float64))
    per_sample = lengths, sample_weight
    whole = _Shard.of(layer, layout, start, x, None, _context(seed, None, per_sample))
    tree_buffers = start.buffers.copy()
    with Shards(n_shards) as shards:
        parts = shards.rows(n_samples)

        def run(i: int) -> _Shard:
            samples = Share(parts[i], n_samples)
            x_part, dy_part = _part(x, x_axes, samples, lengths), _part(whole.dy, y_axes, samples, lengths)
            context = _context(seed, samples, per_sample)
            context.sum_over_shards = shards.sum_over(i)
            return _Shard.of(layer, layout, start._replace(buffers=tree_buffers), x_part, dy_part, context)

        found = shards.run(run, len(parts))
    pairs: dict[str, tuple[Any, Any]] = {
        "y": (np.concatenate([part.y for part in found], axis=y_axes.batch), whole.y),
        "the gradient": (sum(part.gradient for part in found), whole.gradient),
        "a buffer": (tree_buffers, whole.buffers),
        "the penalty": (sum(part.penalty for part in found), whole.penalty),
    }
    if whole.dx is not None:
        pairs["dx"] = np.concatenate([part.dx for part in found], axis=x_axes.batch), whole.dx
    for what, (together, expected) in pairs.items():
        same = np.shape(together) == np.shape(expected) and np.allclose(together, expected, rtol=1e-8, atol=1e-10)
        assert same, f"{layer}: {what} of {n_shards} shards is not that of the whole batch."
    alike = all(part.random_state == whole.random_state for part in found)
    assert alike, f"{layer}: shards draw other random numbers than the whole batch."


class _Shard(NamedTuple):
    """What comes of a shard, or of a whole batch."""

    y: Array
    dy: Array
    dx: Any
    gradient: Array
    buffers: Array
    penalty: float
    random_state: Any

    @classmethod
    def of(cls, layer: Layer, layout: Layout, start: Snapshot, x: Any, dy: Array | None, context: Context) -> _Shard:
        """Forward and back; a whole batch, without dy, has buffers and a random dy of its own."""
        buffers = start.buffers.copy() if dy is None else start.buffers
        gradient = np.full_like(start.vector, np.nan)
        y, backward = layer.forward(layout.views(start.vector, buffers), x, context)
        dy = np.random.default_rng(0).standard_normal(y.shape) if dy is None else dy
        dx = backward(dy, layout.views(gradient))
        assert context.rng is not None
        state = context.rng.bit_generator.state
        return cls(y, dy, dx, gradient, buffers, sum(context.penalties or []), state)


def _context(seed: int, samples: Share | None, per_sample: tuple[Array | None, Array | None]) -> Context:
    """A context that trains, with penalties, of the given samples or of all."""
    rows = slice(None) if samples is None else samples.rows
    lengths, weight = (None if array is None else array[rows] for array in per_sample)
    whole = per_sample[0]
    elements = None if samples is None or whole is None else Share(_elements(rows, whole), int(whole.sum()))
    return Context(np.random.default_rng(seed), samples, elements, lengths=lengths, sample_weight=weight, penalties=[])


def _elements(rows: slice, lengths: Array) -> slice:
    first = int(lengths[: rows.start].sum())
    return slice(first, first + int(lengths[rows].sum()))


def _part(array: Any, axes: Axes, samples: Share, lengths: Array | None) -> Any:
    """The part of an array of the whole batch that belongs to some samples."""
    rows = samples.rows
    if axes.elements:
        each = np.full(samples.of, array.shape[0] // samples.of) if lengths is None else lengths
        rows = _elements(rows, each)
    return array[rows] if axes.batch == 0 else array[(slice(None),) * axes.batch + (rows,)]


def _real(array: Array, lengths: Array, axes: Axes) -> Array:
    """Where an array is no padding, in a shape that broadcasts to it."""
    if axes.steps is None:
        return np.ones((1,) * array.ndim, bool)
    shape = [1] * array.ndim
    shape[axes.batch], shape[axes.steps] = len(lengths), array.shape[axes.steps]
    mask = np.arange(array.shape[axes.steps]) < lengths[:, np.newaxis]
    return (mask if axes.batch < axes.steps else mask.T).reshape(shape)


def _first_steps(array: Array, axes: Axes, n_steps: int) -> Array:
    """A view of the steps up to a number; of everything where there are no steps."""
    return array if axes.steps is None else array[(slice(None),) * axes.steps + (slice(n_steps),)]
