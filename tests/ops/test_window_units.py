"""Units of windows: their own centre and scale, whatever the units of the series."""

import numpy as np
import pytest

from skneural.ops.window_units import (
    least_relative_deviation,
    target_centre,
    window_centre,
    window_moments,
    window_scale,
)

rng = np.random.default_rng(0)
WINDOWS = rng.standard_normal((60, 10, 2)) + np.array([5.0, -2.0])
ALL = np.ones(WINDOWS.shape, bool)


def test_moments_are_those_of_the_steps_that_are_present():
    present = rng.random(WINDOWS.shape) < 0.7
    with_gaps = np.where(present, WINDOWS, np.nan)
    mean, deviation, size = window_moments(WINDOWS, present)
    np.testing.assert_allclose(mean, np.nanmean(with_gaps, axis=1), rtol=1e-12)
    np.testing.assert_allclose(deviation, np.nanstd(with_gaps, axis=1), rtol=1e-12)
    np.testing.assert_allclose(size, np.nanmean(np.abs(with_gaps), axis=1), rtol=1e-12)


def test_what_is_in_gaps_does_not_matter():
    present = rng.random(WINDOWS.shape) < 0.7
    for one, other in zip(
        window_moments(WINDOWS, present), window_moments(np.where(present, WINDOWS, 9), present), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_the_scale_has_the_unit_of_the_series():
    _, deviation, size = window_moments(WINDOWS, ALL)
    least = least_relative_deviation(deviation, size)
    _, greater, larger = window_moments(1000 * WINDOWS, ALL)
    np.testing.assert_allclose(least_relative_deviation(greater, larger), least, rtol=1e-12)
    np.testing.assert_allclose(
        window_scale(greater, larger, least), 1000 * window_scale(deviation, size, least), rtol=1e-12
    )


def test_the_scale_has_a_floor_where_a_series_hardly_moves():
    windows = WINDOWS.copy()
    windows[0] = windows[0, 0] + 1e-9 * rng.standard_normal((10, 2))
    _, deviation, size = window_moments(windows, ALL)
    least = least_relative_deviation(deviation, size)
    scale = window_scale(deviation, size, least)
    assert (scale[0] > 1e6 * deviation[0]).all()
    np.testing.assert_array_equal(scale[1:], np.maximum(deviation[1:], least * size[1:]))


@pytest.mark.parametrize("value", [0.0, 3.0, 1e-300])
def test_constant_windows_have_a_scale(value):
    _, deviation, size = window_moments(np.full((4, 5, 1), value), np.ones((4, 5, 1), bool))
    least = least_relative_deviation(deviation, size)
    assert (least == 0).all()
    scale = window_scale(deviation, size, least)
    np.testing.assert_allclose(scale, value or 1.0, rtol=1e-12)


def test_centres():
    mean = WINDOWS.mean(axis=1)
    np.testing.assert_array_equal(window_centre(WINDOWS, mean, "mean"), mean)
    np.testing.assert_array_equal(window_centre(WINDOWS, mean, "last"), WINDOWS[:, -1])
    np.testing.assert_array_equal(window_centre(WINDOWS, mean, "season"), WINDOWS[:, -1])
    centre = WINDOWS[:, -1]
    np.testing.assert_array_equal(
        target_centre(WINDOWS, centre, "last", 4, 3), np.repeat(centre[:, np.newaxis], 3, axis=1)
    )
    np.testing.assert_array_equal(target_centre(WINDOWS, centre, "season", 4, 3), WINDOWS[:, 6:9])
    np.testing.assert_array_equal(target_centre(WINDOWS, centre, "season", 2, 5), WINDOWS[:, [8, 9, 8, 9, 8]])
    np.testing.assert_array_equal(target_centre(WINDOWS, centre, "season", 99, 3), WINDOWS[:, :3])  # all that there is
