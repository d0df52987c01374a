import numpy as np

from skneural.layers import PeriodicEmbedding, PiecewiseLinearEmbedding
from tests.layers.cases import numbers, started

X = numbers(6, 2)


def test_periodic_embeddings_are_mapped_waves_and_the_number():
    layer = PeriodicEmbedding(2, 3, 5)
    p = started(layer).tree
    y = layer.predict(p, X).reshape(6, 2, 3)
    for feature in range(2):
        waves = np.cos(2 * np.pi * (X[:, [feature]] * p["frequency"][feature] + p["phase"][feature]))
        np.testing.assert_allclose(y[:, feature, :2], waves @ p["weight"][feature], rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(y[:, :, 2], X)


def test_piecewise_linear_embeddings_are_curves_that_bend_at_edges_and_the_number():
    layer = PiecewiseLinearEmbedding(1, 3, 2)
    p = started(layer).tree
    p["edges"][...] = [[-1.0, 0.0, 2.0]]
    y = layer.predict(p, np.array([[-5.0], [-1.0], [-0.5], [0.0], [1.0], [2.0], [9.0]]))
    first, second = p["weight"][0]
    expected = [0 * first, 0 * first, first / 2, first, first + second / 2, first + second, first + second]
    np.testing.assert_allclose(y[:, :2], expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(y[:, 2], [-5, -1, -0.5, 0, 1, 2, 9])


def test_curves_start_flat():
    layer = PiecewiseLinearEmbedding(2, 3)
    y = layer.predict(started(layer, moved=0).tree, X).reshape(6, 2, 3)
    np.testing.assert_array_equal(y[:, :, :2], 0)
