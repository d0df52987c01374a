"""Checks of the layer protocol (the rules at the top of `skneural.layers.layer`), except for gradients."""

from __future__ import annotations

import copy
import dataclasses
import io
import pickle
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import numpy as np
from scipy import sparse

from skneural.layers.layer import WHOLE_BATCH, AnyShape, Context, Layer
from skneural.ops.dimension import Dimension
from skneural.ops.types import Array, Arrays
from skneural.parameters import Layout, Snapshot
from skneural.testing.gradient_check import Pass, in_dtype, one_pass, random_start, training_context, unchanged


def check_layer(
    layer: Layer, x: Arrays, context: Context | None = None, *, batch_axis: int | None = 0, seed: int = 0
) -> None:
    """Check that a layer follows the layer protocol; `check_gradients` checks its gradients.

    Parameters
    ----------
    layer : Layer
        Layer or network.
    x : array, sparse matrix, or tuple of them
        Input with at least two rows.
    context : Context, optional
        By default a training context. Prediction uses a copy whose `rng` is None.
    batch_axis : int or None, default=0
        Batch axis of x and y. None if rows are not predicted independently, as in a graph.
    seed : int, default=0
        Seed of the parameters.

    Raises
    ------
    AssertionError
        If the layer breaks a rule.
    """
    context = training_context(seed) if context is None else context
    _check_value(layer)
    layout = Layout(layer.parameters())
    for dtype in (np.float32, np.float64):
        start = random_start(layout, np.random.default_rng(seed), dtype)
        reference = _check_dtypes(layer, layout, start, in_dtype(x, dtype), context, seed)
    x = in_dtype(x, np.float64)
    _check_passes_are_independent(layer, layout, start, x, context, reference)
    _check_memory_order(layer, layout, start, x, context, reference)
    start = start._replace(buffers=reference.buffers)  # no longer the initial ones
    predicting = dataclasses.replace(context, rng=None, shard=WHOLE_BATCH)
    _check_shape(layer, layout, start, x, predicting)
    _check_predict(layer, layout, start, x, predicting)
    if batch_axis is not None:
        _check_rows_are_independent(layer, layout, start, x, predicting, batch_axis)


class _ArrayFinder(pickle.Pickler):
    """Pickler that records whether the object contains an array; classes may have been defined anywhere."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.has_array = False
        self.classes: list[object] = []

    def persistent_id(self, value: object) -> int | None:
        self.has_array = self.has_array or isinstance(value, np.ndarray) or sparse.issparse(value)
        if not isinstance(value, type | FunctionType):
            return None
        self.classes.append(value)
        return len(self.classes) - 1


class _Loader(pickle.Unpickler):
    """The inverse of `_ArrayFinder`."""

    def __init__(self, file: io.BytesIO, classes: list[object]) -> None:
        super().__init__(file)
        self._classes = classes

    def persistent_load(self, number: Any) -> object:
        return self._classes[number]


def _check_value(layer: Layer) -> None:
    name = type(layer).__name__
    frozen = getattr(getattr(layer, "__dataclass_params__", None), "frozen", False)
    assert frozen, f"{name} must be a frozen dataclass."
    hash(layer)
    file = io.BytesIO()
    finder = _ArrayFinder(file)
    finder.dump(layer)
    assert not finder.has_array, f"{name} holds an array; declare a Parameter or a Buffer instead."
    file.seek(0)
    copied = _Loader(file, finder.classes).load()
    assert copied == layer, f"{name} is not equal to its pickled copy."
    assert hash(copied) == hash(layer), f"{name} has another hash than its pickled copy."


def _check_dtypes(layer: Layer, layout: Layout, start: Snapshot, x: Arrays, context: Context, seed: int) -> Pass:
    """Check all dtypes, and return the pass as a reference for the other checks."""
    dtype = start.vector.dtype
    reference = one_pass(layer, layout, start, x, context, seed)
    y, dx = reference.y, reference.dx
    assert y.dtype == dtype, f"{layer}: y is {y.dtype} where everything else is {dtype}."
    for part in dx if isinstance(dx, tuple) else (dx,):
        assert part is None or part.dtype == dtype, f"{layer}: dx is {part.dtype} where everything else is {dtype}."
    predicted = layer.predict(layout.views(start.vector, start.buffers.copy()), x)
    assert predicted.dtype == dtype, f"{layer}: predict gives {predicted.dtype} where everything else is {dtype}."
    return reference


def _check_shape(layer: Layer, layout: Layout, start: Snapshot, x: Any, context: Context) -> None:
    if context.batch.lengths is not None:
        return  # series of unequal lengths may become fewer rows than their padded shape implies
    y, _ = layer.forward(layout.views(start.vector.copy(), start.buffers.copy()), x, context)
    shape = layer.shape(tuple(part.shape for part in x) if isinstance(x, tuple) else x.shape)
    assert shape == y.shape, f"{layer}: shape returns {shape}, but y has shape {y.shape}."
    for x_shape in _partly_unknown_shapes(x):
        try:
            shape = layer.shape(x_shape)
        except TypeError as error:
            raise AssertionError(f"{layer}: shape does not accept a named dimension: {x_shape}.") from error
        pairs = zip(shape, y.shape, strict=False)
        right = len(shape) == y.ndim and all(isinstance(n, Dimension) or n == size for n, size in pairs)
        assert right, f"{layer}: shape returns {shape} for x of shape {x_shape}, but y has shape {y.shape}."


def _partly_unknown_shapes(x: Any) -> Iterator[Any]:
    """Shapes of x with one dimension unknown, each in turn; in a tuple, the same dimension of all arrays."""
    if isinstance(x, tuple):
        shortest = min(len(part.shape) for part in x)
        yield from (tuple(_without(part.shape, axis) for part in x) for axis in range(shortest))
    else:
        yield from (_without(x.shape, axis) for axis in range(len(x.shape)))


def _without(shape: tuple[int, ...], axis: int) -> AnyShape:
    return (*shape[:axis], Dimension("unknown"), *shape[axis + 1 :])


def _check_passes_are_independent(
    layer: Layer, layout: Layout, start: Snapshot, x: Arrays, context: Context, reference: Pass
) -> None:
    """Check that a second forward does not change the backward of the first."""
    tree, gradient = layout.views(start.vector.copy(), start.buffers.copy()), np.empty_like(start.vector)
    y, backward = layer.forward(tree, x, copy.deepcopy(context))
    layer.forward(tree, _halved(x), copy.deepcopy(context))
    dx = backward(reference.dy, layout.views(gradient))
    same = np.array_equal(y, reference.y) and np.array_equal(gradient, reference.gradient)
    same = same and unchanged(dx, reference.dx)
    assert same, f"{layer}: a second forward changes the output or the gradients of the first."


def _check_memory_order(
    layer: Layer, layout: Layout, start: Snapshot, x: Arrays, context: Context, contiguous: Pass
) -> None:
    """Check that strided x and dy, which may be views, give the same as contiguous ones."""
    tree, gradient = layout.views(start.vector.copy(), start.buffers.copy()), np.empty_like(start.vector)
    y, backward = layer.forward(tree, _strided(x), copy.deepcopy(context))
    dx = backward(_strided(contiguous.dy), layout.views(gradient))
    assert _close(y, contiguous.y), f"{layer}: the output depends on the memory layout of x."
    assert _close(gradient, contiguous.gradient), (
        f"{layer}: parameter gradients depend on the memory layout of x or dy."
    )
    assert _close(dx, contiguous.dx), f"{layer}: dx depends on the memory layout of x or dy."


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
    assert n > 1, "x must have at least two rows, to check that they are independent."
    for rows in (slice(0, n // 2), slice(n // 2, n)):
        part = layer.predict(tree, _rows(x, rows, axis), context)
        same = part.shape[axis] == rows.stop - rows.start and _close(part, _rows(whole, rows, axis))
        assert same, f"{layer}: the prediction of a row depends on the other rows."


def _rows(x: Arrays, rows: slice, axis: int) -> Arrays:
    if isinstance(x, tuple):
        return tuple(_rows(part, rows, axis) for part in x)
    return x[rows] if sparse.issparse(x) else x[(slice(None),) * axis + (rows,)]


def _halved(x: Arrays) -> Arrays:
    """Half of the input, as a second one; integers stay as they are."""
    if isinstance(x, tuple):
        return tuple(_halved(part) for part in x)
    return 0.5 * x if hasattr(x, "dtype") and x.dtype.kind == "f" else x


def _strided(x: Arrays) -> Arrays:
    """Copy of the same values in a memory order that is neither C nor Fortran."""
    if isinstance(x, tuple):
        return tuple(_strided(part) for part in x)
    if not isinstance(x, np.ndarray) or x.ndim == 0:
        return x
    wide: Array = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype, order="F")
    wide[..., ::2] = x
    return wide[..., ::2]


def _close(actual: Any, expected: Any) -> bool:
    if isinstance(actual, tuple):
        return all(_close(*pair) for pair in zip(actual, expected, strict=True))
    if actual is None or expected is None:
        return actual is expected
    return actual.shape == expected.shape and np.allclose(actual, expected, rtol=1e-8, atol=1e-10)
