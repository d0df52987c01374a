"""Forecasts of the past: how well a forecaster would have done, beside forecasts that need no network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge

from skneural.estimators.forecast.container import ManySeries, SeriesArrays
from skneural.estimators.forecast.errors import (
    naive_forecasts,
    scaled_error,
    seasonal_errors,
    symmetric_error,
    weighted_error,
)
from skneural.estimators.forecast.task import Forecasting
from skneural.ops.types import Array

METRICS = ("MASE", "sMAPE", "WAPE")

# Windows on which the ridge regression is fitted at most.
WINDOWS_FOR_RIDGE = 20_000


@dataclass(frozen=True)
class Backtest:
    """Errors of forecasts of the past, by method; printed as a table.

    Attributes
    ----------
    errors : dict from str to dict from str to float
        For each method the MASE, sMAPE and WAPE, over all series and origins.
    actual : ndarray of shape (n_series, n_origins, horizon, channels)
        Values that were forecast; NaN where there is none.
    forecasts : dict from str to ndarray of that shape
        Forecasts of each method.
    past : list of ndarrays of shape (steps, channels)
        Steps of each series before the first origin; NaN in gaps.
    names : list of str
        Names of the series.
    """

    errors: dict[str, dict[str, float]]
    actual: Array
    forecasts: dict[str, Array]
    past: list[Array]
    names: list[str]

    def __str__(self) -> str:
        width = max(map(len, self.errors))
        lines = [" ".join([" " * width, *(f"{metric:>8}" for metric in METRICS)])]
        for method, values in self.errors.items():
            lines.append(" ".join([f"{method:<{width}}", *(f"{values[metric]:8.3f}" for metric in METRICS)]))
        return "\n".join(lines)

    __repr__ = __str__

    def to_frame(self) -> Any:
        """The errors as a DataFrame of pandas, with a row for each method."""
        import pandas as pd

        return pd.DataFrame(self.errors).T


def backtest(
    model_forecast: Callable[[SeriesArrays], Array],
    task: Forecasting,
    arrays: SeriesArrays,
    n_origins: int,
    names: list[str],
    to_units: Callable[[Array], Array],
) -> Backtest:
    """Compare the forecasts of a model with others, from several origins.

    Parameters
    ----------
    model_forecast : function
        From series to their forecasts, of shape (n_series, horizon, channels). The model has not seen what is forecast.
    task : Forecasting
        That of the model.
    arrays : SeriesArrays
        The whole series.
    n_origins : int
        The last is one horizon before the end of each series, and the others are horizons apart.
    names : list of str
    to_units : function
        From values of the arrays, which may be logarithms, to those of the series.
    """
    horizon, season = task.form.horizon, task.form.season
    pasts = [arrays.without_last(n * horizon) for n in range(n_origins, 0, -1)]
    methods: dict[str, list[Array]] = {"model": [model_forecast(past) for past in pasts]}
    for past in pasts:
        for name, forecast in naive_forecasts(past, np.arange(len(names)), past.lengths, horizon, season).items():
            methods.setdefault(name, []).append(forecast)
    methods["ridge"] = ridge_forecasts(task, pasts)
    actual = to_units(np.stack([_following(arrays, past, horizon) for past in pasts], axis=1))
    first = replace(pasts[0], values=to_units(pasts[0].values))
    scale = seasonal_errors(first, season)
    forecasts = {name: to_units(np.stack(each, axis=1)) for name, each in methods.items()}
    errors = {name: _errors(actual, forecast, scale) for name, forecast in forecasts.items()}
    past_values = np.split(np.where(first.present, first.values, np.nan), np.cumsum(first.lengths)[:-1])
    return Backtest(errors, actual, forecasts, past_values, names)


def _following(arrays: SeriesArrays, past: SeriesArrays, horizon: int) -> Array:
    """The steps that follow the past of each series; NaN in gaps."""
    steps = (arrays.starts + past.lengths)[:, np.newaxis] + np.arange(horizon)
    return np.where(arrays.present[steps], arrays.values[steps], np.nan)


def _errors(actual: Array, forecast: Array, scale: Array) -> dict[str, float]:
    """Errors of forecasts of shape (n_series, n_origins, horizon, channels)."""
    n_series, n_origins, horizon, n_channels = actual.shape
    shape = (n_series, n_origins * horizon, n_channels)
    mase = scaled_error(actual.reshape(shape), forecast.reshape(shape), scale)
    return {"MASE": mase, "sMAPE": symmetric_error(actual, forecast), "WAPE": weighted_error(actual, forecast)}


def ridge_forecasts(task: Forecasting, pasts: list[SeriesArrays]) -> list[Array]:
    """Forecasts of a ridge regression from the ends of some series, fitted on all windows of the first of them."""
    windows = task.windows(ManySeries(pasts[0], np.dtype(np.float64)))
    windows = windows[slice(None, None, -(-len(windows) // WINDOWS_FOR_RIDGE))]
    x, targets = windows.with_targets()
    complete = ~np.isnan(targets).any(axis=1)
    model = Ridge().fit(x[complete], targets[complete])
    last = [task.last_windows(past, np.dtype(np.float64)) for past in pasts]
    shape = (len(pasts[0].lengths), task.form.horizon, -1)
    return [each.restore(model.predict(each.as_batch()[0]).reshape(shape)) for each in last]
