"""Windows are slices of their series, and targets the steps that follow them."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from skneural import CNNSequenceRegressor, MLPRegressor
from skneural.preprocessing import SlidingWindows

rng = np.random.default_rng(0)
FLAT = rng.standard_normal(23)
TABLE = rng.standard_normal((23, 3))
SIZES = list(itertools.product((1, 4, 18), (1, 2, 5), (1, 3, 40)))
every_size = pytest.mark.parametrize(("window_size", "horizon", "stride"), SIZES)
every_series = pytest.mark.parametrize("series", [FLAT, TABLE], ids=["flat", "table"])


def starts(n_steps, window_size, horizon, stride):
    return range(0, n_steps - window_size - horizon + 1, stride)


@every_size
@every_series
def test_windows_and_targets_are_slices(series, window_size, horizon, stride):
    X, y = SlidingWindows(window_size, horizon, stride).windows_and_targets(series)
    firsts = starts(23, window_size, horizon, stride)
    assert len(X) == len(y) == len(firsts)
    for x, target, i in zip(X, y, firsts, strict=True):
        np.testing.assert_array_equal(x, series[i : i + window_size])
        behind = series[i + window_size : i + window_size + horizon]
        np.testing.assert_array_equal(np.ravel(target), behind.ravel())


@every_size
@every_series
def test_stepwise_targets_follow_every_step(series, window_size, horizon, stride):
    X, y = SlidingWindows(window_size, horizon, stride, stepwise=True).windows_and_targets(series)
    assert y.shape == (len(X), window_size, horizon * series[0].size)
    for target, i in zip(y, starts(23, window_size, horizon, stride), strict=True):
        for t in range(window_size):
            np.testing.assert_array_equal(target[t], series[i + t + 1 : i + t + 1 + horizon].ravel())


@every_size
@every_series
def test_the_last_step_is_what_is_forecast_without_stepwise(series, window_size, horizon, stride):
    cutter = SlidingWindows(window_size, horizon, stride)
    X, y = cutter.windows_and_targets(series)
    X_again, stepwise = dataclasses.replace(cutter, stepwise=True).windows_and_targets(series)
    np.testing.assert_array_equal(X_again, X)
    np.testing.assert_array_equal(stepwise[:, -1], y.reshape(len(y), -1))


@every_size
@every_series
def test_all_windows_begin_with_those_that_have_targets(series, window_size, horizon, stride):
    cutter = SlidingWindows(window_size, horizon, stride)
    X, _ = cutter.windows_and_targets(series)
    windows = cutter.windows(series)
    assert len(windows) == len(starts(23, window_size, 0, stride))
    np.testing.assert_array_equal(windows[: len(X)], X)
    for window, i in zip(windows, starts(23, window_size, 0, stride), strict=True):
        np.testing.assert_array_equal(window, series[i : i + window_size])


@every_size
@every_series
def test_the_last_window_ends_at_the_last_step(series, window_size, horizon, stride):
    (window,) = SlidingWindows(window_size, horizon, stride).last_windows(series)
    np.testing.assert_array_equal(window, series[-window_size:])


@pytest.mark.parametrize(
    ("series", "options", "shape"),
    [
        (FLAT, {}, (19,)),
        (FLAT, {"horizon": 3}, (17, 3)),
        (FLAT, {"stepwise": True}, (19, 4, 1)),
        (FLAT, {"horizon": 3, "stepwise": True}, (17, 4, 3)),
        (TABLE, {}, (19, 3)),
        (TABLE, {"horizon": 3}, (17, 9)),
        (TABLE, {"targets": 1}, (19,)),
        (TABLE, {"targets": [1]}, (19,)),
        (TABLE, {"targets": (0, 2), "horizon": 3}, (17, 6)),
        (TABLE, {"targets": 1, "horizon": 3, "stepwise": True}, (17, 4, 3)),
        (TABLE[:, :1], {}, (19,)),
        (TABLE[:, :1], {"horizon": 3}, (17, 3)),
    ],
)
def test_shapes_of_targets(series, options, shape):
    X, y = SlidingWindows(4, **options).windows_and_targets(series)
    assert y.shape == shape
    assert X.shape == (shape[0], 4, *series.shape[1:])


def test_targets_select_features():
    _, y = SlidingWindows(4, horizon=2, targets=(2, -3)).windows_and_targets(TABLE)
    _, everything = SlidingWindows(4, horizon=2).windows_and_targets(TABLE)
    np.testing.assert_array_equal(y.reshape(-1, 2, 2), everything.reshape(-1, 2, 3)[:, :, [2, 0]])


# Memory


@every_series
def test_windows_of_one_series_are_read_only_views(series):
    cutter = SlidingWindows(4, horizon=2, stride=2)
    X, y = cutter.windows_and_targets(series)
    for windows in (X, cutter.windows(series), cutter.last_windows(series), cutter.windows([series])):
        assert np.shares_memory(windows, series)
        assert not windows.flags.writeable
    assert not np.shares_memory(y, series)
    y += 1  # the caller's own
    assert series.flags.writeable


@pytest.mark.parametrize("horizon", [1, 2])
@pytest.mark.parametrize("stepwise", [False, True])
def test_targets_are_new(horizon, stepwise):
    series = np.arange(12.0)
    _, y = SlidingWindows(4, horizon=horizon, stepwise=stepwise).windows_and_targets(series)
    y[:] = -1
    np.testing.assert_array_equal(series, np.arange(12))


def test_types_are_kept():
    for dtype in (np.float32, np.float64, np.int32):
        X, y = SlidingWindows(4, horizon=2).windows_and_targets(np.arange(12, dtype=dtype))
        assert X.dtype == y.dtype == dtype


# Several series


@pytest.mark.parametrize("stepwise", [False, True])
@pytest.mark.parametrize("stride", [1, 3])
def test_no_window_crosses_from_one_series_into_another(stepwise, stride):
    several = [TABLE + 100 * i for i in range(3)]
    several = [series[: 9 + 4 * i] for i, series in enumerate(several)]
    cutter = SlidingWindows(4, horizon=2, stride=stride, stepwise=stepwise)
    X, y = cutter.windows_and_targets(several)
    pairs = [cutter.windows_and_targets(series) for series in several]
    np.testing.assert_array_equal(X, np.concatenate([windows for windows, _ in pairs]))
    np.testing.assert_array_equal(y, np.concatenate([targets for _, targets in pairs]))
    owners = np.round(np.concatenate([X.reshape(len(X), -1), y.reshape(len(y), -1)], axis=1) / 100)
    assert (owners == owners[:, :1]).all()
    np.testing.assert_array_equal(
        cutter.windows(several), np.concatenate([cutter.windows(series) for series in several])
    )
    np.testing.assert_array_equal(cutter.last_windows(several), np.stack([series[-4:] for series in several]))


def test_containers():
    cutter = SlidingWindows(4, horizon=2)
    X, y = cutter.windows_and_targets(FLAT)
    for series in (FLAT.tolist(), tuple(FLAT.tolist()), pd.Series(FLAT), [FLAT], [FLAT.tolist()], [pd.Series(FLAT)]):
        for actual, expected in zip(cutter.windows_and_targets(series), (X, y), strict=True):
            np.testing.assert_array_equal(actual, expected)
    dated = pd.DataFrame(TABLE, index=pd.date_range("2024", periods=23), columns=list("abc"))
    for actual, expected in zip(cutter.windows_and_targets(dated), cutter.windows_and_targets(TABLE), strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_three_axes_are_several_series():
    several = rng.standard_normal((2, 9, 3))
    objects = np.empty(2, dtype=object)
    objects[:] = list(several)
    expected = SlidingWindows(4).windows(list(several))
    np.testing.assert_array_equal(SlidingWindows(4).windows(several), expected)
    np.testing.assert_array_equal(SlidingWindows(4).windows(objects), expected)


# Forecasts


@pytest.mark.parametrize("series", [FLAT, TABLE, [FLAT, FLAT[:15]]], ids=["flat", "table", "several"])
@pytest.mark.parametrize("horizon", [1, 2])
def test_estimators_take_windows_and_targets(series, horizon):
    cutter = SlidingWindows(4, horizon=horizon)
    X, y = cutter.windows_and_targets(series)
    model = CNNSequenceRegressor(channels=4, max_iter=2, random_state=0).fit(X, y)
    future = model.predict(cutter.last_windows(series))
    assert future.shape == (2 if isinstance(series, list) else 1, *y.shape[1:])


def test_a_straight_line_is_continued():
    line = np.arange(200.0)
    cutter = SlidingWindows(5, horizon=3)
    X, y = cutter.windows_and_targets(line)
    model = MLPRegressor((), solver="lbfgs", alpha=0, max_iter=500, random_state=0).fit(X / 100, y)
    np.testing.assert_allclose(model.predict(cutter.last_windows(line) / 100), [[200, 201, 202]], atol=1)


def test_windows_are_values():
    assert SlidingWindows(4, targets=(0, 1)) == SlidingWindows(4, targets=(0, 1)) != SlidingWindows(5)
    assert "window_size=4, horizon=2" in repr(SlidingWindows(4, 2))
    assert SlidingWindows(np.int64(4)).windows(FLAT).shape == (20, 4)


# Mistakes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window_size": 0}, "window_size must be int >= 1; got 0"),
        ({"window_size": 2.0}, "window_size must be int >= 1; got 2.0"),
        ({"horizon": True}, "horizon must be int >= 1; got True"),
        ({"stride": -1}, "stride must be int >= 1; got -1"),
        ({"stepwise": 1}, "stepwise must be bool; got 1"),
        ({"targets": "a"}, "targets must be int, non-empty sequence of int or None; got 'a'"),
        ({"targets": [0, 1.5]}, "targets must be int"),
        ({"targets": []}, r"targets must be int, non-empty sequence of int or None; got \[\]"),
    ],
)
def test_parameters_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindows(**{"window_size": 4} | options)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (FLAT[:5], r"The series has 5 steps; SlidingWindows\(.*\) needs at least 6 here"),
        ([FLAT, FLAT[:5]], "Series 1 has 5 steps"),
        ([FLAT, TABLE], r"Series 1 has shape \(23, 3\), but series 0 has \(23,\)"),
        ([TABLE, TABLE[:, :2]], r"Series 1 has shape \(23, 2\), but series 0 has \(23, 3\)"),
        ([], "There are no series"),
        (np.zeros((2, 9, 3, 1)), r"The series has shape \(2, 9, 3, 1\)"),
        (np.zeros((9, 0)), r"The series has shape \(9, 0\)"),
        (5.0, r"The series has shape \(\)"),
        (np.array(["a"] * 9), "dtype <U1: series are numeric"),
        (pd.DataFrame({"a": range(9), "b": ["x"] * 9}), "dtype object: series are numeric"),
    ],
)
def test_what_are_no_series(series, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindows(4, horizon=2).windows_and_targets(series)


def test_series_that_are_too_short_for_a_window():
    for method in (SlidingWindows(4).windows, SlidingWindows(4).last_windows):
        assert method(FLAT[:4]).shape == (1, 4)
        with pytest.raises(ValueError, match=r"The series has 3 steps; .* needs at least 4"):
            method(FLAT[:3])


@pytest.mark.parametrize(("series", "targets"), [(TABLE, 3), (TABLE, [0, -4]), (FLAT, 1)])
def test_targets_that_are_not_there(series, targets):
    with pytest.raises(ValueError, match="but the series has only the features 0 to"):
        SlidingWindows(4, targets=targets).windows_and_targets(series)
