"""Ops of tables against their formulas: embeddings of numbers, members of an ensemble, the smooth clip."""

import numpy as np
import pytest
from scipy import special

from skneural.losses import LINKS
from skneural.ops.members import assign_members, average_members, linear_members, multiply_members
from skneural.ops.numeric_embedding import bins, map_each, waves
from skneural.ops.pointwise import clip_smoothly

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 3))
RAW = RNG.standard_normal((6, 4, 3))


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_smooth_clip_keeps_the_middle_and_bounds_the_rest(dtype):
    x = np.array([0.0, 1e-3, -1e-3, 1e3, -1e3, 1e30], dtype)
    y, vjp = clip_smoothly(x, 3.0)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, [0, 1e-3, -1e-3, 3, -3, 3], rtol=1e-4)
    assert np.abs(y).max() <= 3 * (1 + np.finfo(dtype).eps)
    np.testing.assert_allclose(vjp(np.ones_like(x)), [1, 1, 1, 0, 0, 0], atol=1e-6)


@pytest.mark.parametrize("link", ["identity", "exp", "logistic", "softmax"])
def test_the_link_of_the_average_is_the_average_of_links(link):
    each = LINKS[link](RAW.reshape(-1, 3)).reshape(RAW.shape)
    np.testing.assert_allclose(LINKS[link](average_members(RAW, link)[0]), each.mean(axis=1), rtol=1e-12)


@pytest.mark.parametrize("link", ["identity", "exp", "logistic", "softmax"])
def test_members_that_agree_are_their_average(link):
    same = np.repeat(RAW[:, :1], 4, axis=1)
    expected = special.log_softmax(RAW[:, 0], axis=1) if link == "softmax" else RAW[:, 0]
    np.testing.assert_allclose(average_members(same, link)[0], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("link", ["logistic", "softmax"])
def test_members_that_are_sure_stay_finite(link):
    raw = np.float32([[[100.0, -100.0, 0.0], [80.0, -100.0, 0.0]]])
    y, vjp = average_members(raw, link)
    assert y.dtype == np.float32
    assert np.isfinite(y).all()
    assert np.isfinite(vjp(np.ones_like(y))).all()


def test_members_differ_in_factors_and_outputs_alone():
    factor, weight, bias = RNG.standard_normal((4, 3)), RNG.standard_normal((4, 3, 2)), RNG.standard_normal((4, 2))
    every = assign_members(4, 4)
    shared = multiply_members(X, factor, every)[0]
    np.testing.assert_array_equal(shared, multiply_members(np.repeat(X[:, None], 4, axis=1), factor, every)[0])
    outputs = linear_members(shared, weight, bias, every)[0]
    for member in range(4):
        expected = (X * factor[member]) @ weight[member] + bias[member]
        np.testing.assert_allclose(outputs[:, member], expected, rtol=1e-12)


def test_members_that_share_rows_compute_what_they_would_of_all_of_them():
    factor, weight, bias = RNG.standard_normal((4, 3)), RNG.standard_normal((4, 3, 2)), RNG.standard_normal((4, 2))
    every, dealt = assign_members(4, 4), assign_members(4, 2)
    outputs = linear_members(multiply_members(X, factor, every)[0], weight, bias, every)[0]
    of_some = linear_members(multiply_members(X, factor, dealt)[0], weight, bias, dealt)[0]
    for rows, members in dealt:
        np.testing.assert_allclose(of_some[rows], outputs[rows][:, members], rtol=1e-12)
