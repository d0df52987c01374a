"""Features of times: those of equal days are equal, and waves close at the ends of their periods."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skneural.preprocessing import calendar_features

DAYS = pd.date_range("2023-12-30", periods=800)


def test_days_of_the_week_are_indicated_from_monday_on():
    features = calendar_features(DAYS, parts=["week"])
    np.testing.assert_array_equal(features, np.eye(7)[DAYS.day_of_week])


def test_waves_of_the_year_close_and_separate_its_days():
    features = calendar_features(DAYS, parts=["year"])
    assert features.shape == (800, 6)
    np.testing.assert_allclose(features[DAYS == "2024-01-01"], features[DAYS == "2025-01-01"], atol=1e-12)
    steps = np.linalg.norm(np.diff(features, axis=0), axis=1)
    assert steps.max() < 2 * steps.min()  # also over the turn of the year
    assert len(np.unique(features[2:367].round(6), axis=0)) == 365


def test_hours_of_the_day():
    hours = pd.date_range("2024-01-01", periods=48, freq="h")
    features = calendar_features(hours, parts=["day"])
    assert features.shape == (48, 4)
    np.testing.assert_allclose(features[:24], features[24:], atol=1e-12)
    np.testing.assert_allclose(features[6, [0, 2]], [1, 0], atol=1e-12)


def test_holidays_are_days():
    features = calendar_features(["2024-12-24T18:00", "2024-12-25T08:00"], parts=[], holidays=["2024-12-25"])
    np.testing.assert_array_equal(features, [[0], [1]])


@pytest.mark.parametrize(
    "times",
    [
        list(DAYS.to_pydatetime()),
        [day.date() for day in DAYS],
        DAYS.to_series(),
        DAYS.to_numpy(),
        pl.Series(DAYS.to_numpy()),
        DAYS.strftime("%Y-%m-%d").tolist(),
    ],
    ids=["datetimes", "dates", "pandas", "numpy", "polars", "text"],
)
def test_forms_of_times(times):
    np.testing.assert_array_equal(calendar_features(times), calendar_features(DAYS))


@pytest.mark.parametrize(
    ("times", "options", "message"),
    [
        ([1.5, 2.5], {}, "times must be times"),
        (["yesterday"], {}, "times must be times"),
        ([np.datetime64("NaT", "us")], {}, "none of them missing"),
        ([[datetime.date(2024, 1, 1)]], {}, r"shape \(1, 1\)"),
        (DAYS, {"parts": ["month"]}, "parts must be a sequence of day, week, year; got"),
        (DAYS, {"parts": "week"}, "got 'week'"),
        (DAYS, {"holidays": [1, 2]}, "holidays must be times"),
    ],
)
def test_mistakes(times, options, message):
    with pytest.raises(ValueError, match=message):
        calendar_features(times, **options)
