from dataclasses import replace

import numpy as np
import pytest

from skneural.data import Rows, Samples, Targets
from skneural.layers import Context
from skneural.layers.traversal import adapt_network
from skneural.losses import SquaredLoss
from skneural.networks.kan import adapt_hidden_grids, edges_of, importances, refined_edges
from skneural.parameters import Layout, Weights
from skneural.training.objective import Objective
from tests.networks.cases import KANS
from tests.networks.defaults import kan_network

X = np.random.default_rng(0).standard_normal((12, 3))
each_case = pytest.mark.parametrize("options", KANS.values(), ids=KANS)


def started(network, dtype=np.float64):
    layout = Layout(network.parameters())
    return Weights(layout, layout.initial(np.random.default_rng(0), dtype))


@each_case
@pytest.mark.parametrize("sample_weight", [None, np.arange(12.0) % 3])
def test_gradients_of_the_penalty_go_through_all_layers(options, sample_weight):
    network = kan_network(3, 2, sparsity=0.3, entropy=1.5, **options)
    weights = started(network)
    objective = Objective(network, SquaredLoss(), weights, 0.1)
    samples = Samples(Rows(X), Targets(np.random.default_rng(1).standard_normal((12, 2))), sample_weight)
    along = np.random.default_rng(2).standard_normal(weights.vector.size)

    def value(step):
        weights.vector += step * along
        objective.start_epoch([np.random.default_rng(0)])
        found = float(np.mean(objective(samples)))
        weights.vector -= step * along
        return found

    slope = (value(1e-6) - value(-1e-6)) / 2e-6
    value(0)
    assert weights.gradient @ along == pytest.approx(slope, rel=1e-5)


def test_the_penalty_does_not_enter_predictions():
    network, plain = kan_network(3, 2, sparsity=1.0), kan_network(3, 2)
    tree = started(network).tree
    np.testing.assert_array_equal(network.predict(tree, X), plain.predict(tree, X))
    y, _ = network.forward(tree, X, Context(np.random.default_rng(0)))
    np.testing.assert_allclose(y, plain.predict(tree, X), rtol=1e-12)


@each_case
@pytest.mark.parametrize("factor", [1, 1.4, 2, 5])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)])
def test_refining_leaves_the_function_of_each_layer(options, factor, dtype, tolerance):
    network = kan_network(3, 2, **options)
    tree = started(network, dtype).tree
    adapt_network(network, tree, Samples(Rows(X.astype(dtype)), Targets(X[:, 0])))
    size = int(np.ceil(factor * options.get("grid_size", 5)))
    for layer, p in edges_of(network, tree):
        everywhere = np.random.default_rng(3).uniform(-6, 6, (200, layer.n_in)).astype(dtype)
        expected = layer.predict(p, everywhere)
        refined = replace(layer, grid_size=size).predict(refined_edges(layer, p, size), everywhere)
        np.testing.assert_allclose(refined, expected, atol=tolerance * max(1, np.abs(expected).max()))


def test_adapting_grids_hardly_changes_the_function():
    network = kan_network(3, 2, grid_size=30)
    tree = started(network).tree
    adapt_network(network, tree, Samples(Rows(X), Targets(X[:, 0])))
    before = network.predict(tree, X)
    adapt_hidden_grids(network, tree, X, None)
    np.testing.assert_allclose(network.predict(tree, X), before, atol=1e-3)
    inputs = network["standardization"].predict(tree["standardization"], X)
    for layer, p in edges_of(network, tree):
        assert (p["grid"][:, 0] < inputs.min(axis=0)).all()
        assert (p["grid"][:, -1] > inputs.max(axis=0)).all()
        inputs = layer.predict(p, inputs)


def test_importance_passes_back_along_the_spreads():
    spreads = [np.array([[3.0, 0.0], [4.0, 1.0]]), np.array([[2.0], [0.0]])]
    edges, units = importances(spreads, [np.array([5.0, 1.0]), np.array([2.0])])
    np.testing.assert_allclose(edges[1], [[1], [0]])
    np.testing.assert_allclose(edges[0], [[0.6, 0], [0.8, 0]])
    np.testing.assert_allclose(units[0], [0.6, 0.8])
