"""Containers of forecasting: series with values known in advance, and windows of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from skneural.data import BatchInfo, Container, Rows, Targets
from skneural.data.container import NO_BATCH_INFO
from skneural.data.targets import Selection
from skneural.ops.segments import ranges, segment_starts
from skneural.ops.types import Array
from skneural.ops.window_units import target_centre, window_centre, window_moments, window_scale


@dataclass(frozen=True)
class SeriesArrays:
    """Series one after the other, as plain arrays.

    Attributes
    ----------
    values : float64 array of shape (steps of all series, channels)
        Gaps are filled.
    present : bool array of the same shape
        False in gaps.
    lengths : int array of shape (n_series,)
    known : float64 array of shape (known steps of all series, n_known)
        Values that are known in advance, of the steps of each series and of those that follow.
    known_lengths : int array of shape (n_series,)
    """

    values: Array
    present: Array
    lengths: Array
    known: Array
    known_lengths: Array

    @cached_property
    def starts(self) -> Array:
        """Number of the first step of each series."""
        return segment_starts(self.lengths)

    @cached_property
    def known_starts(self) -> Array:
        """Number of the first known step of each series."""
        return segment_starts(self.known_lengths)

    def take(self, rows: Array) -> Self:
        """Some of the series."""
        steps = ranges(self.starts[rows], self.lengths[rows])
        known = ranges(self.known_starts[rows], self.known_lengths[rows])
        return type(self)(
            self.values[steps], self.present[steps], self.lengths[rows], self.known[known], self.known_lengths[rows]
        )

    def without_last(self, n_steps: int) -> Self:
        """The series without their last steps; known values remain."""
        lengths = np.maximum(self.lengths - n_steps, 0)
        steps = ranges(self.starts, lengths)
        return type(self)(self.values[steps], self.present[steps], lengths, self.known, self.known_lengths)

    def with_future(self, known: list[Array]) -> Self:
        """The series with values known in advance of the steps that follow, of shape (steps, n_known) each."""
        of_steps = np.split(self.known, np.cumsum(self.known_lengths)[:-1])
        whole = [
            np.concatenate([past[:n], future]) for past, n, future in zip(of_steps, self.lengths, known, strict=True)
        ]
        return replace(self, known=np.concatenate(whole), known_lengths=np.array([len(each) for each in whole]))

    def last(self, n_steps: int) -> Self:
        """The last steps of each series, with the known values of these and of what follows."""
        lengths = np.minimum(self.lengths, n_steps)
        skipped = self.lengths - lengths
        steps = ranges(self.starts + skipped, lengths)
        known_lengths = np.maximum(self.known_lengths - skipped, 0)
        known = ranges(self.known_starts + skipped, known_lengths)
        return type(self)(self.values[steps], self.present[steps], lengths, self.known[known], known_lengths)


class ManySeries(Container):
    """Series of numbers of any lengths, of which each is a sample until it is cut into windows.

    Parameters
    ----------
    arrays : SeriesArrays
    dtype : dtype
        Precision of training.
    """

    def __init__(self, arrays: SeriesArrays, dtype: np.dtype[Any]) -> None:
        self.arrays = arrays
        self.dtype = dtype

    def __len__(self) -> int:
        return len(self.arrays.lengths)

    def __getitem__(self, rows: Selection) -> ManySeries:
        return ManySeries(self.arrays.take(np.arange(len(self))[rows]), self.dtype)

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return self.arrays.values.astype(self.dtype), NO_BATCH_INFO


@dataclass(frozen=True)
class WindowForm:
    """The form of windows and targets.

    Attributes
    ----------
    window_sizes : list of int
        Steps of the window of each member of the ensemble.
    horizon : int
    normalize : str or None
        One of `skneural.ops.window_units.NORMALIZATIONS`; None for the same units in all windows.
    season : int
        Steps of a season; 1 if there is none.
    least : array of shape (channels,)
        Least deviation of a window in units of its size.
    centre, scale : arrays of shape (channels,)
        Of all windows if `normalize` is None.
    known_centre, known_scale : arrays of shape (n_known,)
    n_calendar : int
        Last ones of the known values, which the network is given for the horizon only: in the steps of the window, the
        series itself tells the time.
    masked : bool
        Whether the network is told which values are present.
    """

    window_sizes: list[int]
    horizon: int
    normalize: str | None
    season: int
    least: Array
    centre: Array
    scale: Array
    known_centre: Array
    known_scale: Array
    n_calendar: int
    masked: bool

    @property
    def longest(self) -> int:
        """Steps that are cut for a window."""
        return max(self.window_sizes)

    @property
    def step_size(self) -> int:
        """Numbers of each step of a window."""
        return (2 if self.masked else 1) * len(self.least) + len(self.known_scale) - self.n_calendar

    def units(self, windows: Array, present: Array) -> tuple[Array, Array, Array]:
        """Centre and scale of each window, of shape (n, channels), and centre of its targets."""
        if self.normalize is None:
            shape = (len(windows), windows.shape[2])
            centre, scale = np.broadcast_to(self.centre, shape), np.broadcast_to(self.scale, shape)
            return centre, scale, np.broadcast_to(self.centre, (len(windows), self.horizon, windows.shape[2]))
        # of the window in the middle, if members have several: a compromise between recent and typical deviations
        size = sorted(self.window_sizes)[len(self.window_sizes) // 2]
        mean, deviation, magnitude = window_moments(windows[:, -size:], present[:, -size:])
        centre = window_centre(windows, mean, self.normalize)
        behind = target_centre(windows, centre, self.normalize, self.season, self.horizon)
        return centre, window_scale(deviation, magnitude, self.least), behind


class ForecastWindows(Container):
    """Windows of series, with what is known of the steps that follow, as rows in the units of each window.

    A row has the numbers of each step of the window, the last step last, and then the known values of each step of the
    horizon. The numbers of a step are the value of each channel, its indicator if the form is masked, and the known
    values.

    Parameters
    ----------
    arrays : SeriesArrays
    form : WindowForm
    series : int array of shape (n_windows,)
        Series of each window.
    origins : int array of shape (n_windows,)
        First step after each window, counted from the start of its series.
    n_choices : int array of shape (n_windows,)
        Number of windows that a sample stands for, of which each training step takes a random one: that of `origins`
        and those before.
    dtype : dtype
    """

    def __init__(
        self,
        arrays: SeriesArrays,
        form: WindowForm,
        series: Array,
        origins: Array,
        n_choices: Array,
        dtype: np.dtype[Any],
    ) -> None:
        self.arrays = arrays
        self.form = form
        self.series = series
        self.origins = origins
        self.n_choices = n_choices
        self.dtype = dtype

    def __len__(self) -> int:
        return len(self.series)

    def __getitem__(self, rows: Selection) -> ForecastWindows:
        return self._of(self.series[rows], self.origins[rows], self.n_choices[rows])

    def at(self, series: Array, origins: Array) -> ForecastWindows:
        """Single windows at other places."""
        return self._of(series, origins, np.ones_like(origins))

    @property
    def from_end(self) -> Array:
        """Steps from the horizon after each window to the end of its series."""
        return self.arrays.lengths[self.series] - self.form.horizon - self.origins

    def _of(self, series: Array, origins: Array, n_choices: Array) -> ForecastWindows:
        return ForecastWindows(self.arrays, self.form, series, origins, n_choices, self.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        form = self.form
        return (len(self), form.longest * form.step_size + form.horizon * len(form.known_scale))

    @property
    def symbolic_shape(self) -> tuple[int | str, ...]:
        return ("n", self.shape[1])

    def as_batch(self) -> tuple[Any, BatchInfo]:
        windows, present = self.cut()
        centre, scale, _ = self.form.units(windows, present)
        return self._rows(windows, present, centre, scale), NO_BATCH_INFO

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        if (self.n_choices > 1).any():
            drawn = self.at(self.series, self.origins - rng.integers(0, self.n_choices))
            return drawn.resample(rng, targets)
        x, future = self.with_targets()
        return Rows(x), Targets(future)

    def with_targets(self) -> tuple[Array, Array]:
        """Rows of the network input, and of targets of shape (n, horizon * channels); NaN for missing targets."""
        windows, present = self.cut()
        centre, scale, behind = self.form.units(windows, present)
        future = (self.future() - behind) / scale[:, np.newaxis]
        return self._rows(windows, present, centre, scale), future.reshape(len(self), -1).astype(self.dtype)

    def cut(self) -> tuple[Array, Array]:
        """Values of the windows, of shape (n, steps, channels), and which of them are present.

        Before the start of a series, its first value is repeated.
        """
        starts = self.arrays.starts[self.series][:, np.newaxis]
        steps = starts + self.origins[:, np.newaxis] + np.arange(-self.form.longest, 0)
        inside = np.maximum(steps, starts)
        return self.arrays.values[inside], self.arrays.present[inside] & (steps >= starts)[:, :, np.newaxis]

    def future(self) -> Array:
        """Values of the steps after the windows, of shape (n, horizon, channels); NaN in gaps and after the end."""
        lengths, after = self.arrays.lengths[self.series], self.origins[:, np.newaxis] + np.arange(self.form.horizon)
        inside = np.minimum(after, lengths[:, np.newaxis] - 1)
        steps = self.arrays.starts[self.series][:, np.newaxis] + inside
        present = self.arrays.present[steps] & (after == inside)[:, :, np.newaxis]
        return np.where(present, self.arrays.values[steps], np.nan)

    def _rows(self, windows: Array, present: Array, centre: Array, scale: Array) -> Array:
        """Rows of the network input."""
        normalized = (windows - centre[:, np.newaxis]) / scale[:, np.newaxis]
        known, known_future = self._known()
        parts = [np.where(present, normalized, 0.0), present] if self.form.masked else [normalized]
        steps = np.concatenate([*parts, known], axis=2) if len(parts) > 1 or known.shape[2] else normalized
        row = [steps.reshape(len(self), -1), known_future.reshape(len(self), -1)]
        return np.concatenate(row, axis=1, dtype=self.dtype, casting="same_kind")

    def _known(self) -> tuple[Array, Array]:
        """Values known in advance, in the steps of the window and of the horizon."""
        if not len(self.form.known_scale):
            return np.zeros((len(self), self.form.longest, 0)), np.zeros((len(self), self.form.horizon, 0))
        starts = self.arrays.known_starts[self.series][:, np.newaxis]
        steps = self.origins[:, np.newaxis] + np.arange(-self.form.longest, self.form.horizon)
        values = self.arrays.known[starts + np.maximum(steps, 0)]
        values = (values - self.form.known_centre) / self.form.known_scale
        n_in_windows = values.shape[2] - self.form.n_calendar
        return values[:, : self.form.longest, :n_in_windows], values[:, self.form.longest :]

    def restore(self, normalized: Array) -> Array:
        """Forecasts in the units of each series: the inverse of the normalization of targets.

        Parameters
        ----------
        normalized : array of shape (n, horizon, channels, ...)
        """
        _, scale, behind = self.form.units(*self.cut())
        further = (1,) * (normalized.ndim - 3)
        scale, behind = scale.reshape(len(scale), 1, -1, *further), behind.reshape(*behind.shape, *further)
        return normalized * scale + behind
