"""Times as numbers that networks can learn from, and the inverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Self

import numpy as np

from skneural.ops.types import Array
from skneural.readers.frames import TIME, Column

# Numbers of a time, see `calendar_numbers`.
N_NUMBERS = 4

DAY, WEEK = 86_400 * 10**6, 7 * 86_400 * 10**6  # microseconds
MONDAY = 4 * DAY  # the first one after the beginning of 1970
UNITS = (DAY, 3600 * 10**6, 60 * 10**6, 10**6, 1000, 1)


def calendar_numbers(times: Array) -> Array:
    """Numbers of local times.

    Parameters
    ----------
    times : array of microseconds since 1970 of shape (n,), with dtype "M8[us]"

    Returns
    -------
    numbers : array of shape (n, 4)
        Years, and positions in the year, the week and the day, from 0 up to 1; NaN if missing.
    """
    year = times.astype("M8[Y]")
    start, end = year.astype(TIME), (year + np.timedelta64(1, "Y")).astype(TIME)
    in_year = (times - start) / (end - start)
    years = np.where(np.isnat(times), np.nan, year.astype(np.int64) + 1970.0)
    microseconds = times.astype(np.int64)
    numbers = [years + in_year, in_year, (microseconds - MONDAY) % WEEK / WEEK, microseconds % DAY / DAY]
    return np.where(np.isnat(times)[:, np.newaxis], np.nan, np.stack(numbers, axis=1))


def times_of(numbers: Array) -> Array:
    """The times with given numbers: the inverse of `calendar_numbers`.

    Where numbers contradict each other, each position changes the time as little as possible, one after another.
    """
    missing: Array = np.asarray(np.isnan(numbers).any(axis=1))
    years, in_year, in_week, in_day = np.where(missing[:, np.newaxis], 0.0, numbers).T
    year = np.rint(years - in_year)
    start, end = ((year + after - 1970).astype("M8[Y]").astype(TIME).astype(np.int64) for after in (0, 1))
    time = start + in_year * (end - start)
    for position, period, origin in ((in_week, WEEK, MONDAY), (in_day, DAY, 0)):
        phase = origin + position * period
        time = np.rint((time - phase) / period) * period + phase
    times = np.rint(time).astype(np.int64).astype(TIME)
    times[missing] = np.datetime64("NaT", "us")
    return times


@dataclass(frozen=True)
class Times:
    """The columns of a table that hold times.

    Attributes
    ----------
    is_time : bool array of shape (n_features,)
    least, greatest : int arrays of shape (n_times,)
        Range of each column in training, in microseconds since 1970.
    resolution : int array of shape (n_times,)
        Microseconds: the longest of day, hour, minute and so on of which all times in training are multiples.
    """

    is_time: Array
    least: Array
    greatest: Array
    resolution: Array

    @classmethod
    def learn(cls, columns: Sequence[Column], is_time: Array) -> Self:
        """Learn from the columns of the training data."""
        ranges = []
        for column in compress(columns, is_time):
            times = column.times()
            known = times[~np.isnat(times)].astype(np.int64)
            if len(known):
                resolution = next(unit for unit in UNITS if not (known % unit).any())
                ranges.append((known.min(), known.max(), resolution))
            else:
                ranges.append((0, 0, 1))
        return cls(is_time, *np.array(ranges, np.int64).reshape(-1, 3).T)

    @property
    def n_numbers(self) -> int:
        """Numbers of all times of a row."""
        return N_NUMBERS * len(self.least)

    def numbers(self, columns: Sequence[Column]) -> list[Array]:
        """Numbers of the times in each column, of shape (n, 4) each."""
        return [calendar_numbers(column.times()) for column in compress(columns, self.is_time)]

    def restore(self, numbers: Array) -> list[Array]:
        """Times with the given numbers, within the range and in the resolution of the training data."""
        columns = []
        parts = np.split(numbers, len(self.least), axis=1) if len(self.least) else []
        for part, least, greatest, unit in zip(parts, self.least, self.greatest, self.resolution, strict=True):
            times = times_of(part)
            rounded = np.rint(times.astype(np.int64) / unit).astype(np.int64) * unit
            columns.append(np.where(np.isnat(times), times, np.clip(rounded, least, greatest).astype(TIME)))
        return columns
