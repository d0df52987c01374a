"""Gradient checks along one random direction, against central differences.

The inputs and all parameters move together along one random direction, and the outputs are weighted by one random
covector. A wrong term anywhere, in however few elements, changes the single number that is compared.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from skneural.layers.layer import Context, Layer
from skneural.losses.loss import Loss
from skneural.ops.types import Array, Arrays, Vjp
from skneural.parameters import Layout, Snapshot, leaves

RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-8


def check_gradients(
    layer: Layer, x: Arrays, context: Context | None = None, *, seed: int = 0, step: float = 1e-6
) -> None:
    """Compare the gradients of a layer with central differences, in float64.

    Parameters
    ----------
    layer : Layer
        Layer or network.
    x : array, sparse matrix, or tuple of them
        Input, at a distance of more than a few `step` from kinks, such as zero for the ReLU. Integer and sparse x, and
        x whose dx is None, are held fixed.
    context : Context, optional
        Copied for each pass, so that every pass draws the same random numbers. By default a training context.
    seed : int, default=0
        Seed of the parameters, the direction and the covector.
    step : float, default=1e-6
        Length of the step to either side.

    Raises
    ------
    AssertionError
        If gradients are wrong or incomplete, or if the layer modifies x, dy or its parameters.
    """
    rng = np.random.default_rng(seed)
    context = training_context(seed) if context is None else context
    x = in_dtype(x, np.float64)
    layout = Layout(layer.parameters())
    start = random_start(layout, rng, np.float64)
    y, dy, dx, gradient, _ = one_pass(layer, layout, start, x, context, seed)
    along_x, along_w = _direction(x, dx, rng), rng.standard_normal(layout.size)

    def moved(distance: float) -> float:
        tree = layout.views(start.vector + distance * along_w, start.buffers.copy())
        moved_y, _ = layer.forward(tree, _moved(x, along_x, distance), copy.deepcopy(context))
        return float(
            np.sum(dy * (moved_y - y))
        )  # the difference of the outputs loses fewer digits than that of the sums

    terms = [gradient * along_w, *(part * along for part, along in _pairs(dx, along_x))]
    _compare(terms, (moved(step) - moved(-step)) / (2 * step), f"{layer}")


def check_vjp(
    op: Callable[..., tuple[Array, Vjp]],
    inputs: Sequence[Array],
    parameters: Sequence[Array] = (),
    *,
    seed: int = 0,
    step: float = 1e-6,
) -> None:
    """Compare the vector-Jacobian product of an operation with central differences, in float64.

    Parameters
    ----------
    op : callable
        ``y, vjp = op(*inputs, *parameters)`` and ``vjp(dy, *d_parameters) -> d_input``, or a tuple with the gradient of
        each input, None for one that is not differentiated. The `d_parameters` are filled.
    inputs : sequence of float arrays
        Keep them away from kinks.
    parameters : sequence of float arrays, default=()
    seed : int, default=0
        Draws the direction and the covector.
    step : float, default=1e-6
        Length of the step to either side.

    Raises
    ------
    AssertionError
        If gradients are wrong or not written, or if the operation writes into its arguments or into dy.
    """
    rng = np.random.default_rng(seed)
    arguments = [argument.astype(np.float64) for argument in (*inputs, *parameters)]
    y, vjp = op(*arguments)
    dy = rng.standard_normal(y.shape)
    before = copy.deepcopy((*arguments, dy))
    d_parameters = [np.full(parameter.shape, np.nan) for parameter in parameters]
    d_inputs = vjp(dy, *d_parameters)
    d_inputs = d_inputs if isinstance(d_inputs, tuple) else (d_inputs,)
    assert unchanged((*arguments, dy), before), "The operation writes into its arguments or into dy."
    assert not any(np.isnan(d).any() for d in d_parameters), "Not all of the gradients of parameters is written."
    along = [_direction(x, dx, rng) for x, dx in zip(arguments, (*d_inputs, *d_parameters), strict=True)]

    def moved(distance: float) -> float:
        moved_y, _ = op(*(_moved(*pair, distance) for pair in zip(arguments, along, strict=True)))
        return float(np.sum(dy * (moved_y - y)))

    terms = [part * direction for part, direction in _pairs((*d_inputs, *d_parameters), tuple(along))]
    _compare(terms, (moved(step) - moved(-step)) / (2 * step), "operation")


def check_loss(
    loss: Loss,
    y: Array,
    raw: Array,
    sample_weight: Array | None = None,
    *,
    gradient_scale: float = 1.0,
    rows_are_samples: bool = True,
    seed: int = 0,
    step: float = 1e-6,
) -> None:
    """Check that a loss follows the protocol, and compare its gradient with central differences, in float64.

    Parameters
    ----------
    loss : Loss
    y : array of shape (rows, ...)
        Targets, encoded for the loss.
    raw : array of shape (rows, n_outputs)
        Raw scores, away from kinks of the loss.
    sample_weight : array of shape (rows,), optional
        By default all weights are one.
    gradient_scale : float, default=1.0
        Factor by which the loss scales its gradient intentionally.
    rows_are_samples : bool, default=True
        False if several rows of raw are one sample.
    seed : int, default=0
        Seed of the direction.
    step : float, default=1e-6
        Length of the step to either side.

    Raises
    ------
    AssertionError
        If the gradient is not that of the mean over outputs, a weight of two is not equivalent to a repetition, parts
        of a batch do not add up, single precision does not stay single, or the loss modifies y, raw or sample_weight.
    """
    raw = raw.astype(np.float64)
    before = copy.deepcopy((y, raw, sample_weight))
    _, gradient = loss.value_and_gradient(y, raw, sample_weight)
    assert unchanged((y, raw, sample_weight), before), f"{loss} writes into y, raw or sample_weight."
    assert gradient.shape == raw.shape, f"{loss}: raw has shape {raw.shape}, its gradient {gradient.shape}."
    along = np.random.default_rng(seed).standard_normal(raw.shape)

    def moved(distance: float) -> float:
        return gradient_scale * float(np.mean(loss.value(y, raw + distance * along, sample_weight)))

    _compare([gradient * along], (moved(step) - moved(-step)) / (2 * step), f"{loss}")
    _check_precision_of_loss(loss, y, raw)
    if rows_are_samples:
        _check_parts_and_repetitions(loss, y, raw)


def _check_parts_and_repetitions(loss: Loss, y: Array, raw: Array) -> None:
    """Check that weights are repetitions, also for the best constant, and that parts of a batch add up to it."""
    n = len(raw)
    counts = 1 + np.arange(n) % 2
    repeated, weight, total = np.repeat(np.arange(n), counts), counts.astype(np.float64), float(counts.sum())
    value, gradient = loss.value_and_gradient(y, raw, weight, total)
    expected, each = loss.value_and_gradient(y[repeated], raw[repeated])
    summed = np.zeros_like(gradient)
    np.add.at(summed, repeated, each)
    same = np.allclose(value, expected, rtol=1e-9) and np.allclose(gradient, summed, rtol=1e-9, atol=1e-14)
    assert same, f"{loss}: a weight of two is not equivalent to a repetition."
    best, best_repeated = loss.best_constant(y, weight), loss.best_constant(y[repeated])
    same = np.allclose(best, best_repeated, rtol=1e-9, atol=1e-12)
    assert same, f"{loss}: best_constant is another one if samples are repeated instead of weighed."
    half = n // 2
    first, second = [
        loss.value_and_gradient(y[part], raw[part], weight[part], total) for part in (slice(half), slice(half, n))
    ]
    same = np.allclose(first[0] + second[0], value, rtol=1e-9)
    same = same and np.allclose(np.concatenate([first[1], second[1]]), gradient, rtol=1e-9, atol=1e-14)
    assert same, f"{loss}: parts of a batch, with `total` of the whole, do not add up."


def _check_precision_of_loss(loss: Loss, y: Array, raw: Array) -> None:
    value, gradient = loss.value_and_gradient(np.asarray(in_dtype(y, np.float32)), raw.astype(np.float32))
    exact, _ = loss.value_and_gradient(y, raw)
    assert gradient.dtype == np.float32, f"{loss}: the gradient of float32 is {gradient.dtype}."
    assert np.allclose(value, exact, rtol=1e-3, atol=1e-5), f"{loss}: single precision gives another value."


class Pass(NamedTuple):
    """Results of one forward and one backward pass."""

    y: Array
    dy: Array
    dx: Arrays | None
    gradient: Array
    buffers: Array


def one_pass(layer: Layer, layout: Layout, start: Snapshot, x: Arrays, context: Context, seed: int) -> Pass:
    """Run forward and backward from a copy of `start` with a random dy, and check that no input is modified."""
    vector, buffers = start.vector.copy(), start.buffers.copy()
    gradient = np.full_like(vector, np.nan)  # elements that stay NaN were not written
    x_before = copy.deepcopy(x)
    y, backward = layer.forward(layout.views(vector, buffers), x, copy.deepcopy(context))
    assert unchanged(x, x_before), f"{layer}: forward writes into x."
    dy = np.random.default_rng(seed).standard_normal(y.shape).astype(y.dtype)
    dy_before = dy.copy()
    dx = backward(dy, layout.views(gradient))
    assert unchanged(x, x_before), f"{layer}: backward writes into x."
    assert unchanged(dy, dy_before), f"{layer}: backward writes into dy."
    assert unchanged(vector, start.vector), f"{layer}: forward or backward writes into the parameters."
    unwritten = [name for name, array in leaves(layout.views(gradient)) if np.isnan(array).any()]
    assert not unwritten, f"{layer}: backward does not write all of the gradient of {', '.join(unwritten)}."
    return Pass(y, dy, dx, gradient, buffers)


def training_context(seed: int) -> Context:
    return Context(np.random.default_rng(seed))


def random_start(layout: Layout, rng: np.random.Generator, dtype: npt.DTypeLike) -> Snapshot:
    """Initial parameters with noise: at zeros and ones, many wrong gradients look right."""
    start = layout.initial(rng, dtype)
    return Snapshot(start.vector + 0.1 * rng.standard_normal(layout.size).astype(dtype), start.buffers)


def in_dtype(x: Arrays, dtype: npt.DTypeLike) -> Arrays:
    """Convert floating-point arrays to the dtype; leave all others as they are."""
    if isinstance(x, tuple):
        return tuple(in_dtype(part, dtype) for part in x)
    return x.astype(dtype) if hasattr(x, "dtype") and x.dtype.kind == "f" else x


def unchanged(now: Any, before: Any) -> bool:
    """Compare arrays, sparse matrices, or tuples of them, element by element."""
    if isinstance(now, tuple):
        return all(unchanged(*pair) for pair in zip(now, before, strict=True))
    if sparse.issparse(now):
        return now.shape == before.shape and np.array_equal(now.toarray(), before.toarray())
    return not isinstance(now, np.ndarray) or np.array_equal(now, before, equal_nan=now.dtype.kind == "f")


def _direction(x: Arrays, dx: Arrays | None, rng: np.random.Generator) -> Arrays | None:
    """Random direction of the shape of x; None where x is held fixed."""
    if isinstance(x, tuple):
        return tuple(_direction(*pair, rng) for pair in zip(x, (None,) * len(x) if dx is None else dx, strict=True))
    if dx is None or not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        return None
    assert np.shape(dx) == x.shape, f"x has shape {x.shape}, but dx has shape {np.shape(dx)}."
    return rng.standard_normal(x.shape)


def _moved(x: Arrays, along: Arrays | None, distance: float) -> Arrays:
    if isinstance(along, tuple):
        return tuple(_moved(*pair, distance) for pair in zip(x, along, strict=True))
    return x if along is None else x + distance * along


def _pairs(dx: Arrays | None, along: Arrays | None) -> Iterator[tuple[Any, Any]]:
    if isinstance(along, tuple):
        for pair in zip((None,) * len(along) if dx is None else dx, along, strict=True):
            yield from _pairs(*pair)
    elif along is not None:
        yield dx, along


def _compare(terms: list[Array], numeric: float, name: str) -> None:
    exact = sum(float(np.sum(term)) for term in terms)
    size = abs(exact) + math.sqrt(sum(float(np.sum(term * term)) for term in terms))  # terms may cancel
    wrong = not abs(exact - numeric) <= RELATIVE_TOLERANCE * size + ABSOLUTE_TOLERANCE
    assert not wrong, f"{name}: the gradients give a slope of {exact:.9g}, central differences give {numeric:.9g}."
