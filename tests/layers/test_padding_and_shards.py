"""Padding is not seen, and shards are one batch: every layer, in every layout that it accepts."""

import sys

import numpy as np
import pytest
from layer_cases import CELLS, every_layer_class, numbers

from skneural.layers import (
    Activation,
    AttentionPooling,
    BatchLast,
    BatchNormalization,
    Bias,
    Branches,
    Chain,
    Context,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Embedding,
    FilterBank,
    Flatten,
    Gate,
    GlobalPooling,
    LocalResponseNormalization,
    Mask,
    Pooling,
    RandomFlip,
    RandomShift,
    RealSteps,
    Residual,
    RowsFirst,
    SplineEdges,
    Standardization,
    StepPooling,
    StepsFirst,
)
from skneural.ops import memory
from skneural.parameters import Layout
from skneural.testing import check_gradients, check_padding, check_shards
from skneural.testing.batch_contract import BATCH_LAST, ELEMENTS, ROWS, ROWS_FIRST, STEPS_FIRST

LENGTHS = np.array([7, 3, 1, 5])
WEIGHTS = np.array([1.0, 3.0, 0.5, 2.0])
N_SAMPLES = 4
TOKENS = np.random.default_rng(0).integers(0, 5, (4, 7))
X = {
    ROWS: numbers(4, 3),
    ELEMENTS: numbers(16, 3),
    ROWS_FIRST: numbers(4, 7, 3),
    STEPS_FIRST: numbers(7, 3, 4),
    BATCH_LAST: numbers(1, 3, 7, 4),
}
FIRST = {ROWS: -1, ELEMENTS: -1, ROWS_FIRST: -1, STEPS_FIRST: 1, BATCH_LAST: 1}  # the axis of the features
NAMES = {ROWS: "rows", ELEMENTS: "elements", ROWS_FIRST: "rows first", STEPS_FIRST: "steps first", BATCH_LAST: "images"}


def everywhere(name, make):
    """Rows of the table for a layer that accepts every layout, made from the axis of the batch, features, and rows."""
    return {
        f"{name} of {NAMES[axes]}": (
            make(axes.batch, FIRST[axes], "elements" if axes is ELEMENTS else "samples"),
            x,
            axes,
            axes,
        )
        for axes, x in X.items()
    }


WITH_DENSE = {
    "dense": Dense(3, 2),
    "residual": Residual(Chain((Dense(3, 3), Activation("tanh")))),
    "gate": Gate(Dense(3, 2), Chain((Dense(3, 2), Activation("logistic")))),
    "branches": Branches((Dense(3, 2), Activation("relu"))),
}
SLIDING = {
    "convolution": Convolution(3, 2, (1, 4)),
    "depthwise convolution": DepthwiseConvolution(3, (1, 3)),
    "filter bank": FilterBank("gabor", 3, (1, 5)),
}
# name -> layer, x, how x lies, how y lies
CASES = {
    **everywhere("activation", lambda batch, axis, rows: Activation("tanh")),
    **everywhere("dropout", lambda batch, axis, rows: Dropout(0.4, batch, rows)),
    **everywhere("batch normalization", lambda batch, axis, rows: BatchNormalization(3, axis=axis, rows=rows)),
    **everywhere("standardization", lambda batch, axis, rows: Standardization(3, axis)),
    **everywhere("bias", lambda batch, axis, rows: Bias(3, axis)),
    **everywhere(
        "chain", lambda batch, axis, rows: Chain((BatchNormalization(3, axis=axis, rows=rows), Bias(3, axis)))
    ),
    **{
        f"{name} of {NAMES[axes]}": (layer, X[axes], axes, axes)
        for axes in (ROWS, ELEMENTS, ROWS_FIRST)
        for name, layer in WITH_DENSE.items()
    },
    "embedding": (Embedding(5, 3), TOKENS, ROWS_FIRST, ROWS_FIRST),
    **{f"{name} cell": (cell(3, 2), X[STEPS_FIRST], STEPS_FIRST, STEPS_FIRST) for name, cell in CELLS.items()},
    **{
        f"{name} cell backwards": (cell(3, 2, True), X[STEPS_FIRST], STEPS_FIRST, STEPS_FIRST)
        for name, cell in CELLS.items()
    },
    **{
        f"masked {name}": (Chain((Mask(), layer)), X[BATCH_LAST], BATCH_LAST, BATCH_LAST)
        for name, layer in SLIDING.items()
    },
    "mask": (Mask(), X[BATCH_LAST], BATCH_LAST, BATCH_LAST),
    "local response normalization": (LocalResponseNormalization(3), X[BATCH_LAST], BATCH_LAST, BATCH_LAST),
    "max pooling": (Pooling("max", (1, 3), (1, 1), "same"), X[BATCH_LAST], BATCH_LAST, BATCH_LAST),
    "global average pooling": (GlobalPooling("average"), X[BATCH_LAST], BATCH_LAST, ROWS),
    "global max pooling": (GlobalPooling("max"), X[BATCH_LAST], BATCH_LAST, ROWS),
    **{
        f"{name} of steps": (StepPooling(name), X[ROWS_FIRST], ROWS_FIRST, ROWS)
        for name in ("first", "last", "mean", "max")
    },
    "attention pooling": (AttentionPooling(3, 5), X[ROWS_FIRST], ROWS_FIRST, ROWS),
    "to batch last": (BatchLast(), X[ROWS_FIRST], ROWS_FIRST, BATCH_LAST),
    "to steps first": (StepsFirst(), X[ROWS_FIRST], ROWS_FIRST, STEPS_FIRST),
    "to rows first": (RowsFirst(), X[STEPS_FIRST], STEPS_FIRST, ROWS_FIRST),
    "to elements": (RealSteps(), X[ROWS_FIRST], ROWS_FIRST, ELEMENTS),
    "splines": (SplineEdges(3, 2, 4, sparsity=0.1), X[ROWS], ROWS, ROWS),
    "splines of elements": (SplineEdges(3, 2, 4, sparsity=0.1, rows="elements"), X[ELEMENTS], ELEMENTS, ELEMENTS),
}
# Where lengths make no difference: images
OF_IMAGES = {
    "flatten": (Flatten(), numbers(2, 3, 5, 4), BATCH_LAST, ROWS),
    "average pooling": (Pooling("average"), numbers(4, 3, 6, 4), BATCH_LAST, BATCH_LAST),
    "random flip": (RandomFlip(), numbers(4, 5, 6, 3), ROWS, ROWS),
    "random shift": (RandomShift(2), numbers(4, 5, 6, 3), ROWS, ROWS),
    "batch normalization of images": (BatchNormalization(3, axis=1), numbers(2, 3, 5, 4), BATCH_LAST, BATCH_LAST),
    "batch normalization of pixels": (BatchNormalization(3), numbers(4, 5, 6, 3), ROWS, ROWS),
}


def each(cases):
    return pytest.mark.parametrize(("layer", "x", "x_axes", "y_axes"), cases.values(), ids=cases)


PADDED = {name: case for name, case in CASES.items() if case[2].steps is not None}


def test_every_layer_has_a_row():
    def inside(layer):
        yield type(layer)
        for child in getattr(layer, "layers", ()) or getattr(layer, "branches", ()):
            yield from inside(child)

    assert every_layer_class() == {kind for case in (CASES | OF_IMAGES).values() for kind in inside(case[0])}


@each(PADDED)
def test_padding_is_not_seen(layer, x, x_axes, y_axes):
    check_padding(layer, x, LENGTHS, x_axes, y_axes)


@each(CASES)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("n_shards", [2, 4])
def test_shards_are_one_batch(layer, x, x_axes, y_axes, lengths, sample_weight, n_shards):
    check_shards(
        layer,
        x,
        x_axes,
        y_axes,
        n_samples=N_SAMPLES,
        lengths=lengths,
        sample_weight=sample_weight,
        n_shards=n_shards,
    )


@each(OF_IMAGES)
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
def test_shards_of_images_are_one_batch(layer, x, x_axes, y_axes, sample_weight):
    check_shards(layer, x, x_axes, y_axes, n_samples=N_SAMPLES, sample_weight=sample_weight)


@each(CASES)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
def test_gradients(layer, x, x_axes, y_axes, lengths, sample_weight):
    check_gradients(layer, x, Context(np.random.default_rng(0), lengths=lengths, sample_weight=sample_weight))


@each(CASES)
@pytest.mark.parametrize("lengths", [LENGTHS, np.sort(LENGTHS)[::-1]], ids=["unsorted", "sorted"])
@pytest.mark.parametrize("poison", [np.nan, 1e300])
def test_memory_is_written_before_it_is_read(layer, x, x_axes, y_axes, lengths, poison, monkeypatch):
    """Fresh memory may hold anything, also where there are no steps. NaN would spread, and large numbers overflow."""
    layout = Layout(layer.parameters())
    start, passes = layout.initial(np.random.default_rng(0), np.float64), []
    for poisoned in (False, True):
        if poisoned:
            fill_fresh_memory(monkeypatch, poison)
        context, gradient = Context(np.random.default_rng(0), lengths=lengths, penalties=[]), np.zeros(layout.size)
        y, backward = layer.forward(layout.views(start.vector, start.buffers.copy()), x, context)
        dx = backward(numbers(*y.shape, seed=1), layout.views(gradient))
        passes.append((y.copy(), dx if dx is None else dx.copy(), gradient))
    for found, expected in zip(*passes, strict=True):
        np.testing.assert_array_equal(found, expected)


def fill_fresh_memory(monkeypatch, poison):
    def empty(shape, dtype):
        return np.full(shape, poison, dtype) if np.dtype(dtype).kind == "f" else np.empty(shape, dtype)

    def empty_like(array):
        like = memory.empty_like(array)
        if array.dtype.kind == "f":
            like.fill(poison)
        return like

    for name, module in list(sys.modules.items()):
        if name.startswith(("skneural.ops.", "skneural.layers.")) and module is not memory:
            for replacement in (empty, empty_like):
                if hasattr(module, replacement.__name__):
                    monkeypatch.setattr(module, replacement.__name__, replacement)


def test_the_penalty_of_splines_takes_weights_for_repetitions():
    layer, x, weight = SplineEdges(3, 2, 4, sparsity=0.1), X[ROWS], np.array([1, 3, 1, 2])
    layout = Layout(layer.parameters())
    start, passes = layout.initial(np.random.default_rng(0), np.float64), []
    for rows, weights in ((x, weight.astype(float)), (np.repeat(x, weight, axis=0), None)):
        context, gradient = (
            Context(np.random.default_rng(0), sample_weight=weights, penalties=[]),
            np.empty(layout.size),
        )
        y, backward = layer.forward(layout.views(*start), rows, context)
        backward(np.zeros_like(y), layout.views(gradient))
        passes.append((context.penalties, gradient))
    for found, expected in zip(*passes, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)
        assert np.abs(expected).max() > 1e-3
