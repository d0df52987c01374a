"""Padding is not seen, and shards are one batch: every layer, in every layout that it accepts."""

import itertools
import sys

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import (
    BatchNormalization,
    Chain,
    Context,
    Convolution,
    GlobalPooling,
    Mask,
    Pooling,
)
from skneural.ops import memory
from skneural.parameters import Layout
from skneural.testing import check_gradients, check_layer, check_padding, check_shards
from tests.layers.cases import (
    BATCH_CASES,
    GRAPH_BATCH_CASES,
    IMAGE_BATCH_CASES,
    LENGTHS,
    SERIES,
    WEIGHTS,
    classes_of_pairs,
    every_layer_class,
    layers_within,
    numbers,
    started,
)


def each(cases):
    return pytest.mark.parametrize("case", cases.values(), ids=cases)


PADDED = {name: case for name, case in BATCH_CASES.items() if case.x_axes.steps is not None}


def test_every_layer_has_a_row():
    cases = BATCH_CASES | IMAGE_BATCH_CASES | GRAPH_BATCH_CASES
    with_a_row = {type(layer) for case in cases.values() for layer in layers_within(case.layer)}
    assert {kind.__name__ for kind in every_layer_class() - with_a_row} == classes_of_pairs()


@each(PADDED)
def test_padding_is_not_seen(case):
    check_padding(case.layer, case.x, LENGTHS, case.x_axes, case.y_axes)


@each(BATCH_CASES)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
def test_shards_are_one_batch(case, lengths):
    for sample_weight, n_shards in itertools.product([None, WEIGHTS], [2, 4]):
        options = {"lengths": lengths, "sample_weight": sample_weight, "n_shards": n_shards}
        check_shards(case.layer, case.x, case.x_axes, case.y_axes, n_samples=4, **options)


@each(IMAGE_BATCH_CASES)
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
def test_shards_of_images_are_one_batch(case, sample_weight):
    check_shards(case.layer, case.x, case.x_axes, case.y_axes, n_samples=4, sample_weight=sample_weight)


@each(GRAPH_BATCH_CASES)
@pytest.mark.parametrize("n_shards", [2, 4])
def test_shards_of_graphs_are_one_batch(case, n_shards):
    options = {"lengths": LENGTHS, "n_shards": n_shards}
    check_shards(case.layer, case.x, case.x_axes, case.y_axes, n_samples=4, **options)
    check_gradients(case.layer, case.x, Context(batch=BatchInfo(lengths=LENGTHS)))


@each(BATCH_CASES)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
def test_gradients(case, lengths, sample_weight):
    context = Context(np.random.default_rng(0), BatchInfo(lengths=lengths, sample_weight=sample_weight))
    check_gradients(case.layer, case.x, context)


@each(BATCH_CASES)
@pytest.mark.parametrize("lengths", [LENGTHS, np.sort(LENGTHS)[::-1]], ids=["unsorted", "sorted"])
@pytest.mark.parametrize("poison", [np.nan, 1e300])
def test_memory_is_written_before_it_is_read(case, lengths, poison, monkeypatch):
    """Fresh memory may hold anything, also where there are no steps. NaN would spread, and large numbers overflow."""
    layer, layout = case.layer, Layout(case.layer.parameters())
    start, passes = layout.initial(np.random.default_rng(0), np.float64), []
    for poisoned in (False, True):
        if poisoned:
            fill_fresh_memory(monkeypatch, poison)
        context, gradient = (
            Context(np.random.default_rng(0), BatchInfo(lengths=lengths), penalties=[]),
            np.zeros(layout.size),
        )
        y, backward = layer.forward(layout.views(start.vector, start.buffers.copy()), case.x, context)
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

    n_replaced = 0
    for name, module in list(sys.modules.items()):
        if name.startswith(("skneural.ops.", "skneural.layers.")) and module is not memory:
            for replacement in (empty, empty_like):
                if hasattr(module, replacement.__name__):
                    monkeypatch.setattr(module, replacement.__name__, replacement)
                    n_replaced += 1
    assert n_replaced > 20, "hardly any module takes its memory from skneural.ops.memory"


# Series of unequal lengths

ON_SERIES = {
    "mask": Mask(),
    "masked convolution": Chain(Mask(), Convolution(3, 2, (1, 4))),
    "batch normalization": BatchNormalization(3, axis=1),
    "max pooling": Pooling("max", (1, 3), (1, 1), "same"),
    "global average pooling": GlobalPooling("average"),
    "global max pooling": GlobalPooling("max"),
}
on_series = pytest.mark.parametrize("layer", ON_SERIES.values(), ids=ON_SERIES)


def with_lengths(n_steps=7, weights=None):
    return Context(np.random.default_rng(0), BatchInfo(lengths=np.minimum(LENGTHS, n_steps), sample_weight=weights))


@on_series
def test_contract_where_lengths_differ(layer):
    check_layer(layer, SERIES, with_lengths(), batch_axis=None)  # one row alone would need its own length


def real_steps(y):
    """Zeros instead of what stands beyond the ends; rows are real as they are."""
    return y[:, :, :7] * (np.arange(7)[:, np.newaxis] < LENGTHS) if y.ndim == 4 else y


@on_series
def test_a_padded_series_gives_what_it_gives_alone(layer):
    p = started(layer).tree
    whole = layer.predict(p, SERIES, Context(batch=BatchInfo(lengths=LENGTHS)))
    for i, n in enumerate(LENGTHS):
        alone = layer.predict(p, SERIES[:, :, :n, i : i + 1])
        expected = whole[:, :, :n, i : i + 1] if whole.ndim == 4 else whole[i : i + 1]
        np.testing.assert_allclose(alone, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["mask", "batch normalization", "max pooling"])
def test_nothing_is_left_beyond_the_end_of_a_series(name):
    layer = ON_SERIES[name]
    y, _ = layer.forward(started(layer).tree, SERIES, with_lengths())
    np.testing.assert_array_equal(y, real_steps(y))
