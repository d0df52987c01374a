import numpy as np
import pytest

from skneural.data import Rows, Samples, Series, Targets
from skneural.layers import BatchLast, BatchNormalization, Chain, StepsFirst
from skneural.ops.moments import weighted_variance
from skneural.parameters import Layout, Weights
from skneural.training.running_statistics import settle_statistics
from tests.networks.defaults import mlp_network


def settled(network, samples, batch_size):
    """Buffers of the network by name, after settling."""
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    settle_statistics(network, weights, samples, batch_size, np.random.default_rng(2))
    return weights.tree


@pytest.mark.parametrize("batch_size", [1000, 64, 20, 7, 2])
@pytest.mark.parametrize("weight", [None, np.random.default_rng(3).uniform(0.5, 20, 66)], ids=["rows", "weights"])
def test_settled_statistics_are_those_of_all_rows_whatever_the_batches(batch_size, weight):
    x = np.random.default_rng(1).standard_normal((66, 3))
    samples = Samples(Rows(x), Targets(np.zeros(66)), weight)
    tree = settled(mlp_network(3, 2, (4,), batch_norm=True), samples, batch_size)["hidden_1"]
    mean, variance = weighted_variance(x @ tree["dense"]["weight"] + tree["dense"]["bias"], weight)
    np.testing.assert_allclose(tree["normalization"]["mean"], mean, rtol=1e-10)
    np.testing.assert_allclose(tree["normalization"]["variance"], variance, rtol=1e-10)


def test_no_settling_batch_is_smaller_than_those_of_training():
    """Beyond the first normalization, a batch of two rows would have other values than in prediction."""
    x = np.random.default_rng(1).standard_normal((66, 3))
    network = mlp_network(3, 2, (4, 4), batch_norm=True)
    in_batches, whole = (settled(network, Samples(Rows(x), Targets(np.zeros(66))), size) for size in (64, 66))
    for name in ("mean", "variance"):
        second = [tree["hidden_2"]["normalization"][name] for tree in (in_batches, whole)]
        np.testing.assert_array_equal(*second)


@pytest.mark.parametrize("order", ["rows first", "steps first", "batch last"])
def test_settled_statistics_are_those_of_the_real_steps(order):
    """Beyond the ends of the series stands anything."""
    start = {"rows first": (), "steps first": (StepsFirst(),), "batch last": (BatchLast(),)}[order]
    network = Chain(*start, BatchNormalization(2, axis=1 if start else -1))
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    lengths = np.array([3, 7, 1, 2, 5])
    flat = np.random.default_rng(0).standard_normal((lengths.sum(), 2))
    series = Series(Series.of(flat, lengths).values, lengths)
    series.values[np.arange(7) >= lengths[:, np.newaxis]] = 100.0
    settle_statistics(network, weights, Samples(series, Targets(np.zeros(5))), 2, np.random.default_rng(2))
    np.testing.assert_allclose(weights.tree["batch_normalization_1"]["mean"], flat.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(weights.tree["batch_normalization_1"]["variance"], flat.var(axis=0), rtol=1e-10)


def test_without_statistics_nothing_is_settled():
    network = mlp_network(3, 2, (4,))
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    settle_statistics(
        network, weights, Samples(Rows(np.zeros((60, 3))), Targets(np.zeros(60))), 20, np.random.default_rng(2)
    )
