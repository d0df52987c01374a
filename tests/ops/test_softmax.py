import numpy as np
import pytest
from scipy import special

from skneural.ops.softmax import softmax, softmax_and_log_sum

SHAPES = [(6, 4), (2, 3, 5), (7,), (3, 1)]


def scores(shape, scale=3.0):
    return scale * np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_scipy_and_sums_to_one(shape):
    x = scores(shape)
    y, log_sum = softmax_and_log_sum(x)
    np.testing.assert_allclose(softmax(x), special.softmax(x, axis=-1), rtol=1e-12)
    np.testing.assert_allclose(y, special.softmax(x, axis=-1), rtol=1e-12)
    np.testing.assert_allclose(log_sum, special.logsumexp(x, axis=-1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(softmax(x).sum(axis=-1), 1, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows(dtype):
    x = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, -1e4]], dtype)
    expected = [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]]
    y, log_sum = softmax_and_log_sum(x)
    assert y.dtype == log_sum.dtype == softmax(x).dtype == dtype
    np.testing.assert_allclose(softmax(x), expected, rtol=1e-6)
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    np.testing.assert_allclose(log_sum[:, 0], [1e4, -1e4 + np.log(3), 1e4 + np.log(2)], rtol=1e-6)


def test_a_shift_of_all_scores_changes_nothing_but_the_sum():
    x = scores((5, 4))
    y, log_sum = softmax_and_log_sum(x)
    shifted_y, shifted_log_sum = softmax_and_log_sum(x + 7.0)
    np.testing.assert_allclose(shifted_y, y, rtol=1e-12)
    np.testing.assert_allclose(shifted_log_sum, log_sum + 7.0, rtol=1e-12)


def test_inputs_are_only_borrowed():
    x = scores((5, 4))
    before = x.copy()
    softmax(x)
    softmax_and_log_sum(x)
    np.testing.assert_array_equal(x, before)
