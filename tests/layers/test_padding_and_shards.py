"""Padding is not seen, and shards are one batch: every layer, in every layout that it accepts."""

import sys

import numpy as np
import pytest
from layer_cases import BATCH_CASES, BATCHES, every_layer_class, numbers

from skneural.layers import (
    BatchNormalization,
    Context,
    Flatten,
    Pooling,
    RandomFlip,
    RandomShift,
    SplineEdges,
)
from skneural.ops import memory
from skneural.parameters import Layout
from skneural.testing import check_gradients, check_padding, check_shards
from skneural.testing.batch_contract import BATCH_LAST, ROWS

LENGTHS = np.array([7, 3, 1, 5])
WEIGHTS = np.array([1.0, 3.0, 0.5, 2.0])
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


PADDED = {name: case for name, case in BATCH_CASES.items() if case[2].steps is not None}


def test_every_layer_has_a_row():
    def inside(layer):
        yield type(layer)
        for child in getattr(layer, "layers", ()) or getattr(layer, "branches", ()):
            yield from inside(child)

    assert every_layer_class() == {kind for case in (BATCH_CASES | OF_IMAGES).values() for kind in inside(case[0])}


@each(PADDED)
def test_padding_is_not_seen(layer, x, x_axes, y_axes):
    check_padding(layer, x, LENGTHS, x_axes, y_axes)


@each(BATCH_CASES)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("n_shards", [2, 4])
def test_shards_are_one_batch(layer, x, x_axes, y_axes, lengths, sample_weight, n_shards):
    check_shards(
        layer,
        x,
        x_axes,
        y_axes,
        n_samples=4,
        lengths=lengths,
        sample_weight=sample_weight,
        n_shards=n_shards,
    )


@each(OF_IMAGES)
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
def test_shards_of_images_are_one_batch(layer, x, x_axes, y_axes, sample_weight):
    check_shards(layer, x, x_axes, y_axes, n_samples=4, sample_weight=sample_weight)


@each(BATCH_CASES)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
def test_gradients(layer, x, x_axes, y_axes, lengths, sample_weight):
    check_gradients(layer, x, Context(np.random.default_rng(0), lengths=lengths, sample_weight=sample_weight))


@each(BATCH_CASES)
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
    layer, x, weight = SplineEdges(3, 2, 4, sparsity=0.1), BATCHES[ROWS], np.array([1, 3, 1, 2])
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
