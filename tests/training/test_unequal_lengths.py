import numpy as np
import pytest

from skneural.layers import BatchLast, BatchNormalization, Chain, Context, Dense, GlobalPooling, RealSteps, StepsFirst
from skneural.networks.mlp import mlp_network
from skneural.parameters import Layout, Weights
from skneural.training.batches import Samples
from skneural.training.predict import predict_raw
from skneural.training.series import Series, values_and_lengths
from skneural.training.settle import settle_statistics


@pytest.fixture
def series():
    values = np.random.default_rng(0).standard_normal((5, 7, 2))
    return Series(values, np.array([3, 7, 1, 2, 5]))


def test_selecting_pads_only_as_far_as_needed(series):
    chosen = series[np.array([2, 0])]
    assert chosen.shape == (2, 3, 2)
    np.testing.assert_array_equal(chosen.lengths, [1, 3])
    np.testing.assert_array_equal(chosen.values[1], series.values[0, :3])
    assert len(series[np.arange(0)]) == 0


def test_shards_see_as_many_steps_as_their_batch(series):
    """So that random numbers for all shards have one shape."""
    part = series[2:4]
    assert part.shape == (2, 7, 2)
    assert part.values.base is not None  # a view


def test_it_counts_as_an_array_does(series):
    assert len(series) == 5
    assert series.dtype == np.float64
    taken = Samples(series, np.arange(5.0)).take(np.array([4, 2]))
    assert taken.x.shape == (2, 5, 2)
    assert values_and_lengths(series) == (series.values, series.lengths)
    array = np.zeros((2, 3))
    assert values_and_lengths(array) == (array, None)


@pytest.mark.parametrize("n_threads", [None, 1, 2])
@pytest.mark.parametrize("rows_per_block", [1, 2, 5])
def test_blocks_in_threads_give_what_the_whole_gives(series, rows_per_block, n_threads):
    network = Chain((BatchLast(), GlobalPooling("max"), Dense(2, 3)))
    layout = Layout(network.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    whole = network.predict(tree, series.values, Context(lengths=series.lengths))
    np.testing.assert_allclose(predict_raw(network, tree, series, rows_per_block, n_threads), whole, rtol=1e-12)


def test_settled_statistics_are_those_of_the_weights_at_rest():
    network = mlp_network(3, 2, (4,), batch_norm=True)
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    x = np.random.default_rng(1).standard_normal((60, 3))
    settle_statistics(network, weights, Samples(x, np.zeros(60)), 20, np.random.default_rng(2))
    dense, normalization = weights.tree[0][0], weights.tree[0][1]
    hidden = x @ dense["weight"] + dense["bias"]
    np.testing.assert_allclose(normalization["mean"], hidden.mean(axis=0), rtol=1e-10)
    assert normalization["n_batches"] == 3
    before = weights.buffers.copy()
    settle_statistics(network, weights, Samples(x, np.zeros(60)), 60, np.random.default_rng(2))
    assert not np.array_equal(weights.buffers, before)  # the variance of a whole batch is that of all rows
    np.testing.assert_allclose(normalization["variance"], hidden.var(axis=0), rtol=1e-10)


@pytest.mark.parametrize("order", ["rows first", "steps first", "batch last"])
def test_settled_statistics_are_those_of_the_real_steps(series, order):
    """Beyond the ends of the series stands anything."""
    start = {"rows first": (), "steps first": (StepsFirst(),), "batch last": (BatchLast(),)}[order]
    network = Chain((*start, BatchNormalization(2, axis=1 if start else -1)))
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    settle_statistics(network, weights, Samples(series, np.zeros(5)), 5, np.random.default_rng(2))
    np.testing.assert_allclose(weights.tree[-1]["mean"], series.flat.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(weights.tree[-1]["variance"], series.flat.var(axis=0), rtol=1e-10)


def test_without_statistics_nothing_is_settled():
    network = mlp_network(3, 2, (4,))
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    settle_statistics(network, weights, Samples(None, np.zeros(60)), 20, np.random.default_rng(2))


# Steps one by one


def test_joining_and_taking_apart_are_inverse(series):
    joined = Series.of(series.flat, series.lengths)
    real = np.arange(7) < series.lengths[:, np.newaxis]
    np.testing.assert_array_equal(joined.values, series.values * real[:, :, np.newaxis])
    assert len(series.flat) == series.lengths.sum()


def test_targets_of_steps_are_rows_and_weigh_as_their_series(series):
    samples = Samples(np.zeros((5, 7, 1)), series, np.array([1.0, 0.5, 2.0, 1.0, 3.0]))
    y, weight = samples.targets()
    np.testing.assert_array_equal(y, series.flat)
    np.testing.assert_array_equal(weight, np.repeat(samples.sample_weight, series.lengths))
    samples.weigh()
    assert samples.mean_weight == weight.sum() / 5
    parts = [samples.take(np.array(rows)) for rows in ([4, 0], [1, 2, 3])]
    assert sum(part.total for part in parts) == pytest.approx(weight.sum())


def test_batches_hold_their_longest_series_first(series):
    samples = Samples(series, np.arange(5))
    seen = []
    for batch in samples.batches(2, np.random.default_rng(0)):
        assert (np.diff(batch.x.lengths) <= 0).all()
        np.testing.assert_array_equal(batch.x.lengths, series.lengths[batch.y])
        seen += batch.y.tolist()
    assert sorted(seen) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("n_threads", [None, 2])
@pytest.mark.parametrize("rows_per_block", [1, 2, 3])
def test_steps_predicted_in_blocks_keep_the_order_of_the_series(series, rows_per_block, n_threads):
    network = Chain((RealSteps(), Dense(2, 3)))
    layout = Layout(network.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    expected = network.predict(tree, series.values, Context(lengths=series.lengths))
    np.testing.assert_allclose(predict_raw(network, tree, series, rows_per_block, n_threads), expected, rtol=1e-12)


def test_blocks_hold_series_of_about_the_same_length(series, monkeypatch):
    network = Chain((BatchLast(), GlobalPooling("max"), Dense(2, 3)))
    layout = Layout(network.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    widths = []
    predict = BatchLast.predict
    monkeypatch.setattr(
        BatchLast, "predict", lambda self, p, x, context: widths.append(x.shape[1]) or predict(self, p, x, context)
    )
    predict_raw(network, tree, series, 2)
    assert widths == [7, 3, 1]
