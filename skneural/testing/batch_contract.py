"""Checks that the padding of a batch and its split into shards do not change the result of a layer."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skneural.data import BatchInfo
from skneural.layers.layer import WHOLE_BATCH, Context, Layer, Shard, Share
from skneural.ops.types import Array
from skneural.parameters import Layout, Snapshot
from skneural.testing.gradient_check import in_dtype, random_start
from skneural.training.threads import Shards

JUNK = 1e3  # replaces zeros in the padding


class SampleAxes(NamedTuple):
    """Meaning of the axes of an array.

    Attributes
    ----------
    batch : int
        Axis of the samples, or of their elements.
    steps : int or None
        Axis of the steps of padded series.
    elements : bool
        True if the batch axis contains the concatenated elements of all samples.
    """

    batch: int = 0
    steps: int | None = None
    elements: bool = False


ROWS = SampleAxes()
ELEMENTS = SampleAxes(elements=True)
BATCH_FIRST = SampleAxes(0, 1)  # (batch, steps, features)
TIME_FIRST = SampleAxes(2, 0)  # (steps, features, batch)
IMAGE_AXES = SampleAxes(3, 2)  # (height, channels, width, batch)


def check_padding(
    layer: Layer, x: Array, lengths: Array, x_axes: SampleAxes, y_axes: SampleAxes, *, seed: int = 0
) -> None:
    """Check that the padding of series changes nothing before it, in training and in prediction.

    The gradient dy is zero in the padding, as subsequent layers ignore it, too. Then dx must be zero there as well.

    Parameters
    ----------
    layer : Layer
    x : array
        Padded series.
    lengths : integer array of shape (samples,)
    x_axes, y_axes : SampleAxes
        Axes of x and y.
    seed : int, default=0
        Seed of the parameters and of dy.

    Raises
    ------
    AssertionError
        If y, a gradient or a buffer depends on the padding.
    """
    layout = Layout(layer.parameters())
    start = random_start(layout, np.random.default_rng(seed), np.float64)
    x = np.asarray(in_dtype(x, np.float64))
    assert x_axes.steps is not None, "x has no steps."
    n_steps = x.shape[x_axes.steps]
    junk = np.where(_real(x, lengths, x_axes), x, x.dtype.type(JUNK if x.dtype.kind == "f" else 0))
    n_y_steps = int(layer.output_lengths(np.array([n_steps]))[0])
    longer = np.concatenate([junk, junk.take([-1, -1], x_axes.steps)], axis=x_axes.steps)
    for rng in (np.random.default_rng(seed), None):
        context = Context(rng, BatchInfo(lengths=lengths))
        before = copy.deepcopy(rng.bit_generator.state) if rng else None
        layer.forward(layout.views(start.vector.copy(), start.buffers.copy()), x, context)
        draws = rng is not None and rng.bit_generator.state != before
        # Random numbers are drawn for the padding, too: more padding changes those of all elements.
        for other in (junk,) if draws else (junk, longer):
            context = Context(np.random.default_rng(seed) if rng else None, BatchInfo(lengths=lengths))
            _compare_padding(layer, layout, start, (x, other), context, (x_axes, y_axes), (n_steps, n_y_steps), seed)


def _compare_padding(
    layer: Layer,
    layout: Layout,
    start: Snapshot,
    inputs: tuple[Array, Array],
    context: Context,
    axes: tuple[SampleAxes, SampleAxes],
    steps: tuple[int, int],
    seed: int,
) -> None:
    lengths: Any = context.batch.lengths
    (n_steps, n_y_steps), y_lengths = steps, layer.output_lengths(lengths)
    (x_axes, y_axes), passes = axes, []
    for x in inputs:
        gradient, buffers = np.full_like(start.vector, np.nan), start.buffers.copy()
        y, backward = layer.forward(layout.views(start.vector, buffers), x, copy.deepcopy(context))
        kept = _first_steps(y, y_axes, n_y_steps)
        real = _real(kept, y_lengths, y_axes)
        dy = np.zeros(y.shape)
        _first_steps(dy, y_axes, n_y_steps)[...] = np.random.default_rng(seed).standard_normal(kept.shape) * real
        dx = backward(dy, layout.views(gradient))
        results = [kept * real, gradient, buffers]
        if dx is not None:
            in_padding = (dx * ~_real(dx, lengths, x_axes)).any()
            assert not in_padding, f"{layer}: dx is not zero beyond the ends of the series."
            results.append(_first_steps(dx, x_axes, n_steps))
        passes.append(results)
    for name, expected, actual in zip(("y", "the gradient", "a buffer", "dx"), *passes, strict=False):
        same = np.allclose(actual, expected, rtol=1e-9, atol=1e-11)
        assert same, f"{layer}: {name} depends on the padding beyond the end of a series."


def check_shards(
    layer: Layer,
    x: Any,
    x_axes: SampleAxes,
    y_axes: SampleAxes,
    *,
    n_samples: int,
    lengths: Array | None = None,
    sample_weight: Array | None = None,
    n_shards: int = 2,
    seed: int = 0,
) -> None:
    """Check that the shards of a training batch give the same y, gradients, buffers and penalties as the whole batch.

    Parameters
    ----------
    layer : Layer
    x : array or sparse matrix
    x_axes, y_axes : SampleAxes
        Axes of x and y.
    n_samples : int
    lengths : integer array of shape (n_samples,), optional
        Number of elements of each sample; by default all have equally many.
    sample_weight : array of shape (n_samples,), optional
    n_shards : int, default=2
    seed : int, default=0
        Seed of the parameters, of dy and of the random numbers of the layer.

    Raises
    ------
    AssertionError
        If any of them differs.
    """
    layout = Layout(layer.parameters())
    start = random_start(layout, np.random.default_rng(seed), np.float64)
    x = np.asarray(in_dtype(x, np.float64))
    per_sample = lengths, sample_weight
    whole = _ShardResult.of(layer, layout, start, x, None, _context(seed, None, per_sample))
    tree_buffers = start.buffers.copy()
    with Shards(n_shards) as shards:
        parts = shards.rows(n_samples)

        def run(i: int) -> _ShardResult:
            samples = Share(parts[i], n_samples)
            x_part, dy_part = _part(x, x_axes, samples, lengths), _part(whole.dy, y_axes, samples, lengths)
            context = _context(seed, samples, per_sample, shards.member(i).sum)
            return _ShardResult.of(layer, layout, start._replace(buffers=tree_buffers), x_part, dy_part, context)

        results = shards.run(run, len(parts))
    pairs: dict[str, tuple[Any, Any]] = {
        "y": (np.concatenate([result.y for result in results], axis=y_axes.batch), whole.y),
        "the gradient": (sum(result.gradient for result in results), whole.gradient),
        "a buffer": (tree_buffers, whole.buffers),
        "the penalty": (sum(result.penalty for result in results), whole.penalty),
    }
    if whole.dx is not None:
        pairs["dx"] = np.concatenate([result.dx for result in results], axis=x_axes.batch), whole.dx
    for name, (combined, expected) in pairs.items():
        same = np.shape(combined) == np.shape(expected) and np.allclose(combined, expected, rtol=1e-8, atol=1e-10)
        assert same, f"{layer}: {name} of {n_shards} shards differs from that of the whole batch."
    same = all(result.random_state == whole.random_state for result in results)
    assert same, f"{layer}: shards draw other random numbers than the whole batch."


class _ShardResult(NamedTuple):
    """Results of the passes over a shard, or over a whole batch."""

    y: Array
    dy: Array
    dx: Any
    gradient: Array
    buffers: Array
    penalty: float
    random_state: Any

    @classmethod
    def of(
        cls, layer: Layer, layout: Layout, start: Snapshot, x: Any, dy: Array | None, context: Context
    ) -> _ShardResult:
        """Run forward and backward; without dy, as for the whole batch, copy the buffers and draw a random dy."""
        buffers = start.buffers.copy() if dy is None else start.buffers
        gradient = np.full_like(start.vector, np.nan)
        y, backward = layer.forward(layout.views(start.vector, buffers), x, context)
        dy = np.random.default_rng(0).standard_normal(y.shape) if dy is None else dy
        dx = backward(dy, layout.views(gradient))
        assert context.rng is not None
        state = context.rng.bit_generator.state
        return cls(y, dy, dx, gradient, buffers, sum(context.penalties or []), state)


def _context(
    seed: int,
    samples: Share | None,
    per_sample: tuple[Array | None, Array | None],
    sum_over_shards: Callable[[Array], Array] | None = None,
) -> Context:
    """Training context with penalties, for a share of the samples or for all."""
    rows = slice(None) if samples is None else samples.rows
    lengths, weight = (None if array is None else array[rows] for array in per_sample)
    whole, shard = per_sample[0], WHOLE_BATCH
    if samples is not None:
        elements = None if whole is None else Share(_elements(rows, whole), int(whole.sum()))
        shard = Shard(samples, elements, sum_over_shards)
    return Context(np.random.default_rng(seed), BatchInfo(lengths, sample_weight=weight), shard, penalties=[])


def _elements(rows: slice, lengths: Array) -> slice:
    first = int(lengths[: rows.start].sum())
    return slice(first, first + int(lengths[rows].sum()))


def _part(array: Any, axes: SampleAxes, samples: Share, lengths: Array | None) -> Any:
    """Part of an array of the whole batch that belongs to a share of the samples."""
    rows = samples.rows
    if axes.elements:
        n_elements = np.full(samples.of, array.shape[0] // samples.of) if lengths is None else lengths
        rows = _elements(rows, n_elements)
    return array[rows] if axes.batch == 0 else array[(slice(None),) * axes.batch + (rows,)]


def _real(array: Array, lengths: Array, axes: SampleAxes) -> Array:
    """Mask of the elements that are not padding, in a shape that broadcasts to the array."""
    if axes.steps is None:
        return np.ones((1,) * array.ndim, bool)
    shape = [1] * array.ndim
    shape[axes.batch], shape[axes.steps] = len(lengths), array.shape[axes.steps]
    mask = np.arange(array.shape[axes.steps]) < lengths[:, np.newaxis]
    return (mask if axes.batch < axes.steps else mask.T).reshape(shape)


def _first_steps(array: Array, axes: SampleAxes, n_steps: int) -> Array:
    """View of the first steps; of the whole array if it has no steps."""
    return array if axes.steps is None else array[(slice(None),) * axes.steps + (slice(n_steps),)]
