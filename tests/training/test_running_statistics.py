import numpy as np
import pytest

from skneural.data import Rows, Samples, Series, Targets
from skneural.layers import BatchLast, BatchNormalization, Chain, StepsFirst
from skneural.parameters import Layout, Weights
from skneural.training.running_statistics import settle_statistics
from tests.networks.defaults import mlp_network


def test_settled_statistics_are_those_of_the_weights_at_rest():
    network = mlp_network(3, 2, (4,), batch_norm=True)
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    x = np.random.default_rng(1).standard_normal((60, 3))
    settle_statistics(network, weights, Samples(Rows(x), Targets(np.zeros(60))), 20, np.random.default_rng(2))
    dense, normalization = weights.tree["hidden_1"]["dense"], weights.tree["hidden_1"]["normalization"]
    hidden = x @ dense["weight"] + dense["bias"]
    np.testing.assert_allclose(normalization["mean"], hidden.mean(axis=0), rtol=1e-10)
    assert normalization["n_batches"] == 3
    before = weights.buffers.copy()
    settle_statistics(network, weights, Samples(Rows(x), Targets(np.zeros(60))), 60, np.random.default_rng(2))
    assert not np.array_equal(weights.buffers, before)  # the variance of a whole batch is that of all rows
    np.testing.assert_allclose(normalization["variance"], hidden.var(axis=0), rtol=1e-10)


@pytest.mark.parametrize("order", ["rows first", "steps first", "batch last"])
def test_settled_statistics_are_those_of_the_real_steps(order):
    """Beyond the ends of the series stands anything."""
    start = {"rows first": (), "steps first": (StepsFirst(),), "batch last": (BatchLast(),)}[order]
    network = Chain(*start, BatchNormalization(2, axis=1 if start else -1))
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    lengths = np.array([3, 7, 1, 2, 5])
    flat = np.random.default_rng(0).standard_normal((lengths.sum(), 2))
    series = Series.of(flat, lengths)
    series.values[np.arange(7) >= lengths[:, np.newaxis]] = 100.0
    settle_statistics(network, weights, Samples(series, Targets(np.zeros(5))), 5, np.random.default_rng(2))
    np.testing.assert_allclose(weights.tree["batch_normalization_1"]["mean"], flat.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(weights.tree["batch_normalization_1"]["variance"], flat.var(axis=0), rtol=1e-10)


def test_without_statistics_nothing_is_settled():
    network = mlp_network(3, 2, (4,))
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    settle_statistics(
        network, weights, Samples(Rows(np.zeros((60, 3))), Targets(np.zeros(60))), 20, np.random.default_rng(2)
    )
