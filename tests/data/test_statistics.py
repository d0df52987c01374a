import numpy as np
import pytest

from skneural.data import Rows, Series
from skneural.data.statistics import block_moments, channel_moments, column_quantiles, robust_scale, rows_of_channels

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2500, 3)) * [1, 10, 0.1] + [5, 0, -1]
WEIGHT = RNG.integers(0, 3, 2500).astype(float)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_moments_of_rows_are_those_of_all_blocks(weight):
    moments = channel_moments(Rows(X), weight)
    mean, deviation = moments.mean, moments.scale
    expected = np.average(X, axis=0, weights=weight)
    np.testing.assert_allclose(mean, expected, rtol=1e-10)
    np.testing.assert_allclose(deviation, np.sqrt(np.average((X - expected) ** 2, axis=0, weights=weight)), rtol=1e-10)


def test_padding_has_no_moments():
    lengths, weight = np.array([3, 1, 5]), np.array([1.0, 2.0, 0.0])
    flat = RNG.standard_normal((9, 2))
    series = Series(Series.of(flat, lengths).values, lengths)
    series.values[np.arange(5) >= lengths[:, np.newaxis]] = 100.0
    moments = channel_moments(series, weight)
    mean, deviation = moments.mean, moments.scale
    steps = flat[[0, 1, 2, 3, 3]]
    np.testing.assert_allclose(mean, steps.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(deviation, steps.std(axis=0), rtol=1e-12)


def test_rows_of_channels_are_steps_of_which_padding_weighs_nothing():
    x = RNG.standard_normal((2, 3, 2))
    values, weight = rows_of_channels(x, np.array([1, 3]), np.array([2.0, 0.5]))
    np.testing.assert_array_equal(values, x.reshape(6, 2))
    np.testing.assert_array_equal(weight, [2, 0, 0, 0.5, 0.5, 0.5])


def test_constants_have_deviation_one():
    x = np.full((7, 2), 0.1, np.float32)
    moments = block_moments([(x[:4], np.ones(4)), (x[4:], np.ones(3))])
    np.testing.assert_allclose(moments.mean, x[0], rtol=1e-7)
    np.testing.assert_array_equal(moments.scale, 1)


def test_quantiles_leave_missing_numbers_out():
    values = np.array([[1.0, np.nan, np.nan], [2.0, 5.0, np.nan], [3.0, 7.0, np.nan]])
    np.testing.assert_array_equal(column_quantiles(values, [0, 1], None), [[1, 5, 0], [3, 7, 0]])
    np.testing.assert_array_equal(column_quantiles(values, [0.5], np.array([0.0, 1, 9])), [[3, 7, 0]])


def test_the_robust_scale_is_the_interquartile_range_or_half_the_range():
    many = np.arange(8.0)
    values = np.column_stack([many, many == 0, np.ones(8)])
    median, scale = robust_scale(values, None)
    np.testing.assert_array_equal(median, [3, 0, 1])
    np.testing.assert_array_equal(scale, [4, 0.5, np.inf])
