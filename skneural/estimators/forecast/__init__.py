"""Forecasting of series."""

from skneural.estimators.forecast.estimator import SeriesForecaster

__all__ = ["SeriesForecaster"]
