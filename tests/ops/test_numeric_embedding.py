"""Embeddings of numbers against their formulas."""

import numpy as np

from skneural.ops.numeric_embedding import bins, map_each, waves

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 3))


def test_waves_are_cosines_of_each_feature():
    frequency, phase = RNG.standard_normal((3, 5)), RNG.standard_normal((3, 5))
    expected = np.cos(2 * np.pi * (X[:, :, None] * frequency + phase))
    np.testing.assert_allclose(waves(X, frequency, phase)[0].transpose(1, 0, 2), expected, rtol=1e-12)


def test_bins_tell_how_far_a_number_is_through_each():
    edges = np.array([[0.0, 1.0, 3.0, 7.0]])
    x = np.array([[-5.0], [0.25], [1.0], [2.0], [7.0], [100.0]])
    expected = [[0, 0, 0], [0.25, 0, 0], [1, 0, 0], [1, 0.5, 0], [1, 1, 1], [1, 1, 1]]
    np.testing.assert_array_equal(bins(x, edges)[0][0], expected)


def test_bins_that_are_not_there_are_never_entered():
    """Fewer different numbers than edges: infinity stands in the places of those that were left out."""
    edges = np.array([[0.0, 1.0, np.inf, np.inf], [2.0, np.inf, np.inf, np.inf]])
    y, vjp = bins(np.array([[0.5, 2.0], [9.0, 9.0]]), edges)
    np.testing.assert_array_equal(y, [[[0.5, 0, 0], [1, 0, 0]], [[0, 0, 0], [0, 0, 0]]])
    np.testing.assert_array_equal(vjp(np.ones_like(y)), [[1, 0], [0, 0]])


def test_each_feature_is_mapped_by_its_own_weight():
    x, weight = RNG.standard_normal((3, 6, 5)), RNG.standard_normal((3, 5, 2))
    np.testing.assert_allclose(map_each(x, weight)[0], np.einsum("fbi,fio->bfo", x, weight), rtol=1e-12)
