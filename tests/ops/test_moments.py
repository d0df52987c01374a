"""A weight of two is the same as two equal rows, and no weight the same as a weight of one."""

import numpy as np
import pytest

from skneural.data.statistics import block_moments
from skneural.ops.blocks import slices
from skneural.ops.moments import (
    RunningMoments,
    weighted_deviation,
    weighted_mean,
    weighted_quantiles,
    weighted_variance,
)

VALUES = np.random.default_rng(0).standard_normal((20, 3)) + np.array([0, 10, -5])
WEIGHT = np.random.default_rng(1).integers(1, 4, 20)
REPEATED = np.repeat(VALUES, WEIGHT, axis=0)


def test_moments_are_those_of_repeated_rows():
    expected = REPEATED.mean(axis=0), REPEATED.std(axis=0)
    np.testing.assert_allclose(weighted_mean(VALUES, WEIGHT), expected[0], rtol=1e-12)
    np.testing.assert_allclose(weighted_variance(VALUES, WEIGHT), (expected[0], expected[1] ** 2), rtol=1e-12)
    for rows, weight in ((VALUES, WEIGHT), (REPEATED, None)):
        moments = RunningMoments.of(rows, weight)
        np.testing.assert_allclose([moments.mean, moments.scale], expected, rtol=1e-12)
        np.testing.assert_array_equal(moments.weight, len(REPEATED))


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 4.0])])
@pytest.mark.parametrize("value", [0.0, 0.1, -1e10, 1e-10])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_deviation_of_constants_is_one(value, weight, dtype):
    moments = RunningMoments.of(np.full((3, 2), value, dtype), weight)
    np.testing.assert_array_equal(moments.scale, 1.0)
    np.testing.assert_array_equal(moments.joined(moments).scale, 1.0)


@pytest.mark.parametrize("n_columns", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_deviation_of_many_equal_numbers_is_one(n_columns, weighted):
    """Their sum has a rounding error that grows with their number."""
    for value in (0.1, -7.7, 1e10 * np.pi, 1e-10 / 3):
        values = np.full((3001, n_columns), value)
        weight = np.random.default_rng(0).random(3001) if weighted else None
        blocks = [(values[rows], np.ones(3001)[rows] if weight is None else weight[rows]) for rows in slices(3001, 900)]
        for moments in (RunningMoments.of(values, weight), block_moments(blocks)):
            np.testing.assert_array_equal(moments.scale, 1.0)
            np.testing.assert_allclose(moments.mean, value, rtol=1e-15)


def test_small_deviations_are_left_unless_they_are_rounding():
    one, deviation = np.ones(2), np.array([1e-12, 1e-16])
    np.testing.assert_allclose(RunningMoments(one, one, deviation, np.finfo(np.float64).eps).scale, [1e-12, 1.0])
    np.testing.assert_array_equal(RunningMoments(one, one, deviation, np.finfo(np.float32).eps).scale, 1.0)


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("first", [0, 1, 7, 19])
def test_moments_of_parts_join_to_those_of_all_rows(weight, first):
    """Also with missing numbers, and where a part has no number of a column."""
    rows = VALUES.copy()
    rows[4:, 1] = np.nan
    rows[::3, 2] = np.nan
    parts = [
        RunningMoments.of(rows[part], None if weight is None else weight[part])
        for part in (slice(0, first), slice(first, None))
    ]
    joined, whole = parts[0].joined(parts[1]), RunningMoments.of(rows, weight)
    for name in ("weight", "mean", "deviation"):
        np.testing.assert_allclose(getattr(joined, name), getattr(whole, name), rtol=1e-12)
    again = whole.joined(whole)
    np.testing.assert_array_equal([again.mean, again.deviation], [whole.mean, whole.deviation])


def test_units_change_without_changing_numbers():
    before, after = RunningMoments.of(VALUES[:5]), RunningMoments.of(VALUES)
    factor, shift = after.change_since(before)
    standard = (VALUES - before.mean) / before.scale
    np.testing.assert_allclose(factor * standard + shift, (VALUES - after.mean) / after.scale, rtol=1e-10)
    np.testing.assert_array_equal(after.change_since(RunningMoments.of(VALUES[:1])), ([1, 1, 1], [0, 0, 0]))


def test_moments_of_no_rows_leave_numbers_as_they_are():
    nothing = RunningMoments.none(2)
    np.testing.assert_array_equal([nothing.mean, nothing.scale], [[0, 0], [1, 1]])
    assert not nothing.known
    assert RunningMoments.of(VALUES).known


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.73, 1.0])
def test_quantiles_are_those_of_repeated_rows(share):
    expected = np.quantile(REPEATED, share, axis=0, method="inverted_cdf")
    np.testing.assert_array_equal(weighted_quantiles(VALUES, share, WEIGHT), expected)
    np.testing.assert_array_equal(weighted_quantiles(VALUES, [share, 0.5], WEIGHT)[0], expected)
    without = np.quantile(VALUES, share, axis=0, method="inverted_cdf")
    np.testing.assert_array_equal(weighted_quantiles(VALUES, share, None), without)


@pytest.mark.parametrize("weight", [None, np.array([0.5, 1.0, 2.0])])
@pytest.mark.parametrize("exponent", [-1060, -500, 500, 1000, 1022])
def test_deviations_of_numbers_whose_squares_are_out_of_range(exponent, weight):
    values = np.array([[1.0, 0.5], [1.5, 0.5], [-0.25, 1.75]])
    mean, deviation = weighted_deviation(values, weight)
    scaled = weighted_deviation(np.ldexp(values, exponent), weight)
    np.testing.assert_allclose(scaled, np.ldexp([mean, deviation], exponent), rtol=1e-13, atol=2.0**-1074)
    parts = [RunningMoments.of(np.ldexp(part, exponent), w) for part, w in _halves(values, weight)]
    moments = parts[0].joined(parts[1])
    expected = np.ldexp([mean, deviation], exponent)
    np.testing.assert_allclose([moments.mean, moments.deviation], expected, rtol=1e-13, atol=2.0**-1070)


def _halves(values, weight):
    return [(values[rows], None if weight is None else weight[rows]) for rows in (slice(0, 1), slice(1, 3))]
