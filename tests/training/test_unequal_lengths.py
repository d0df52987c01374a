import numpy as np
import pytest

from skneural.layers import BatchLast, Chain, Context, Dense, GlobalPooling
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


def test_without_statistics_nothing_is_settled():
    network = mlp_network(3, 2, (4,))
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    settle_statistics(network, weights, Samples(None, np.zeros(60)), 20, np.random.default_rng(2))
