"""Times as numbers, and back."""

import numpy as np
import pandas as pd
import pytest

from skneural.readers import columns_of
from skneural.readers.times import Times, calendar_numbers, times_of

US = "M8[us]"
DAY = 86_400 * 10**6


def drawn(n=500, seed=0):
    """Times from 1900 to 2100, to the microsecond, and days at whose start or end a position is 0."""
    rng = np.random.default_rng(seed)
    days = np.array(["1970-01-01", "2000-02-29", "2024-01-01", "2023-12-31T23:59:59.999999", "1969-12-29"], US)
    first, last = (np.datetime64(year, "us").astype(int) for year in ("1900", "2100"))
    return np.concatenate([days, rng.integers(first, last, n).astype(US), np.array(["NaT"], US)])


def test_numbers_are_year_and_positions_as_pandas_tells_them():
    times = drawn()[:-1]
    years, in_year, in_week, in_day = calendar_numbers(times).T
    index = pd.DatetimeIndex(times)
    np.testing.assert_allclose(years - in_year, index.year, atol=1e-9)
    length = np.where(index.is_leap_year, 366, 365)
    np.testing.assert_array_equal(np.floor(in_year * length + 1e-12), index.day_of_year - 1)
    np.testing.assert_array_equal(np.floor(in_week * 7), index.day_of_week)
    np.testing.assert_allclose(in_day, (index - index.normalize()) / pd.Timedelta(1, "D"), atol=1e-12)
    assert calendar_numbers(np.array(["NaT"], US)).shape == (1, 4)
    assert np.isnan(calendar_numbers(np.array(["NaT"], US))).all()


def test_times_are_restored_from_their_numbers():
    times = drawn()
    np.testing.assert_array_equal(times_of(calendar_numbers(times)), times)


def test_positions_decide_among_near_times():
    """Numbers that contradict each other give the time with the positions in week and day that is near."""
    monday_noon = np.array(["2024-05-06T12:00"], US)
    numbers = calendar_numbers(monday_noon)
    numbers[:, :2] += 2.4 / 366  # days
    np.testing.assert_array_equal(times_of(numbers), monday_noon)
    numbers[:, 3] += 0.25
    np.testing.assert_array_equal(times_of(numbers), monday_noon + np.timedelta64(6, "h"))


@pytest.mark.parametrize("unit", ["D", "h", "m", "s", "ms", "us"])
def test_restored_times_have_the_range_and_the_resolution_of_training(unit):
    times = drawn().astype(f"M8[{unit}]").astype(US)
    columns = columns_of(times[:, np.newaxis])
    learned = Times.learn(columns, np.array([True]))
    assert learned.resolution == [np.timedelta64(1, unit) / np.timedelta64(1, "us")]
    (numbers,) = learned.numbers(columns)
    (restored,) = learned.restore(numbers + np.random.default_rng(0).normal(0, 0.3, numbers.shape))
    known = restored[~np.isnat(restored)]
    assert times[:-1].min() <= known.min()
    assert known.max() <= times[:-1].max()
    np.testing.assert_array_equal(known, known.astype(f"M8[{unit}]"))
