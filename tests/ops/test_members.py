"""Members of an ensemble against their formulas."""

import numpy as np
import pytest
from scipy import special

from skneural.losses import LINKS
from skneural.ops.members import assign_members, average_members, linear_members, multiply_members

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 3))
RAW = RNG.standard_normal((6, 4, 3))


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
