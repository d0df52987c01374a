"""Task of forecasting: the next steps of series, in the units of the windows before them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, cast

import numpy as np

from skneural.data import Container, Targets
from skneural.estimators.forecast.container import ForecastWindows, ManySeries, SeriesArrays, WindowForm
from skneural.estimators.forecast.reader import LongSeries
from skneural.losses import AbsoluteLoss, HuberLoss, Loss, MemberLoss, PresentTargetsLoss, QuantilesLoss, SquaredLoss
from skneural.losses.regression import ElementwiseLoss
from skneural.ops.moments import RunningMoments, weighted_quantiles
from skneural.ops.types import Array
from skneural.ops.window_units import least_relative_deviation, window_moments
from skneural.readers import Reader
from skneural.tasks import FitArguments, Task

LOSSES_OF_FORECASTS: dict[str, ElementwiseLoss] = {
    "absolute_error": AbsoluteLoss(),
    "huber": HuberLoss(),
    "squared_error": SquaredLoss(),
}

# Windows from which their common units are learned.
WINDOWS_FOR_UNITS = 10_000

# Windows of an epoch at least, for which few windows are repeated: an epoch of few steps would be too short for a
# schedule. On monthly passengers of an airline, ten epochs reached a MASE of 1.23 without repetitions.
FEWEST_WINDOWS = 1600

# Ratio of the longest window to that in the middle.
WIDEST = 1.5


@dataclass(frozen=True)
class ForecastOptions:
    """Hyper-parameters of forecasting.

    Attributes
    ----------
    horizon : int
    season : int or None
    window_size : int, list of int, or None
        None: chosen from horizon, season and lengths.
    normalize : str or None
    loss : str or ElementwiseLoss
    quantiles : list of float, or None
    n_members : int
    max_windows : int
    """

    horizon: int
    season: int | None
    window_size: int | list[int] | None
    normalize: str | None
    loss: str | ElementwiseLoss
    quantiles: list[float] | None
    n_members: int
    max_windows: int


@dataclass(frozen=True)
class Forecasting(Task):
    """Forecast of the steps that follow a window of a series.

    Each series is cut into all windows that are followed by the steps of the horizon. Windows are ordered by the number
    of steps from them to the end of their series, so that the last ones of all series come last.

    Attributes
    ----------
    options : ForecastOptions
    form : WindowForm
    """

    options: ForecastOptions
    form: WindowForm

    required: ClassVar[bool] = False

    @classmethod
    def check(cls, arguments: FitArguments, options: ForecastOptions, estimator_name: str) -> None:
        return None

    @classmethod
    def learn(cls, arguments: FitArguments, options: ForecastOptions, reader: Reader) -> Self:
        arrays = cast(ManySeries, arguments.X).arrays
        form = learned_form(arrays, options, arguments.sample_weight, cast(LongSeries, reader).n_calendar)
        return cls(options, form)

    def compare(self, arguments: FitArguments) -> None:
        """Do nothing: the targets follow from X, which the reader has checked."""

    @property
    def learned_once(self) -> str:
        return "the units of windows"

    def network_input(self, arguments: FitArguments) -> Container:
        return self.windows(cast(ManySeries, arguments.X), arguments.sample_weight)

    def sample_weight(self, arguments: FitArguments) -> Array | None:
        if arguments.sample_weight is None:
            return None
        weight: Array = arguments.sample_weight
        return weight[self.windows(arguments.X, weight).series]

    def encode(self, arguments: FitArguments) -> Targets:
        """Empty targets of the right shape: `ForecastWindows` computes those of each batch."""
        n_targets = self.form.horizon * len(self.form.least)
        shape = (len(self.windows(arguments.X, arguments.sample_weight)), n_targets)
        return Targets(np.broadcast_to(np.zeros((), arguments.dtype), shape))

    def windows(self, series: ManySeries, weight: Array | None = None) -> ForecastWindows:
        """All windows that are followed by the steps of the horizon.

        Parameters
        ----------
        series : ManySeries
        weight : array of shape (n_series,) or None, default=None
            Count of each series.

        Raises
        ------
        ValueError
            If no series is long enough.
        """
        lengths, horizon = series.arrays.lengths, self.form.horizon
        first = first_origins(lengths, self.form)
        n_windows = np.maximum(lengths - horizon - first + 1, 0)
        if not n_windows.any():
            raise ValueError(
                f"No series is long enough: the longest has {lengths.max(initial=0)} steps, and training needs at "
                f"least {horizon + 1}, a value and the {horizon} steps of the horizon that follow it. For one "
                "series of several channels, an array (steps, channels), give X[np.newaxis]."
            )
        total = int(n_windows.sum() if weight is None else np.ceil(weight @ n_windows))
        n_choices = max(-(-total // self.options.max_windows), 1)
        which = np.repeat(np.arange(len(lengths)), -(-n_windows // n_choices))
        from_end = np.concatenate([np.arange(0, n, n_choices) for n in n_windows])
        n_repetitions = -(-FEWEST_WINDOWS // max(total, len(which)))
        order = np.repeat(np.argsort(-from_end, kind="stable"), n_repetitions)
        which, from_end = which[order], from_end[order]
        origins = lengths[which] - horizon - from_end
        choices = np.minimum(n_choices, n_windows[which] - from_end)
        return ForecastWindows(series.arrays, self.form, which, origins, choices, series.dtype)

    def last_windows(self, arrays: SeriesArrays, dtype: np.dtype[Any]) -> ForecastWindows:
        """The last window of each series, from which its future is forecast."""
        n = len(arrays.lengths)
        return ForecastWindows(arrays, self.form, np.arange(n), arrays.lengths, np.ones(n, int), dtype)

    def loss(self) -> tuple[Loss, int]:
        n_targets, quantiles = self.form.horizon * len(self.form.least), self.options.quantiles
        if quantiles is None:
            loss = self.options.loss
            each = loss if isinstance(loss, ElementwiseLoss) else LOSSES_OF_FORECASTS[loss]
            return MemberLoss(PresentTargetsLoss(each)), n_targets
        return MemberLoss(PresentTargetsLoss(QuantilesLoss(tuple(quantiles)))), n_targets * len(quantiles)

    def shapes(self) -> dict[str, Any]:
        n_future = self.form.horizon * len(self.form.known_scale)
        return {"window_sizes": self.form.window_sizes, "step_size": self.form.step_size, "n_future": n_future}

    def attributes(self) -> dict[str, Any]:
        return {"window_sizes_": list(self.form.window_sizes)}

    def decode(self, raw: Array) -> Array:
        """Forecasts in the units of windows, of shape (n, horizon, channels), or also with an axis of quantiles."""
        shape = (len(raw), self.form.horizon, len(self.form.least))
        if self.options.quantiles is None:
            return raw.reshape(shape)
        return np.sort(raw.reshape(*shape, -1), axis=3)[..., ranks(self.options.quantiles)]


def ranks(values: list[float]) -> Array:
    """The rank of each value."""
    return np.argsort(np.argsort(values))


def first_origins(lengths: Array, form: WindowForm) -> Array:
    """The first step of each series that training forecasts: after the shortest window, or half of a short series."""
    return np.minimum(min(form.window_sizes), np.maximum((lengths - form.horizon) // 2, 1))


def learned_form(arrays: SeriesArrays, options: ForecastOptions, weight: Array | None, n_calendar: int) -> WindowForm:
    """Sizes of windows, and the units that all of them share, in which each series counts by its weight."""
    weight = np.ones(len(arrays.lengths)) if weight is None else weight
    sizes = window_sizes(arrays.lengths, options, weight)
    n_channels, n_known = arrays.values.shape[1], arrays.known.shape[1]
    values = RunningMoments.of(np.where(arrays.present, arrays.values, np.nan), np.repeat(weight, arrays.lengths))
    known = RunningMoments.of(arrays.known, np.repeat(weight, arrays.known_lengths))
    form = WindowForm(
        sizes,
        options.horizon,
        options.normalize,
        options.season or 1,
        least=np.zeros(n_channels),
        centre=values.mean,
        scale=values.scale,
        known_centre=known.mean,
        known_scale=known.scale if n_known else np.zeros(0),
        n_calendar=n_calendar,
        masked=False,
    )
    short = bool((first_origins(arrays.lengths, form) < form.longest).any())
    return replace(form, least=_least(arrays, form, weight), masked=short or not arrays.present.all())


def _least(arrays: SeriesArrays, form: WindowForm, weight: Array) -> Array:
    """Least relative deviation of windows, from evenly spaced ones of all series."""
    stride = max(1, len(arrays.values) // WINDOWS_FOR_UNITS)
    which = np.repeat(np.arange(len(arrays.lengths)), -(-arrays.lengths // stride))
    origins = np.concatenate([np.arange(n, 0, -stride) for n in arrays.lengths])
    windows = ForecastWindows(arrays, form, which, origins, np.ones_like(origins), np.dtype(np.float64))
    _, deviation, size = window_moments(*windows.cut())
    return least_relative_deviation(deviation, size, weight[which])


def window_sizes(lengths: Array, options: ForecastOptions, weight: Array) -> list[int]:
    """Steps of the window of each member."""
    if isinstance(options.window_size, list):
        return options.window_size
    size = options.window_size or automatic_window_size(lengths, options.horizon, options.season, weight)
    # From two thirds of it to one and a half: the mean over members of several sizes is better than that of equal ones.
    spread = np.linspace(-1, 1, options.n_members) if options.n_members > 1 else np.zeros(1)
    return [max(1, round(size * WIDEST**position)) for position in spread.tolist()]


def automatic_window_size(lengths: Array, horizon: int, season: int | None, weight: Array) -> int:
    """Two horizons, or up to seven seasons of series that are at least four times as long."""
    typical = int(weighted_quantiles(lengths[:, np.newaxis], 0.5, weight)[0])
    several_seasons = min(7 * (season or 1), typical // 4)
    return max(1, min(max(2 * horizon, several_seasons), typical // 2))
