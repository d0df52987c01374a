"""Whether gradients are right: one random direction, against central differences.

The inputs and all parameters move together along one random direction, and the outputs are weighed by one
random covector. A wrong term anywhere, in however few elements, changes the one number that is compared.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from skneural.layers.layer import Context, Layer
from skneural.losses.loss import Loss
from skneural.ops.types import Array, Arrays
from skneural.parameters import Layout, Snapshot, leaves

RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-8


def check_gradients(
    layer: Layer, x: Arrays, context: Context | None = None, *, seed: int = 0, step: float = 1e-6
) -> None:
    """Compare what a layer's backward returns and writes with central differences, in float64.

    Parameters
    ----------
    layer : Layer
        A whole network is a layer, too.
    x : array, sparse matrix, or tuple of them
        Keep it away from kinks, such as zero for the ReLU, by more than a few `step`. Integer and sparse x,
        and x whose dx is None, are held fixed.
    context : Context, optional
        Copied for each pass, so that every pass draws the same random numbers. By default the layer is training.
    seed : int, default=0
        Draws the parameters, the direction and the covector.
    step : float, default=1e-6
        Length of the step to either side.

    Raises
    ------
    AssertionError
        If gradients are wrong or not written, or if the layer writes into what it only borrows.
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
        return float(np.sum(dy * (moved_y - y)))  # the difference, because it loses fewer digits than the sum

    terms = [gradient * along_w, *(part * along for part, along in _pairs(dx, along_x))]
    _compare(terms, (moved(step) - moved(-step)) / (2 * step), f"{layer}")


def check_loss(
    loss: Loss,
    y: Array,
    raw: Array,
    sample_weight: Array | None = None,
    *,
    gradient_scale: float = 1.0,
    seed: int = 0,
    step: float = 1e-6,
) -> None:
    """Compare a loss's gradient with central differences of the mean over outputs of its value, in float64.

    Parameters
    ----------
    loss : Loss
        What is checked.
    y : array of shape (rows, ...)
        Encoded as the loss wants it.
    raw : array of shape (rows, n_outputs)
        Keep it away from kinks.
    sample_weight : array of shape (rows,), optional
        By default all rows weigh one.
    gradient_scale : float, default=1.0
        What the loss multiplies its gradient by on purpose.
    seed : int, default=0
        Draws the direction.
    step : float, default=1e-6
        Length of the step to either side.

    Raises
    ------
    AssertionError
        If the gradient is wrong, or if the loss writes into y, raw or sample_weight.
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


class Pass(NamedTuple):
    """What came out of one forward and backward."""

    y: Array
    dy: Array
    dx: Arrays | None
    gradient: Array
    buffers: Array


def one_pass(layer: Layer, layout: Layout, start: Snapshot, x: Arrays, context: Context, seed: int) -> Pass:
    """Go forward and back from a copy of `start`, with a random dy, and see that nothing borrowed was written."""
    vector, buffers = start.vector.copy(), start.buffers.copy()
    gradient = np.full_like(vector, np.nan)  # what stays NaN was not written
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
    """Fresh parameters, moved at random: at zeros and ones many a wrong gradient looks right."""
    start = layout.initial(rng, dtype)
    return Snapshot(start.vector + 0.1 * rng.standard_normal(layout.size).astype(dtype), start.buffers)


def in_dtype(x: Arrays, dtype: npt.DTypeLike) -> Arrays:
    """Floating x in the given dtype; everything else as it is."""
    if isinstance(x, tuple):
        return tuple(in_dtype(part, dtype) for part in x)
    return x.astype(dtype) if hasattr(x, "dtype") and x.dtype.kind == "f" else x


def unchanged(now: Any, before: Any) -> bool:
    """Whether arrays, sparse matrices, or tuples of them, are equal element by element."""
    if isinstance(now, tuple):
        return all(unchanged(*pair) for pair in zip(now, before, strict=True))
    if sparse.issparse(now):
        return now.shape == before.shape and np.array_equal(now.toarray(), before.toarray())
    return not isinstance(now, np.ndarray) or np.array_equal(now, before, equal_nan=now.dtype.kind == "f")


def _direction(x: Arrays, dx: Arrays | None, rng: np.random.Generator) -> Arrays | None:
    """A random direction like x; None where x is held fixed."""
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


def _compare(terms: list[Array], numeric: float, what: str) -> None:
    exact = sum(float(np.sum(term)) for term in terms)
    size = abs(exact) + math.sqrt(sum(float(np.sum(term * term)) for term in terms))  # terms may cancel
    wrong = not abs(exact - numeric) <= RELATIVE_TOLERANCE * size + ABSOLUTE_TOLERANCE
    assert not wrong, f"{what}: the gradients give a slope of {exact:.9g}, central differences give {numeric:.9g}."
