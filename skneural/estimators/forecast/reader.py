"""Reader of series for forecasting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags

from skneural.data import Container
from skneural.estimators.forecast.container import ForecastWindows, ManySeries, SeriesArrays
from skneural.estimators.forecast.forms import GivenSeries
from skneural.estimators.forecast.frames import FrameForm
from skneural.ops.types import Array
from skneural.preprocessing import calendar_features
from skneural.readers import InputSpec, Reader
from skneural.readers.frames import TIME

# Numbers of the network input in a block of forecasts: 8 MB in float32.
NUMBERS_PER_PREDICTION = 2_000_000


@dataclass(frozen=True)
class SeriesOptions:
    """Hyper-parameters of the reader of series.

    Attributes
    ----------
    horizon : int
    season : int or None
    log : bool
    calendar : bool
    """

    horizon: int
    season: int | None
    log: bool
    calendar: bool


@dataclass(frozen=True)
class LongSeries(Reader):
    """Series of one or several channels, with values that are known in advance.

    Attributes
    ----------
    options : SeriesOptions
    n_channels : int
    n_known : int
        Without those of the calendar.
    form : FrameForm or None
        That of the training data.
    """

    options: SeriesOptions
    n_channels: int
    n_known: int
    form: FrameForm | None

    @classmethod
    def learn(cls, X: object, options: SeriesOptions, spec: InputSpec) -> tuple[Self, Container]:
        given = GivenSeries.of(X)
        reader = cls(options, given.n_channels, given.n_known, given.form)
        return reader, reader.read(given, spec)

    def read(self, X: object, spec: InputSpec) -> Container:
        given = GivenSeries.of(X)
        for what, n, expected in (
            ("channels", given.n_channels, self.n_channels),
            ("values known in advance", given.n_known, self.n_known),
        ):
            if n != expected:
                raise ValueError(f"Series have {n} {what}, but {spec.estimator_name} was fitted on {expected}.")
        return ManySeries(self.arrays(given), spec.resolve(given.dtype))

    def arrays(self, given: GivenSeries) -> SeriesArrays:
        """Series in plain arrays, with gaps filled."""
        values = [self._transformed(piece, name) for piece, name in zip(given.pieces, given.names(), strict=True)]
        known = self._known(given)
        filled = np.concatenate([_filled(piece, self.options.season or 1) for piece in values])
        return SeriesArrays(
            filled,
            ~np.isnan(np.concatenate(values)),
            np.array([len(piece) for piece in values]),
            np.concatenate(known),
            np.array([len(piece) for piece in known]),
        )

    def _transformed(self, piece: Array, name: str) -> Array:
        piece = piece.astype(np.float64)
        if not self.options.log:
            return piece
        if (piece <= 0).any():
            raise ValueError(
                f"{name} has the value {np.nanmin(piece):g}, but log=True is for positive series. Set log=False."
            )
        return np.log(piece)

    def _known(self, given: GivenSeries) -> list[Array]:
        """Values known in advance, with those of the calendar, of the steps of each series and of what follows."""
        steps, known = [len(piece) for piece in given.pieces], given.known
        if self.n_known:
            known = [_without_later_gaps(*each) for each in zip(known, steps, given.names(), strict=True)]
        elif self.options.calendar:
            known = [np.zeros((n + self.options.horizon, 0)) for n in steps]
        return self.with_calendar(known, given.starts, given.form)

    def with_calendar(self, known: list[Array], starts: list[Any] | None, form: FrameForm | None) -> list[Array]:
        """Values known in advance, with the calendar features of the same steps, which begin at the given times."""
        if not self.options.calendar:
            return known
        if form is None or form.grid is None or starts is None or form.grid.unit == "numbers":
            raise ValueError(
                "calendar=True needs series with times: data frames with a column or an index of times. Give features "
                "of your own as known, such as those of skneural.preprocessing.calendar_features."
            )
        parts = form.grid.calendar_parts
        times = [form.grid.at(start, np.arange(len(piece))) for start, piece in zip(starts, known, strict=True)]
        features = [calendar_features(each, parts=parts) for each in times]
        return [np.concatenate(both, axis=1) for both in zip(known, features, strict=True)]

    def restore(self, x: Container) -> list[Array]:
        """Windows and the steps of their horizons as series, for scorers."""
        assert isinstance(x, ForecastWindows)
        windows, present = x.cut()
        values = np.concatenate([np.where(present, windows, np.nan), x.future()], axis=1)
        return list(np.exp(values) if self.options.log else values)

    def shapes(self) -> dict[str, Any]:
        return {}  # the task makes the windows

    @property
    def n_calendar(self) -> int:
        """Number of calendar features."""
        grid = None if self.form is None else self.form.grid
        if not self.options.calendar or grid is None:
            return 0
        return calendar_features(np.zeros(1, TIME), parts=grid.calendar_parts).shape[1]

    def attributes(self) -> dict[str, Any]:
        return {"n_features_in_": self.n_channels}

    def rows_per_block(self, x: Container) -> int:
        return max(1, NUMBERS_PER_PREDICTION // x.shape[1])

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.two_d_array = False  # the columns of (n, steps) are no features: other series may be longer
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True


def _without_later_gaps(known: Array, n_steps: int, name: str) -> Array:
    """Known values up to the first step after the series that is not known; all steps of the series must be."""
    missing = np.flatnonzero(np.isnan(known).any(axis=1))
    n = int(missing[0]) if len(missing) else len(known)
    if n < n_steps:
        raise ValueError(
            f"{name} has {n_steps} steps, but values known in advance only up to step {n}: known needs a row for each "
            "step of the series, and for forecasts also for those of the horizon."
        )
    return known[:n]


def _filled(piece: Array, season: int) -> Array:
    """The series whose gaps have the value of the season before, or the last one, which are known in time."""
    missing = np.isnan(piece)
    if not missing.any():
        return piece
    filled = piece.copy()
    first = piece[(~missing).argmax(axis=0), np.arange(piece.shape[1])]
    for step, channel in zip(*np.nonzero(missing), strict=True):  # in order of time: all steps before are filled
        before = step - season if step >= season else step - 1
        filled[step, channel] = filled[before, channel] if step else first[channel]
    return filled
