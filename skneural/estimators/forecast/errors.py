"""Errors of forecasts, and the forecasts that need no training."""

from __future__ import annotations

import numpy as np

from skneural.estimators.forecast.container import SeriesArrays
from skneural.ops.segments import sum_segments
from skneural.ops.types import Array

LAST_VALUE, LAST_SEASON = "last value", "last season"


def naive_forecasts(arrays: SeriesArrays, series: Array, origins: Array, horizon: int, season: int) -> dict[str, Array]:
    """Forecasts by the last value, and by the values one season before if there is a season.

    Parameters
    ----------
    arrays : SeriesArrays
    series, origins : int arrays of shape (n,)
        Series, and the first step that is forecast.
    horizon : int
    season : int
        1 if there is none.

    Returns
    -------
    forecasts : dict from str to array of shape (n, horizon, channels)
    """
    starts = arrays.starts[series]
    last = np.repeat(arrays.values[starts + origins - 1][:, np.newaxis], horizon, axis=1)
    if season == 1:
        return {LAST_VALUE: last}
    before = origins[:, np.newaxis] - season + np.arange(horizon) % season
    inside = before >= 0
    seasonal = np.where(inside[:, :, np.newaxis], arrays.values[starts[:, np.newaxis] + np.maximum(before, 0)], last)
    return {LAST_VALUE: last, LAST_SEASON: seasonal}


def seasonal_errors(arrays: SeriesArrays, season: int) -> Array:
    """Mean absolute difference of values one season apart, of shape (n_series, channels); NaN if there are none."""
    n = len(arrays.values) - season
    if n <= 0:
        return np.full((len(arrays.lengths), arrays.values.shape[1]), np.nan)
    number = np.repeat(np.arange(len(arrays.lengths)), arrays.lengths)
    pairs = (number[season:] == number[:-season])[:, np.newaxis] & arrays.present[season:] & arrays.present[:-season]
    differences = np.where(pairs, np.abs(arrays.values[season:] - arrays.values[:-season]), 0.0)
    counts = np.maximum(arrays.lengths - season, 0)
    rows = number[season:] == number[:-season]
    totals, n_pairs = (sum_segments(each[rows].astype(np.float64), counts) for each in (differences, pairs))
    return np.divide(totals, n_pairs, out=np.full(totals.shape, np.nan), where=n_pairs > 0)


def scaled_error(actual: Array, forecast: Array, scale: Array) -> float:
    """Mean absolute scaled error (Hyndman and Koehler 2006), the mean over series and channels.

    Parameters
    ----------
    actual, forecast : arrays of shape (n, horizon, channels)
        NaN in `actual` does not count.
    scale : array of shape (n, channels)
        `seasonal_errors` of the steps before; what is NaN or zero does not count.
    """
    present = ~np.isnan(actual)
    errors = np.where(present, np.abs(np.where(present, actual, 0.0) - forecast), 0.0).sum(axis=1)
    n = present.sum(axis=1)
    counts = (n > 0) & (scale > 0)
    return float(np.mean(errors[counts] / n[counts] / scale[counts])) if counts.any() else float("nan")


def symmetric_error(actual: Array, forecast: Array) -> float:
    """Symmetric mean absolute percentage error, from 0 to 200; two zeros are no error."""
    size = np.abs(actual) + np.abs(forecast)
    shares = np.divide(np.abs(actual - forecast), size, out=np.zeros(size.shape), where=size > 0)
    return float(200 * np.mean(shares[~np.isnan(actual)]))


def weighted_error(actual: Array, forecast: Array) -> float:
    """Weighted absolute percentage error: sum of the absolute errors, divided by that of the absolute values."""
    present = ~np.isnan(actual)
    total = np.abs(actual[present]).sum()
    return float(np.abs(actual - forecast)[present].sum() / total) if total else float("nan")
