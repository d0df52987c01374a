"""Whether a layer keeps the rules at the top of `skneural.layers.layer`, gradients apart."""

from __future__ import annotations

import copy
import dataclasses
import io
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from skneural.layers.layer import AnyShape, Context, Layer
from skneural.ops.types import Array, Arrays
from skneural.parameters import Layout, Snapshot
from skneural.testing.gradient_check import Pass, in_dtype, one_pass, random_start, training_context, unchanged


def check_layer(
    layer: Layer, x: Arrays, context: Context | None = None, *, batch_axis: int | None = 0, seed: int = 0
) -> None:
    """Check that a layer keeps the layer protocol; `check_gradients` checks its gradients.

    Parameters
    ----------
    layer : Layer
        A whole network is a layer, too.
    x : array, sparse matrix, or tuple of them
        At least two rows.
    context : Context, optional
        By default the layer is training. It predicts with a copy whose `rng` is None.
    batch_axis : int or None, default=0
        The axis of x and y that counts rows. None if rows are not predicted independently, as in a graph.
    seed : int, default=0
        Draws the parameters.

    Raises
    ------
    AssertionError
        With a sentence that says which rule is broken.
    """
    context = training_context(seed) if context is None else context
    _check_value(layer)
    layout = Layout(layer.parameters())
    for dtype in (np.float32, np.float64):
        start = random_start(layout, np.random.default_rng(seed), dtype)
        alone = _check_dtypes(layer, layout, start, in_dtype(x, dtype), context, seed)
    x = in_dtype(x, np.float64)
    _check_passes_are_independent(layer, layout, start, x, context, alone)
    _check_memory_order(layer, layout, start, x, context, alone)
    start = start._replace(buffers=alone.buffers)  # no longer at their fill
    predicting = dataclasses.replace(context, rng=None, samples=None, elements=None, sum_over_shards=None)
    _check_shape(layer, layout, start, x, predicting)
    _check_predict(layer, layout, start, x, predicting)
    if batch_axis is not None:
        _check_rows_are_independent(layer, layout, start, x, predicting, batch_axis)


class _ArrayFinder(pickle.Pickler):
    """Pickles, and notes whether an array goes by."""

    found = False

    def persistent_id(self, value: object) -> None:
        self.found = self.found or isinstance(value, np.ndarray) or sparse.issparse(value)


def _check_value(layer: Layer) -> None:
    name = type(layer).__name__
    frozen = getattr(getattr(layer, "__dataclass_params__", None), "frozen", False)
    assert frozen, f"{name} must be a frozen dataclass."
    hash(layer)
    file = io.BytesIO()
    finder = _ArrayFinder(file)
    finder.dump(layer)
    assert not finder.found, f"{name} holds an array; declare a Parameter or a Buffer instead."
    copied = pickle.loads(file.getvalue())
    assert copied == layer, f"{name} is not equal to its pickled copy."
    assert hash(copied) == hash(layer), f"{name} has another hash than its pickled copy."


def _check_dtypes(layer: Layer, layout: Layout, start: Snapshot, x: Arrays, context: Context, seed: int) -> Pass:
    """Returns the pass, with which others are compared."""
    dtype = start.vector.dtype
    alone = one_pass(layer, layout, start, x, context, seed)
    y, dx = alone.y, alone.dx
    assert y.dtype == dtype, f"{layer}: y is {y.dtype} where everything else is {dtype}."
    for part in dx if isinstance(dx, tuple) else (dx,):
        assert part is None or part.dtype == dtype, f"{layer}: dx is {part.dtype} where everything else is {dtype}."
    predicted = layer.predict(layout.views(start.vector, start.buffers.copy()), x)
    assert predicted.dtype == dtype, f"{layer}: predict gives {predicted.dtype} where everything else is {dtype}."
    return alone


def _check_shape(layer: Layer, layout: Layout, start: Snapshot, x: Any, context: Context) -> None:
    if context.lengths is not None:
        return  # series of unequal lengths may become fewer rows than their shape tells
    y, _ = layer.forward(layout.views(start.vector.copy(), start.buffers.copy()), x, context)
    told = layer.shape(tuple(part.shape for part in x) if isinstance(x, tuple) else x.shape)
    assert told == y.shape, f"{layer}: shape tells {told}, but y has shape {y.shape}."
    for unknown in _with_unknowns(x):
        try:
            told = layer.shape(unknown)
        except TypeError as error:
            raise AssertionError(f"{layer}: shape does not take None for an unknown number: {unknown}.") from error
        right = len(told) == y.ndim and all(n is None or n == known for n, known in zip(told, y.shape, strict=True))
        assert right, f"{layer}: shape tells {told} for x of shape {unknown}, but y has shape {y.shape}."


def _with_unknowns(x: Any) -> Iterator[Any]:
    """The shape of x with one of its numbers unknown, each in turn; all arrays of a tuple do not know the same one."""
    if isinstance(x, tuple):
        shortest = min(len(part.shape) for part in x)
        yield from (tuple(_without(part.shape, axis) for part in x) for axis in range(shortest))
    else:
        yield from (_without(x.shape, axis) for axis in range(len(x.shape)))


def _without(shape: tuple[int, ...], axis: int) -> AnyShape:
    return (*shape[:axis], None, *shape[axis + 1 :])


def _check_passes_are_independent(
    layer: Layer, layout: Layout, start: Snapshot, x: Arrays, context: Context, alone: Pass
) -> None:
    """A second forward must not disturb the backward of the first."""
    tree, gradient = layout.views(start.vector.copy(), start.buffers.copy()), np.empty_like(start.vector)
    y, backward = layer.forward(tree, x, copy.deepcopy(context))
    layer.forward(tree, _halved(x), copy.deepcopy(context))
    dx = backward(alone.dy, layout.views(gradient))
    same = np.array_equal(y, alone.y) and np.array_equal(gradient, alone.gradient) and unchanged(dx, alone.dx)
    assert same, f"{layer}: a second forward changes the output or the gradients of the first."


def _check_memory_order(
    layer: Layer, layout: Layout, start: Snapshot, x: Arrays, context: Context, contiguous: Pass
) -> None:
    """Neighbouring layers may hand over views: strided x and dy must give what contiguous ones give."""
    tree, gradient = layout.views(start.vector.copy(), start.buffers.copy()), np.empty_like(start.vector)
    y, backward = layer.forward(tree, _strided(x), copy.deepcopy(context))
    dx = backward(_strided(contiguous.dy), layout.views(gradient))
    assert _close(y, contiguous.y), f"{layer}: the output depends on how x lies in memory."
    assert _close(gradient, contiguous.gradient), f"{layer}: parameter gradients depend on how x or dy lies in memory."
    assert _close(dx, contiguous.dx), f"{layer}: dx depends on how x or dy lies in memory."


def _check_predict(layer: Layer, layout: Layout, start: Snapshot, x: Arrays, context: Context) -> None:
    vector, buffers = start.vector.copy(), start.buffers.copy()
    tree, x_before = layout.views(vector, buffers), copy.deepcopy(x)
    predicted = layer.predict(tree, x, context)
    assert unchanged(x, x_before), f"{layer}: predict writes into x."
    y, _ = layer.forward(tree, x, context)
    assert _close(predicted, y), f"{layer}: predict differs from forward with a context that predicts."
    written = not (np.array_equal(vector, start.vector) and np.array_equal(buffers, start.buffers))
    assert not written, f"{layer} changes parameters or buffers while predicting."


def _check_rows_are_independent(
    layer: Layer, layout: Layout, start: Snapshot, x: Arrays, context: Context, axis: int
) -> None:
    tree = layout.views(start.vector, start.buffers)
    whole = layer.predict(tree, x, context)
    n = (x[0] if isinstance(x, tuple) else x).shape[axis]
    assert n > 1, "Rows can be told apart only if x has at least two of them."
    for rows in (slice(0, n // 2), slice(n // 2, n)):
        part = layer.predict(tree, _rows(x, rows, axis), context)
        same = part.shape[axis] == rows.stop - rows.start and _close(part, _rows(whole, rows, axis))
        assert same, f"{layer}: what is predicted for a row depends on the rows beside it."


def _rows(x: Arrays, rows: slice, axis: int) -> Arrays:
    if isinstance(x, tuple):
        return tuple(_rows(part, rows, axis) for part in x)
    return x[rows] if sparse.issparse(x) else x[(slice(None),) * axis + (rows,)]


def _halved(x: Arrays) -> Arrays:
    """Another input of the same kind; integers stay as they are."""
    if isinstance(x, tuple):
        return tuple(_halved(part) for part in x)
    return 0.5 * x if hasattr(x, "dtype") and x.dtype.kind == "f" else x


def _strided(x: Arrays) -> Arrays:
    """The same numbers, in a memory order that is neither C nor Fortran."""
    if isinstance(x, tuple):
        return tuple(_strided(part) for part in x)
    if not isinstance(x, np.ndarray) or x.ndim == 0:
        return x
    wide: Array = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype, order="F")
    wide[..., ::2] = x
    return wide[..., ::2]


def _close(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return all(_close(*pair) for pair in zip(one, other, strict=True))
    if one is None or other is None:
        return one is other
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-8, atol=1e-10)
