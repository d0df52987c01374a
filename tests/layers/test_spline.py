import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import Context, SplineEdges
from skneural.ops.spline_grid import grid_over, halved
from skneural.parameters import Layout, Weights
from skneural.testing.batch_contract import ROWS
from tests.layers.cases import BATCHES


def test_the_penalty_of_splines_takes_weights_for_repetitions():
    layer, x, weight = SplineEdges(3, 2, 4, sparsity=0.1), BATCHES[ROWS], np.array([1, 3, 1, 2])
    layout = Layout(layer.parameters())
    start, passes = layout.initial(np.random.default_rng(0), np.float64), []
    for rows, weights in ((x, weight.astype(float)), (np.repeat(x, weight, axis=0), None)):
        context, gradient = (
            Context(np.random.default_rng(0), BatchInfo(sample_weight=weights), penalties=[]),
            np.empty(layout.size),
        )
        y, backward = layer.forward(layout.views(*start), rows, context)
        backward(np.zeros_like(y), layout.views(gradient))
        passes.append((context.penalties, gradient))
    for found, expected in zip(*passes, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)
        assert np.abs(expected).max() > 1e-3


X = np.random.default_rng(0).standard_normal((12, 3))


def started(network, dtype=np.float64):
    layout = Layout(network.parameters())
    return Weights(layout, layout.initial(np.random.default_rng(0), dtype))


def test_halving_twice_the_pieces_halves_all():
    grid = np.array([[0.0, 1, 2, 4]])
    np.testing.assert_allclose(halved(grid, 4), [[0, 1, 2, 3, 4]])
    np.testing.assert_allclose(halved(np.linspace(0, 1, 6)[np.newaxis], 10), np.linspace(0, 1, 11)[np.newaxis])


@pytest.mark.parametrize(
    "column",
    [np.zeros(50), np.full(50, 1e8), np.repeat([0.0, 1.0], 25), np.r_[np.zeros(49), 1e6], np.linspace(0, 1e-9, 50)],
    ids=["zeros", "large constant", "two values", "outlier", "tiny range"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_grids_of_awkward_inputs_have_pieces_of_some_width(column, dtype):
    x = column[:, np.newaxis].astype(dtype)
    grid = grid_over(x, 20)
    width = grid[0, -1] - grid[0, 0]
    assert (np.diff(grid[0]) >= 0.4 * width / 20).all()
    layer = SplineEdges(1, 2, 20)
    weights = started(layer, dtype)
    layer.adapt_grids(weights.tree, x)
    assert np.isfinite(weights.tree["coefficients"]).all()
    assert np.isfinite(layer.predict(weights.tree, x)).all()


def test_weights_are_repetitions_for_grids():
    weight = np.random.default_rng(1).integers(1, 4, 12)
    repeated = grid_over(np.repeat(X, weight, axis=0), 5)
    np.testing.assert_allclose(grid_over(X, 5, weight.astype(float)), repeated, rtol=1e-12)


def test_an_edge_that_was_removed_is_an_edge_of_zero():
    layer = SplineEdges(3, 2, 5)
    weights, zeroed = started(layer), started(layer)
    weights.tree["present"][1, 0] = 0
    zeroed.tree["base"][1, 0] = 0
    zeroed.tree["coefficients"].reshape(3, 8, 2)[1, :, 0] = 0
    expected = layer.predict(zeroed.tree, X)
    np.testing.assert_allclose(layer.predict(weights.tree, X), expected, rtol=1e-12)
    y, backward = layer.forward(weights.tree, X, Context())
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    backward(np.ones_like(y), weights.gradient_tree)
    assert weights.gradient_tree["base"][1, 0] == 0
    assert not weights.gradient_tree["coefficients"].reshape(3, 8, 2)[1, :, 0].any()
    assert layer.spreads(weights.tree, X)[1, 0] == 0


def test_spreads_are_those_of_the_edges():
    layer = SplineEdges(3, 2, 5)
    tree = started(layer).tree
    edges = layer.edges(tree, X)
    np.testing.assert_allclose(edges.sum(axis=1), layer.predict(tree, X), rtol=1e-10)
    np.testing.assert_allclose(layer.spreads(tree, X), edges.std(axis=0), rtol=1e-6)
