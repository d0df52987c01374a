"""Padding is not seen, and shards are one batch: every layer, in every layout that it accepts."""

import sys
from dataclasses import dataclass

import numpy as np
import pytest

from skneural.data import Samples, Series, Targets
from skneural.layers import (
    AttentionPooling,
    BatchNormalization,
    Chain,
    Context,
    Dense,
    Dropout,
    Flatten,
    GraphPooling,
    Layer,
    Pooling,
    RandomFlip,
    RandomShift,
    RealSteps,
    Share,
    SplineEdges,
    TransposedConvolution,
    Unflatten,
)
from skneural.losses import SquaredLoss
from skneural.ops import memory
from skneural.parameters import Layout, Weights
from skneural.testing import check_gradients, check_padding, check_shards
from skneural.testing.batch_contract import BATCH_LAST, ELEMENTS, ROWS, ROWS_FIRST
from skneural.training.objective import Objective
from skneural.training.threads import Shards
from tests.layers.cases import BATCH_CASES, BATCHES, OF_PAIRS, every_layer_class, numbers

LENGTHS = np.array([7, 3, 1, 5])
WEIGHTS = np.array([1.0, 3.0, 0.5, 2.0])
# Where lengths make no difference: images
OF_IMAGES = {
    "flatten": (Flatten(), numbers(2, 3, 5, 4), BATCH_LAST, ROWS),
    "unflatten": (Unflatten(2, 3, 4), numbers(4, 24), ROWS, BATCH_LAST),
    "transposed convolution": (TransposedConvolution(3, 2, (4, 10)), numbers(2, 3, 5, 4), BATCH_LAST, BATCH_LAST),
    "average pooling": (Pooling("average"), numbers(4, 3, 6, 4), BATCH_LAST, BATCH_LAST),
    "random flip": (RandomFlip(), numbers(4, 5, 6, 3), ROWS, ROWS),
    "random shift": (RandomShift(2), numbers(4, 5, 6, 3), ROWS, ROWS),
    "batch normalization of images": (BatchNormalization(3, axis=1), numbers(2, 3, 5, 4), BATCH_LAST, BATCH_LAST),
    "batch normalization of pixels": (BatchNormalization(3), numbers(4, 5, 6, 3), ROWS, ROWS),
}
# Where samples have elements of their own number, which lie one behind the other
OF_GRAPHS = {
    f"{pooling} of graphs": (GraphPooling(pooling), numbers(16, 3), ELEMENTS, ROWS)
    for pooling in ("sum", "mean", "max")
}


def each(cases):
    return pytest.mark.parametrize(("layer", "x", "x_axes", "y_axes"), cases.values(), ids=cases)


PADDED = {name: case for name, case in BATCH_CASES.items() if case[2].steps is not None}


def test_every_layer_has_a_row():
    def inside(layer):
        yield type(layer)
        for child in getattr(layer, "layers", ()) or getattr(layer, "branches", ()):
            yield from inside(child)

    tabled = {kind for case in (BATCH_CASES | OF_IMAGES | OF_GRAPHS).values() for kind in inside(case[0])}
    assert {kind for kind in every_layer_class() - tabled if kind.__name__ not in OF_PAIRS} == set()


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


@each(OF_GRAPHS)
@pytest.mark.parametrize("n_shards", [2, 4])
def test_shards_of_graphs_are_one_batch(layer, x, x_axes, y_axes, n_shards):
    check_shards(layer, x, x_axes, y_axes, n_samples=4, lengths=LENGTHS, n_shards=n_shards)
    check_gradients(layer, x, Context(lengths=LENGTHS))


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


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
def test_objectives_tell_shards_which_elements_they_hold(lengths):
    x, rng = BATCHES[ROWS_FIRST], np.random.default_rng(0)
    network = Chain((RealSteps(), Dropout(0.4, rows="elements"), BatchNormalization(3, rows="elements"), Dense(3, 1)))
    layout = Layout(network.parameters())
    n_steps = np.full(4, 7) if lengths is None else lengths
    y = Targets(rng.standard_normal((n_steps.sum(), 1)), n_steps)
    samples = Samples(Series(x, lengths), y, WEIGHTS)
    samples.weigh()
    found = []
    for n_shards in (1, 2, 3):
        weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
        with Shards(n_shards) as shards:
            objective = Objective(network, SquaredLoss(), weights, shards=shards)
            objective.start_epoch([np.random.default_rng(0) for _ in range(n_shards)])
            found.append((objective(samples), weights.gradient, weights.buffers))
    for of_shards in found[1:]:
        for one, whole in zip(of_shards, found[0], strict=True):
            np.testing.assert_allclose(one, whole, rtol=1e-9, atol=1e-12)


# What the context tells


def test_masks_have_a_row_for_each_sample():
    mask = Context(lengths=LENGTHS).mask(7)
    assert mask.shape == (4, 7)
    np.testing.assert_array_equal(mask.sum(axis=1), LENGTHS)
    assert Context().mask(7) is None


def test_steps_weigh_as_their_series_and_padding_nothing():
    both = Context(lengths=LENGTHS, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(both.step_weight(7, np.float64).sum(axis=1), LENGTHS * WEIGHTS)
    np.testing.assert_array_equal(both.row_weight(16, "elements"), np.repeat(WEIGHTS, LENGTHS))
    np.testing.assert_array_equal(both.row_weight(4), WEIGHTS)
    equal = Context(sample_weight=WEIGHTS)
    np.testing.assert_array_equal(equal.row_weight(12, "elements"), np.repeat(WEIGHTS, 3))
    np.testing.assert_array_equal(np.broadcast_to(equal.step_weight(7, np.float64), (4, 7)).sum(axis=1), 7 * WEIGHTS)
    assert Context(lengths=LENGTHS).row_weight(16, "elements") is None
    assert Context().step_weight(7, np.float64) is None


def test_elements_of_a_shard_follow_from_its_samples_where_all_have_equally_many():
    context = Context(samples=Share(slice(1, 3), 4))
    assert context.share(10, "elements") == Share(slice(5, 15), 20)
    assert context.share(2) == Share(slice(1, 3), 4)
    assert Context().share(10, "elements") is None


def test_notes_are_left_on_request_by_forward_and_predict():
    layer, x = AttentionPooling(3, 5), BATCHES[ROWS_FIRST]
    layout = Layout(layer.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    context = Context(np.random.default_rng(0), lengths=LENGTHS, notes={})
    layer.forward(tree, x, context)
    layer.predict(tree, x, context)
    first, second = context.notes["pooling"]
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first.sum(axis=1), 1)
    Context().note("pooling", x)  # to no avail, and no harm


# The checks find what they are there for


@dataclass(frozen=True)
class SeesPadding(Layer):
    """Takes the mean over all steps, padding included."""

    def forward(self, p, x, context):
        return x - x.mean(axis=1, keepdims=True), lambda dy, g: dy - dy.mean(axis=1, keepdims=True)


@dataclass(frozen=True)
class KnowsItsShard(Layer):
    """Takes off a mean that is that of the shard only."""

    def forward(self, p, x, context):
        return x - x.mean(axis=0), lambda dy, g: dy - dy.mean(axis=0)


@dataclass(frozen=True)
class DrawsForItself(Layer):
    """A dropout that knows of no other shards."""

    def forward(self, p, x, context):
        kept = context.rng.random(x.shape) < 0.5
        return x * kept, lambda dy, g: dy * kept


@dataclass(frozen=True)
class PenalizesTwice(Layer):
    """Each shard adds the penalty of the whole batch."""

    def forward(self, p, x, context):
        context.penalties.append(1.0)
        return x, lambda dy, g: dy


def test_check_padding_finds_what_sees_padding():
    with pytest.raises(AssertionError, match="beyond the end"):
        check_padding(SeesPadding(), BATCHES[ROWS_FIRST], LENGTHS, ROWS_FIRST, ROWS_FIRST)


@pytest.mark.parametrize(
    ("layer", "what"), [(KnowsItsShard(), "y"), (DrawsForItself(), "y"), (PenalizesTwice(), "the penalty")]
)
def test_check_shards_finds_what_knows_its_shard(layer, what):
    with pytest.raises(AssertionError, match=f"{what} of 2 shards is not that of the whole batch"):
        check_shards(layer, BATCHES[ROWS], ROWS, ROWS, n_samples=4)


def test_rows_that_are_elements_must_be_told():
    """Dropout that takes steps for samples draws other masks in shards."""
    with pytest.raises((AssertionError, ValueError)):
        check_shards(Dropout(0.4), BATCHES[ELEMENTS], ELEMENTS, ELEMENTS, n_samples=4)
