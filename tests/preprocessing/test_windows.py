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
    """The last window ends at the last step that leaves a horizon."""
    n = n_steps - window_size - horizon + 1
    return range((n - 1) % stride, n, stride)


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
def test_all_windows_are_slices_up_to_the_last_step(series, window_size, horizon, stride):
    windows = SlidingWindows(window_size, horizon, stride).windows(series)
    for window, i in zip(windows, starts(23, window_size, 0, stride), strict=True):
        np.testing.assert_array_equal(window, series[i : i + window_size])
    np.testing.assert_array_equal(windows[-1], series[-window_size:])


@every_series
def test_all_windows_begin_with_those_that_have_targets(series):
    cutter = SlidingWindows(4, horizon=3)
    X, _ = cutter.windows_and_targets(series)
    np.testing.assert_array_equal(cutter.windows(series)[: len(X)], X)


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


# Places of windows


def test_origins_tell_where_targets_begin():
    several = [TABLE[:9], TABLE, TABLE[:15]]
    cutter = SlidingWindows(4, horizon=2, stride=3)
    _, y = cutter.windows_and_targets(several)
    for target, (number, step) in zip(y, cutter.origins(several), strict=True):
        np.testing.assert_array_equal(target, several[number][step : step + 2].ravel())


def test_the_newest_targets_are_always_there():
    for stride in range(1, 25):
        _, y = SlidingWindows(4, stride=stride).windows_and_targets(FLAT)
        assert y[-1] == FLAT[-1]


@pytest.mark.parametrize("most", [3, 5, 17, 1000])
def test_at_most_so_many_windows_and_the_last_of_each_series(most):
    several = [FLAT, FLAT[:9], FLAT[:15]]
    cutter = SlidingWindows(4, horizon=2, max_windows=most)
    origins = cutter.origins(several)
    assert len(origins) == len(cutter.windows_and_targets(several)[0]) <= most
    for number, series in enumerate(several):
        assert origins[origins[:, 0] == number, 1].max() == len(series) - 2
    everything = SlidingWindows(4, horizon=2).origins(several)
    assert len(origins) == len(everything) or len(origins) > most / 3
    assert SlidingWindows(4, max_windows=1).origins(several).shape == (3, 2)  # the last of each


def test_short_series_are_skipped_or_padded():
    several = [FLAT, FLAT[:5], FLAT[:2], FLAT[:7]]
    cutter = SlidingWindows(4, horizon=2, short="skip")
    assert set(cutter.origins(several)[:, 0]) == {0, 3}
    assert len(cutter.last_windows(several)) == 3
    with pytest.raises(ValueError, match="No series has the 6 steps"):
        cutter.windows_and_targets([FLAT[:5]])
    padding = SlidingWindows(4, horizon=2, short="pad")
    with pytest.raises(ValueError, match=r"Series 2 has 2 steps; .* needs at least 3 here"):
        padding.windows_and_targets(several)
    del several[2]
    X, y = padding.windows_and_targets(several)
    origins, mask = padding.origins(several), padding.mask(several)
    (padded,) = np.flatnonzero(origins[:, 0] == 1)
    np.testing.assert_array_equal(X[padded], FLAT[[0, 0, 1, 2]])
    np.testing.assert_array_equal(mask[padded], [False, True, True, True])
    np.testing.assert_array_equal(y[padded], FLAT[3:5])
    assert mask[origins[:, 0] != 1].all()
    assert origins[padded, 1] == 3
    np.testing.assert_array_equal(padding.last_windows([FLAT[:2], FLAT])[0], FLAT[[0, 0, 0, 1]])


def test_hold_out_splits_in_time():
    several = [TABLE, TABLE[:15]]
    cutter = SlidingWindows(4, horizon=2)
    past, future = cutter.hold_out(several, 3)
    for series, before, after in zip(several, past, future, strict=True):
        np.testing.assert_array_equal(before, series[:-3])
        np.testing.assert_array_equal(after, series[-7:])
    everything, both = cutter.origins(several), (cutter.origins(past), cutter.origins(future))
    assert len(both[0]) + len(both[1]) == len(everything) - 2  # without those whose targets are on both sides
    with pytest.raises(ValueError, match="Series 1 has 15 steps; holding out 15 leaves none"):
        cutter.hold_out(several, 15)
    with pytest.raises(ValueError, match="n_steps must be int >= 2; got 1"):
        cutter.hold_out(several, 1)


def test_known_values_stand_beside_windows_and_horizons():
    several = [FLAT, FLAT[:15]]
    days = [np.stack([np.arange(len(series) + 2), -np.arange(len(series) + 2)], axis=1) for series in several]
    cutter = SlidingWindows(4, horizon=2, stride=2)
    known = cutter.known_windows([part[:-2] for part in days])
    for (_, step), steps in zip(cutter.origins(several), known, strict=True):
        np.testing.assert_array_equal(steps[:, 0], np.arange(step - 4, step + 2))
    np.testing.assert_array_equal(cutter.known_windows(days, last=True)[:, :, 0], [range(19, 25), range(11, 17)])


# Units of windows


@pytest.mark.parametrize("normalize", ["last", "mean", "season"])
@every_series
def test_units_of_series_do_not_matter_to_normalized_windows(series, normalize):
    cutter = SlidingWindows(4, horizon=3, normalize=normalize, season=2)
    several = [series, 1000 * series]
    X, y = cutter.windows_and_targets(several)
    np.testing.assert_allclose(X[len(X) // 2 :], X[: len(X) // 2], rtol=1e-9)
    np.testing.assert_allclose(y[len(y) // 2 :], y[: len(y) // 2], rtol=1e-9)
    assert np.abs(X).max() < 10


@pytest.mark.parametrize("options", [{}, {"targets": (2, 0)}, {"targets": 1, "horizon": 1}])
@pytest.mark.parametrize("normalize", ["last", "mean", "season", None])
def test_restore_inverts_the_normalization_of_targets(normalize, options):
    cutter = SlidingWindows(4, **{"horizon": 3, "normalize": normalize, "season": 3} | options)
    h = cutter.horizon
    _, y = cutter.windows_and_targets(TABLE)
    plain = dataclasses.replace(cutter, normalize=None)
    np.testing.assert_allclose(cutter.restore(y[-1:], TABLE[:-h]), plain.windows_and_targets(TABLE)[1][-1:], rtol=1e-12)


def test_normalized_windows_end_at_zero_and_zero_is_the_last_value():
    cutter = SlidingWindows(4, horizon=2, normalize="last")
    assert not cutter.windows(FLAT)[:, -1].any()
    np.testing.assert_array_equal(cutter.restore(np.zeros((1, 2)), FLAT), [[FLAT[-1]] * 2])
    seasonal = SlidingWindows(4, horizon=2, normalize="season", season=3)
    np.testing.assert_array_equal(seasonal.restore(np.zeros((1, 2)), FLAT), [FLAT[[-3, -2]]])


def test_normalized_windows_of_steps():
    cutter = SlidingWindows(4, horizon=2, stepwise=True, normalize="mean")
    X, y = cutter.windows_and_targets(FLAT)
    plain = SlidingWindows(4, horizon=2, stepwise=True)
    windows, targets = plain.windows_and_targets(FLAT)
    mean, deviation = windows.mean(axis=1, keepdims=True), windows.std(axis=1, keepdims=True)
    np.testing.assert_allclose(X, (windows - mean) / deviation, rtol=1e-9)
    np.testing.assert_allclose(y, (targets - mean[..., np.newaxis]) / deviation[..., np.newaxis], rtol=1e-9)


def test_flat_windows_have_a_least_deviation():
    cutter = SlidingWindows(3, normalize="last", least_deviation=0.1)
    _, y = cutter.windows_and_targets([5.0, 5.0, 5.0, 6.0])
    np.testing.assert_allclose(y, [2.0])


def test_normalized_floats_keep_their_precision():
    for dtype, expected in ((np.float32, np.float32), (np.float64, np.float64), (int, np.float64)):
        X, y = SlidingWindows(4, normalize="last").windows_and_targets(np.arange(12, dtype=dtype))
        assert X.dtype == y.dtype == expected


def test_padding_is_not_in_the_units():
    cutter = SlidingWindows(6, normalize="mean", short="pad")
    X, _ = cutter.windows_and_targets(FLAT[:4])
    part = FLAT[:3]
    np.testing.assert_allclose(X[0, 3:], (part - part.mean()) / part.std(), rtol=1e-9)


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
        ({"normalize": "first"}, "normalize must be"),
        ({"least_deviation": 0}, "least_deviation must be float > 0; got 0"),
        ({"short": "drop"}, "short must be"),
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


def test_units_of_seasons_need_a_season():
    with pytest.raises(ValueError, match="needs the steps of a season"):
        SlidingWindows(4, normalize="season").windows(FLAT)


def test_restore_needs_a_forecast_for_each_series():
    with pytest.raises(ValueError, match="There are 2 series, but y has 1 rows"):
        SlidingWindows(4, normalize="last").restore(np.zeros(1), [FLAT, FLAT])


def test_series_that_are_too_short_for_a_window():
    for method in (SlidingWindows(4).windows, SlidingWindows(4).last_windows):
        assert method(FLAT[:4]).shape == (1, 4)
        with pytest.raises(ValueError, match=r"The series has 3 steps; .* needs at least 4"):
            method(FLAT[:3])


@pytest.mark.parametrize(("series", "targets"), [(TABLE, 3), (TABLE, [0, -4]), (FLAT, 1)])
def test_targets_that_are_not_there(series, targets):
    with pytest.raises(ValueError, match="but the series has only the features 0 to"):
        SlidingWindows(4, targets=targets).windows_and_targets(series)
