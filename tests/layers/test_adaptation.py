"""Layers that adapt to the training data, wherever they are in a network."""

from dataclasses import dataclass

import numpy as np
import pytest

from skneural.data import Rows, Samples, Series, Targets
from skneural.layers import (
    BatchLast,
    Branches,
    Chain,
    Columns,
    Dense,
    FillMissing,
    Layer,
    PiecewiseLinearEmbedding,
    Residual,
    Reversed,
    SplineEdges,
    Standardization,
    StepsFirst,
)
from skneural.layers.layer import LayerInput
from skneural.layers.traversal import adapt_network
from skneural.parameters import Layout

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2500, 3)) * [1, 10, 0.1] + [5, 0, -1]
WEIGHT = RNG.integers(0, 3, 2500).astype(float)


def samples(x, weight=None):
    container = x if isinstance(x, Series) else Rows(x)
    return Samples(container, Targets(np.zeros(len(container))), weight)


def part_of(weight, rows):
    return None if weight is None else weight[rows]


def adapted(network, data):
    layout = Layout(network.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    adapt_network(network, tree, data)
    return tree


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_standardization_takes_moments_over_all_blocks(weight):
    p = adapted(Standardization(3), samples(X, weight))
    mean = np.average(X, axis=0, weights=weight)
    np.testing.assert_allclose(p["mean"], mean, rtol=1e-10)
    np.testing.assert_allclose(p["scale"], np.sqrt(np.average((X - mean) ** 2, axis=0, weights=weight)), rtol=1e-10)


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("first", [1, 10, 2400])
def test_moments_of_further_data_join_those_before(weight, first):
    whole, layer = adapted(Standardization(3), samples(X, weight)), Standardization(3)
    p = adapted(layer, samples(X[:first], part_of(weight, slice(0, first))))
    adapt_network(layer, p, samples(X[first:], part_of(weight, slice(first, None))), further=True)
    for name in whole:
        np.testing.assert_allclose(p[name], whole[name], rtol=1e-10)
    before = {name: array.copy() for name, array in whole.items()}
    adapt_network(layer, whole, samples(X, weight), further=True)
    np.testing.assert_array_equal([whole["mean"], whole["scale"]], [before["mean"], before["scale"]])


@pytest.mark.parametrize("statistics", ["quantiles", "range"])
def test_other_statistics_stay_unless_they_are_of_few_samples(statistics):
    layer = Standardization(3, statistics=statistics)
    p = adapted(layer, samples(X[:100]))
    before = p["scale"].copy()
    adapt_network(layer, p, samples(X), further=True)
    np.testing.assert_array_equal(p["scale"], before)
    p = adapted(layer, samples(X[:5]))
    adapt_network(layer, p, samples(X[5:]), further=True)
    np.testing.assert_allclose(p["mean"], X.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(p["scale"], adapted(layer, samples(X))["scale"], rtol=0.3)


@pytest.mark.parametrize(("start", "axis"), [((), -1), ((StepsFirst(),), 1), ((BatchLast(),), 1)])
def test_padding_does_not_count_in_whatever_order_of_axes(start, axis):
    lengths = RNG.integers(1, 6, 40)
    flat = RNG.standard_normal((lengths.sum(), 2))
    series = Series(Series.of(flat, lengths).values, lengths)
    series.values[np.arange(series.values.shape[1]) >= lengths[:, np.newaxis]] = 100.0
    tree = adapted(Chain(*start, standardization=Standardization(2, axis=axis)), samples(series))
    np.testing.assert_allclose(tree["standardization"]["mean"], flat.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(tree["standardization"]["scale"], flat.std(axis=0), rtol=1e-10)


def test_the_order_of_axes_does_not_change_a_bit():
    images = RNG.standard_normal((30, 4, 5, 2)).astype(np.float32)
    plain = adapted(Standardization(2), samples(images))
    moved = adapted(Chain(BatchLast(), Standardization(2, axis=1)), samples(images))["standardization_1"]
    for name in ("mean", "scale"):
        np.testing.assert_array_equal(plain[name], moved[name])


def test_other_statistics():
    with_gaps = X.copy()
    with_gaps[::3, 1] = np.nan
    p = adapted(Standardization(3, statistics="quantiles"), samples(with_gaps, WEIGHT))
    real = ~np.isnan(with_gaps[:, 1])
    median = np.quantile(X[real, 1], 0.5, weights=WEIGHT[real], method="inverted_cdf")
    assert p["mean"][1] == median
    p = adapted(Standardization(3, statistics="range"), samples(X))
    np.testing.assert_allclose(p["mean"] - p["scale"], X.min(axis=0))
    np.testing.assert_allclose(p["mean"] + p["scale"], X.max(axis=0))
    p = adapted(Standardization(3, statistics="range", bounds=(-2.0, 4.0)), samples(X))
    np.testing.assert_array_equal(p["mean"], 1)
    np.testing.assert_array_equal(p["scale"], 3)
    p = adapted(Standardization(3, statistics="given"), samples(X))
    np.testing.assert_array_equal(p["scale"], 1)


def test_a_layer_adapts_to_what_the_layers_before_make_of_the_data():
    tree = adapted(
        Branches(
            Chain(
                Columns((1, 2)),
                Standardization(2, statistics="range"),
                FillMissing(),
                PiecewiseLinearEmbedding(2, 3, 4),
            ),
            Residual(Standardization(3)),
        ),
        samples(X),
    )
    edges = tree["chain_1"]["piecewise_linear_embedding_1"]["edges"]
    np.testing.assert_allclose(edges[:, [0, -1]], [[-1, 1], [-1, 1]])
    np.testing.assert_allclose(tree["residual_1"]["inner"]["mean"], X.mean(axis=0))


def test_missing_numbers_do_not_count_for_what_comes_behind():
    with_gaps = X[:100, :1].copy()
    with_gaps[:60] = np.nan
    network = Chain(FillMissing(), PiecewiseLinearEmbedding(1, 3, 2))
    edges = adapted(network, samples(with_gaps))["piecewise_linear_embedding_1"]["edges"]
    np.testing.assert_array_equal(edges[0, [0, -1]], [np.nanmin(with_gaps), np.nanmax(with_gaps)])
    assert edges[0, 1] > 1


def test_grids_follow_the_data_unless_they_are_not_to():
    free, fixed = (
        adapted(Chain(SplineEdges(3, 2, 5, adaptive=adaptive)), samples(X))["spline_edges_1"]
        for adaptive in (True, False)
    )
    seen = X[:: -(-len(X) // 1000)]
    assert (free["grid"][:, 0] < seen.min(axis=0)).all()
    assert (free["grid"][:, -1] > seen.max(axis=0)).all()
    np.testing.assert_array_equal(fixed["grid"][:, [0, -1]], [[-1, 1]] * 3)


def test_layers_behind_the_last_that_adapts_are_not_computed():
    @dataclass(frozen=True)
    class NotComputed(Layer):
        def predict(self, p, x, context=None):
            raise AssertionError("computed")

    adapted(Chain(Standardization(3), NotComputed(), Residual(NotComputed())), samples(X))
    with pytest.raises(AssertionError, match="computed"):
        adapted(Chain(NotComputed(), Standardization(3)), samples(X))


def test_where_it_is_not_known_what_arrives_nothing_is_guessed():
    with pytest.raises(NotImplementedError, match="inner of Reversed adapts"):
        adapted(Reversed(Standardization(3)), samples(X))


def test_only_a_block_is_held_at_once():
    given = LayerInput(samples(X)).after(Dense(3, 2), {"weight": np.ones((3, 2)), "bias": np.zeros(2)})
    assert [len(x) for x, _ in given] == [1024, 1024, 452]
    x, weight = given.whole()
    assert (x.shape, weight) == ((2500, 2), None)
    thin, weight = LayerInput(samples(X, WEIGHT)).thinned(1000).whole()
    np.testing.assert_array_equal(thin, X[::3])
    np.testing.assert_array_equal(weight, WEIGHT[::3])
