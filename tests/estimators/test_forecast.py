"""Forecasts of series, whatever form, length and unit they have."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.model_selection import GridSearchCV

from skneural import SeriesForecaster
from skneural.preprocessing import calendar_features

BRIEF = {"batch_size": 100, "hidden_layer_sizes": 8, "n_members": 2, "max_iter": 2, "compare": False, "random_state": 0}
STEPS = np.arange(60)
rng = np.random.default_rng(0)
NOISE = rng.normal(size=(5, 60))
SERIES = [(1 + i) * (3 + np.sin(STEPS * 2 * np.pi / 7) + 0.1 * noise) for i, noise in enumerate(NOISE)]
DAYS = pd.date_range("2024-01-01", periods=60, name="day")
WIDE = pd.DataFrame(np.array(SERIES).T, index=DAYS, columns=list("abcde"))
LONG = WIDE.reset_index().melt("day", var_name="id", value_name="sales")
IRREGULAR = DAYS + pd.to_timedelta(12 * (STEPS > 30), "h")
TWO_CHANNELS = rng.normal(size=(4, 40, 2)).cumsum(axis=1)


def brief(horizon=3, **options):
    return SeriesForecaster(horizon, **BRIEF | {"season": 7} | options)


@pytest.fixture(scope="module")
def fitted():
    return brief().fit(SERIES)


# Forms of series


def test_forms_without_times_give_the_same_forecasts(fitted):
    expected = fitted.predict()
    assert expected.shape == (5, 3)
    for series in (SERIES, np.array(SERIES), tuple(SERIES), [each[:, np.newaxis] for each in SERIES]):
        np.testing.assert_array_equal(brief().fit(series).predict(), expected)
        np.testing.assert_array_equal(fitted.predict(series), expected)


def test_one_series():
    model = brief().fit(SERIES[0])
    assert model.predict().shape == (1, 3)
    np.testing.assert_array_equal(model.predict(SERIES[0].tolist()), model.predict())


def test_several_channels():
    model = brief().fit(TWO_CHANNELS)
    assert model.n_features_in_ == 2
    assert model.predict().shape == (4, 3, 2)
    assert brief(quantile=(0.1, 0.9)).fit(TWO_CHANNELS).predict().shape == (4, 3, 2, 2)
    with pytest.raises(ValueError, match="Series have 1 channels, but SeriesForecaster was fitted on 2"):
        model.predict(SERIES)


def test_series_of_other_lengths_need_no_other_fit(fitted):
    together = fitted.predict([SERIES[0], SERIES[1][:9], SERIES[2][:1]])
    for forecast, series in zip(together, (SERIES[0], SERIES[1][:9], SERIES[2][:1]), strict=True):
        np.testing.assert_allclose(fitted.predict([series])[0], forecast, rtol=1e-5)


def test_wide_frames_have_a_column_for_each_series(fitted):
    model = brief().fit(WIDE)
    forecasts = model.predict()
    assert list(forecasts.columns) == list("abcde")
    assert forecasts.index.equals(pd.date_range("2024-03-01", periods=3))
    assert forecasts.index.name == "day"
    np.testing.assert_allclose(forecasts.to_numpy().T, fitted.predict(), rtol=1e-3)
    pd.testing.assert_frame_equal(model.predict(WIDE), forecasts)
    assert model.predict(WIDE.iloc[:30][["b"]]).shape == (3, 1)


def test_long_frames_have_a_row_for_each_step():
    rows = LONG.sample(frac=1, random_state=0)
    forecasts = brief().fit(rows).predict()
    wide = brief().fit(WIDE).predict()
    assert list(forecasts.columns) == ["id", "day", "sales"]
    for name, of_series in forecasts.groupby("id"):
        np.testing.assert_array_equal(of_series["day"], wide.index)
        np.testing.assert_allclose(of_series["sales"], wide[name], rtol=0.05)  # their order is another


@pytest.mark.parametrize("library", [pl.from_pandas, pa.Table.from_pandas])
def test_frames_of_other_libraries(library):
    expected = brief().fit(LONG).predict()
    forecasts = brief().fit(library(LONG)).predict()
    assert isinstance(forecasts, type(library(LONG)))
    as_pandas = forecasts.to_pandas()
    assert list(as_pandas.columns) == list(expected.columns)
    np.testing.assert_array_equal(as_pandas["sales"], expected["sales"])
    np.testing.assert_array_equal(as_pandas["day"].to_numpy("M8[us]"), expected["day"].to_numpy("M8[us]"))


def test_frames_without_times_and_single_columns():
    assert list(brief().fit(WIDE.reset_index(drop=True)).predict().columns) == list("abcde")
    forecasts = brief().fit(WIDE["a"]).predict()
    assert forecasts.shape == (3, 1)
    assert forecasts.index[0] == pd.Timestamp("2024-03-01")


def test_several_channels_and_quantiles_of_frames():
    long = LONG.assign(visits=LONG["sales"] ** 2)
    forecasts = brief(quantile=(0.1, 0.9)).fit(long).predict()
    assert list(forecasts.columns) == ["id", "day", "sales 0.1", "sales 0.9", "visits 0.1", "visits 0.9"]
    assert (forecasts["sales 0.1"] <= forecasts["sales 0.9"]).all()
    assert list(brief(quantile=0.9).fit(WIDE).predict().columns) == list("abcde")


@pytest.mark.parametrize(
    ("times", "following"),
    [
        (pd.date_range("2020-01-31", periods=30, freq="ME"), "2022-07-31"),
        (pd.date_range("2020-02-01", periods=30, freq="MS"), "2022-08-01"),
        (pd.date_range("2020-03-31", periods=30, freq="QE"), "2027-09-30"),
        (pd.date_range("1990-05-15", periods=30, freq=pd.DateOffset(years=1)), "2020-05-15"),
        (pd.date_range("2024-01-01 12:00", periods=30, freq="h"), "2024-01-02 18:00"),
        (pd.date_range("2024-01-01", periods=30, freq="W"), "2024-08-04"),
        (pd.bdate_range("2024-01-01", periods=30), "2024-02-12"),
        (pd.date_range("2024-01-01", periods=30, freq="15min", tz="Europe/Berlin"), "2024-01-01 07:30"),
        (pd.period_range("2024-01", periods=30, freq="M"), "2026-07-01"),
    ],
)
def test_times_that_follow(times, following):
    forecasts = brief(2).fit(pd.DataFrame({"value": SERIES[0][:30]}, index=times)).predict()
    assert forecasts.index[0] == pd.Timestamp(following)


def test_numbers_of_steps_as_times():
    long = pd.DataFrame({"unique_id": ["u"] * 20 + ["v"] * 25, "ds": [*range(20), *range(25)], "y": np.arange(45.0)})
    forecasts = brief(2).fit(long).predict()
    assert forecasts["ds"].tolist() == [20, 21, 25, 26]


# Gaps and short series


def test_gaps_are_steps_without_a_row_or_without_a_value():
    gaps = rng.random(len(LONG)) < 0.2
    gaps[[0, 59, 60, 119, 120, 179, 180, 239, 240, 299]] = False  # the ends of series
    without, missing = LONG[~gaps], LONG.assign(sales=LONG["sales"].mask(gaps))
    model = brief().fit(without)
    pd.testing.assert_frame_equal(model.predict(), brief().fit(missing).predict())
    assert np.isfinite(model.predict()["sales"]).all()


def test_what_fills_a_gap_does_not_matter_to_targets_and_scales():
    """A series that is known at every third step only is forecast as it is there."""
    series = np.full(120, np.nan)
    series[::3] = 5.0
    assert np.abs(brief(3, season=None).fit([series]).predict() - 5).max() < 0.01


def test_gaps_have_the_value_of_the_season_before():
    series = np.arange(24.0)
    series[[5, 13, 20]] = np.nan
    arrays = brief().fit(SERIES)._read([series]).arrays
    np.testing.assert_array_equal(arrays.values[[5, 13, 20], 0], [4, 6, 6])  # the first has no season before
    np.testing.assert_array_equal(np.flatnonzero(~arrays.present), [5, 13, 20])


def test_gaps_are_no_targets():
    series = np.arange(30.0)
    series[[12, 20]] = np.nan
    model = brief(2, window_size=[5]).fit(SERIES)
    windows = model._task.windows(model._read([series]))
    _, targets = windows.with_targets()
    of_targets = windows.origins[:, np.newaxis] + [0, 1]
    np.testing.assert_array_equal(np.isnan(targets), np.isin(of_targets, [12, 20]))


def test_leading_gaps_are_not_part_of_the_series(fitted):
    with_gaps = [np.concatenate([np.full(9, np.nan), each]) for each in SERIES]
    np.testing.assert_array_equal(brief().fit(with_gaps).predict(), fitted.predict())
    frame = WIDE.copy()
    frame.iloc[:40, 2] = np.nan
    assert np.isfinite(brief().fit(frame).predict().to_numpy()).all()


def test_padding_of_short_series_does_not_matter():
    """The first value is repeated before the start of a series; the network knows that it is no value."""
    short = [each[:12] for each in SERIES]
    model = brief(window_size=[30, 20]).fit(short)
    assert model.predict().shape == (5, 3)
    x = model._task.last_windows(model._read(short).arrays, np.dtype(np.float32)).as_batch()[0]
    padding = x[:, : 2 * (30 - 12)]
    np.testing.assert_array_equal(padding, 0)


# Units


@pytest.mark.parametrize("options", [{}, {"normalize": "mean"}, {"normalize": "season"}, {"log": True}])
def test_the_unit_of_each_series_does_not_matter(options):
    factors = np.array([1e-3, 1.0, 7.0, 1e4, 1e9])
    forecasts = [
        brief(**options).fit([f * each for f, each in zip(fs, SERIES, strict=True)]).predict() / fs[:, np.newaxis]
        for fs in (factors, factors[::-1])
    ]
    np.testing.assert_allclose(*forecasts, rtol=1e-2)


def test_the_unit_of_all_series_does_not_matter_without_normalization():
    one, other = (brief(normalize=None).fit([f * each for each in SERIES]).predict() for f in (1.0, 1000.0))
    np.testing.assert_allclose(1000 * one, other, rtol=1e-3)


def test_the_untrained_network_forecasts_the_last_value_or_season():
    tiny = {"learning_rate_init": 1e-12, "max_iter": 1}
    last = brief(**tiny).fit(SERIES).predict()
    np.testing.assert_allclose(last, np.array(SERIES)[:, [-1] * 3], rtol=1e-5)
    season = brief(normalize="season", **tiny).fit(SERIES).predict()
    np.testing.assert_allclose(season, np.array(SERIES)[:, -7:-4], rtol=1e-5)


def test_a_season_and_a_trend_are_learned():
    steps = np.arange(200)
    series = [level * (10 + 0.1 * steps + 3 * np.sin(steps * 2 * np.pi / 12)) for level in (1.0, 30.0)]
    past = [each[:-6] for each in series]
    model = SeriesForecaster(6, season=12, hidden_layer_sizes=16, max_iter=4, n_members=2, random_state=0).fit(past)
    errors = np.abs(model.predict() - [each[-6:] for each in series]) / [[1.0], [30.0]]
    assert errors.max() < 1
    assert model.held_out_errors_["model"] < min(model.held_out_errors_[name] for name in ("last value", "last season"))


def test_logarithms_are_of_positive_series():
    assert (brief(log=True).fit(SERIES).predict() > 0).all()
    with pytest.raises(ValueError, match="Series 1 has the value 0, but log=True is for positive series"):
        brief(log=True).fit([SERIES[0], np.r_[0.0, SERIES[1]]])


# Quantiles


def test_quantiles_are_in_the_given_order_and_never_cross():
    forecasts = brief(quantile=(0.9, 0.1, 0.5)).fit(SERIES).predict()
    assert forecasts.shape == (5, 3, 3)
    high, low, middle = np.moveaxis(forecasts, 2, 0)
    assert (low <= middle).all()
    assert (middle <= high).all()


def test_as_many_values_as_asked_are_below_a_quantile():
    noise = np.random.default_rng(1).normal(size=(20, 60))
    options = {"n_members": 1, "window_size": 10, "hidden_layer_sizes": (), "learning_rate_init": 0.03, "max_iter": 5}
    model = SeriesForecaster(2, quantile=(0.2, 0.9), compare=False, random_state=0, **options).fit(noise[:, :40])
    below = [noise[:, t : t + 2, np.newaxis] < model.predict(noise[:, :t]) for t in range(40, 58)]
    np.testing.assert_allclose(np.mean(below, axis=(0, 1, 2)), [0.2, 0.9], atol=0.1)


# Values known in advance


def test_known_values_are_used():
    known = [np.random.default_rng(i).integers(0, 2, 130).astype(float) for i in range(4)]
    series = [10.0 + 5 * each[:120] + 0.1 * np.random.default_rng(9).normal(size=120) for each in known]
    model = SeriesForecaster(
        4, window_size=10, n_members=1, hidden_layer_sizes=8, learning_rate_init=0.01, compare=False, random_state=0
    ).fit(series, known)
    expected = 10 + 5 * np.array([each[120:124] for each in known])
    np.testing.assert_allclose(model.predict(), expected, atol=1.5)
    np.testing.assert_array_equal(model.predict(series, known), model.predict())
    np.testing.assert_array_equal(model.predict(known=[each[120:124] for each in known]), model.predict())
    with pytest.raises(ValueError, match="Series 0 has 2 steps of values known in advance after its end"):
        model.predict(series, [each[:122] for each in known])
    with pytest.raises(ValueError, match="Series 0 has 120 steps, but values known in advance only up to step 50"):
        model.fit(series, [each[:50] for each in known])
    with pytest.raises(ValueError, match=r"Series have 0 values known in advance, but .* was fitted on 1"):
        model.predict(series)


def test_known_values_of_frames_are_matched_by_time():
    days = pd.date_range("2023-12-01", periods=120)
    known = pd.DataFrame({"price": rng.normal(size=120), "promotion": rng.integers(0, 2, 120)}, index=days)
    model = brief().fit(WIDE, known)
    since = known.loc["2024-01-01":].to_numpy()
    np.testing.assert_allclose(model.predict().to_numpy().T, brief().fit(SERIES, since[:63]).predict(), rtol=0.05)
    pd.testing.assert_frame_equal(model.predict(WIDE, known), model.predict())
    pd.testing.assert_frame_equal(model.predict(known=known.loc["2024-03-01":"2024-03-03"]), model.predict())
    with pytest.raises(ValueError, match="Series 'a' has 60 steps, but values known in advance only up to step 12"):
        brief().fit(WIDE, known.drop(pd.Timestamp("2024-01-13")))


def test_known_values_of_long_frames_are_matched_by_series():
    known = LONG[["id", "day"]].assign(price=rng.normal(size=len(LONG)))
    future = pd.DataFrame({"id": list("edcba"), "day": pd.Timestamp("2024-03-01"), "price": [5.0, 4.0, 3.0, 2.0, 1.0]})
    model = brief(1).fit(LONG, known)
    shuffled = pd.concat([known, future]).sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(model.predict(known=future), model.predict(LONG, shuffled))


def test_the_calendar_is_that_of_the_times():
    frame, alone = pd.DataFrame({"value": np.r_[SERIES[0], SERIES[1]]}), {"calendar": True}
    frame.index = pd.date_range("2024-01-01", periods=120)
    weekday = frame.index.day_of_week.to_numpy()
    frame["value"] = 10.0 + 5 * (weekday >= 5)
    model = SeriesForecaster(
        7, window_size=1, n_members=1, hidden_layer_sizes=(), compare=False, learning_rate_init=0.03, random_state=0,
        **alone,
    ).fit(frame)  # fmt: skip
    np.testing.assert_allclose(model.predict()["value"], 10 + 5 * (model.predict().index.day_of_week >= 5), atol=1.5)
    with pytest.raises(ValueError, match="calendar=True needs series with times"):
        brief(**alone).fit(SERIES)


def test_calendar_and_known_values_together():
    promotion = pd.DataFrame({"promotion": rng.integers(0, 2, 63)}, index=pd.date_range("2024-01-01", periods=63))
    model = brief(calendar=True).fit(WIDE, promotion.iloc[:60])
    pd.testing.assert_frame_equal(model.predict(known=promotion.iloc[60:]), model.predict(WIDE, promotion))


# Comparison


def test_fit_warns_where_the_last_value_is_better():
    walks = np.random.default_rng(0).normal(size=(6, 150)).cumsum(axis=1)
    options = {"window_size": 10, "n_members": 1, "hidden_layer_sizes": 32, "max_iter": 4, "random_state": 0}
    with pytest.warns(
        UserWarning, match="The last value forecasts the last steps of these series better than the network, or"
    ):
        model = SeriesForecaster(3, **options).fit(walks)
    assert set(model.held_out_errors_) == {"model", "last value"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert SeriesForecaster(3, compare=False, **options).fit(walks).held_out_errors_ == {}


def test_quantiles_are_compared_only_if_they_include_the_median():
    with warnings.catch_warnings(action="ignore"):
        errors = [brief(compare=True, quantile=q).fit(SERIES).held_out_errors_ for q in (0.95, (0.2, 0.9), (0.1, 0.5))]
    assert [bool(each) for each in errors] == [False, False, True]


def test_the_comparison_changes_no_forecast():
    with warnings.catch_warnings(action="ignore"):
        one = brief(compare=True).fit(SERIES)
    assert one.held_out_errors_
    np.testing.assert_array_equal(one.predict(), brief().fit(SERIES).predict())


def test_series_that_are_too_short_are_not_compared():
    assert brief(compare=True).fit([each[:5] for each in SERIES]).held_out_errors_ == {}


def test_backtest_is_about_steps_that_were_not_seen():
    future = [each.copy() for each in SERIES]
    for each in future:
        each[-3:] *= 100
    results = [brief().backtest(series, n_origins=2) for series in (SERIES, future)]
    for method, forecasts in results[0].forecasts.items():
        assert forecasts.shape == (5, 2, 3, 1)
        np.testing.assert_array_equal(forecasts, results[1].forecasts[method])
    assert set(results[0].errors) == {"model", "last value", "last season", "ridge"}
    np.testing.assert_array_equal(results[0].actual[:, 1, :, 0], [each[-3:] for each in SERIES])
    model = brief().fit([each[:-6] for each in SERIES])
    np.testing.assert_array_equal(
        model.predict([each[:-3] for each in SERIES]), results[0].forecasts["model"][:, 1, :, 0]
    )


def test_errors_of_a_backtest():
    result = brief(2, season=None).backtest([np.arange(30.0), 10 * np.arange(30.0)], n_origins=3)
    last = result.errors["last value"]
    np.testing.assert_allclose(last["MASE"], 1.5)  # steps of one and two
    actual = np.arange(24.0, 30)
    forecast = np.repeat(actual[::2] - 1, 2)
    np.testing.assert_allclose(last["sMAPE"], 200 * np.mean((actual - forecast) / (actual + forecast)))
    np.testing.assert_allclose(last["WAPE"], np.sum(actual - forecast) / actual.sum())
    assert str(result).splitlines()[0].split() == ["MASE", "sMAPE", "WAPE"]
    assert result.to_frame().loc["last value", "MASE"] == last["MASE"]


def test_backtests_of_frames_quantiles_and_logarithms():
    result = brief(quantile=(0.1, 0.5), log=True, calendar=True).backtest(WIDE, n_origins=1)
    assert result.names[0] == "Series 'a'"
    assert result.errors["model"]["MASE"] < 10
    short = WIDE.copy()
    short.iloc[:55, 0] = np.nan
    assert len(brief().backtest(short).names) == 4
    with pytest.raises(ValueError, match="No series has more than 63 steps"):
        brief().backtest(SERIES, n_origins=20)
    with pytest.raises(ValueError, match="n_origins must be int >= 1; got 0"):
        brief().backtest(SERIES, n_origins=0)


def test_score_is_the_negative_error_of_the_last_steps(fitted):
    naive = np.mean([np.abs(each[7:-3] - each[:-10]).mean() for each in SERIES[:1]])
    forecast = fitted.predict([SERIES[0][:-3]])
    np.testing.assert_allclose(fitted.score(SERIES[:1]), -np.abs(forecast - SERIES[0][-3:]).mean() / naive, rtol=1e-5)
    search = GridSearchCV(brief(), {"normalize": ["last", "season"]}, cv=2).fit(np.array(SERIES))
    assert np.isfinite(search.best_score_)


# Training


def test_training_sees_all_windows_over_the_epochs_if_they_are_capped():
    series = rng.normal(size=(3, 60)).cumsum(axis=1)
    model = brief(max_windows=20, window_size=[5], max_iter=1).fit(series)
    x = model._task.windows(model._read(list(series)))
    assert len(x[np.unique(x.origins + 100 * x.series, return_index=True)[1]]) <= 22
    covered = {
        (i, origin - back) for i, origin, n in zip(x.series, x.origins, x.n_choices, strict=True) for back in range(n)
    }
    assert covered == {(i, origin) for i in range(3) for origin in range(5, 58)}
    some = x[np.flatnonzero(x.n_choices > 1)[:1]]
    everything = some.at(np.repeat(some.series, 3), some.origins - np.arange(3)).as_batch()[0]
    draws = np.random.default_rng(0)
    drawn = [some.resample(draws, None)[0].as_batch()[0] for _ in range(40)]
    assert {row.tobytes() for row in np.concatenate(drawn)} >= {row.tobytes() for row in everything}


def test_partial_fit_and_warm_start_go_on():
    model = brief(learning_rate="constant").partial_fit(SERIES[:3])
    before = model.weights_.copy()
    again = pickle.loads(pickle.dumps(model)).partial_fit(SERIES[3:])
    assert not np.array_equal(again.weights_, before)
    np.testing.assert_array_equal(copy.deepcopy(model).partial_fit(SERIES[3:]).weights_, again.weights_)
    assert again.predict().shape == (2, 3)
    warm = brief(warm_start=True).fit(SERIES)
    first = warm.loss_curve_[0]
    assert warm.fit(SERIES).loss_curve_[-1] < first
    assert len(warm.loss_curve_) == 4


def test_early_stopping_holds_out_the_last_windows():
    model = brief(early_stopping=True).fit(SERIES)
    assert len(model.validation_scores_) == 2
    other = [np.r_[each[:-6], 1000 * each[-6:]] for each in SERIES]
    jump = brief(early_stopping=True, normalize=None).fit(other)
    assert -jump.validation_scores_[0] > 5 * jump.loss_curve_[0]
    by_others = brief().fit(SERIES[:3], X_val=SERIES[3:], sample_weight_val=[1.0, 2.0])
    assert len(by_others.validation_scores_) == 2
    scored = brief(early_stopping=True, scoring=lambda estimator, X, y: estimator.score(X)).fit(SERIES)
    assert np.isfinite(scored.validation_scores_).all()


def test_float32_trains_in_single_precision_and_float64_in_double():
    assert brief().fit(np.array(SERIES, np.float32)).weights_.dtype == np.float32
    assert brief().fit(np.array(SERIES)).weights_.dtype == np.float64
    assert brief().fit(WIDE).weights_.dtype == np.float32  # windows are centred before they are rounded
    far = [1e9 + each for each in SERIES]
    np.testing.assert_allclose(
        brief().fit(pd.DataFrame(np.array(far).T)).predict().to_numpy().T - 1e9, brief().fit(SERIES).predict(), atol=0.2
    )


# Mistakes


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ([], "series is empty"),
        (None, "series is None"),
        ([np.zeros((5, 2)), np.zeros((5, 3))], "different numbers of channels, such as 2 and 3"),
        (np.zeros((2, 3, 4, 5)), r"Series 0 has shape \(3, 4, 5\)"),
        (["a", "b"], "dtype <U1"),
        ([np.full(9, np.nan)], "Series 0 has no value at all"),
        ([np.r_[np.ones(5), np.inf]], "Series 0 has an infinite value, at step 5"),
        ([np.ones(3), np.ones(2)], "No series is long enough: the longest has 3 steps, and training needs at least 4"),
        (np.ones((9, 2)), r"the longest has 2 steps.*For one series of several channels.*X\[np.newaxis\]"),
        (
            pd.DataFrame({"name": list("xy"), "y": [1, 2]}),
            "Column 'name' holds text, such as 'x', but series",
        ),
        (pd.DataFrame({"id": list("xx"), "time": [1, 1], "y": [1, 2]}), "Two rows of series 'x' have the time 1"),
        (pd.DataFrame({"date": ["2024-01-01"], "y": [1]}), "Column 'date' holds text"),
        (pd.DataFrame({"id": ["x"]}), "has no columns of values"),
        (WIDE.set_axis(IRREGULAR), "Times are not regular: steps of 1 days and of 1.5 days occur"),
    ],
)
def test_what_are_no_series(series, message):
    with pytest.raises((ValueError, TypeError), match=message):
        brief().fit(series)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "horizon must be int >= 1"),
        ({"quantile": (0.1, 1.0)}, "quantile must be float > 0 and < 1, or a non-empty sequence"),
        ({"quantile": ()}, "quantile must be"),
        ({"window_size": []}, "window_size must be"),
        ({"normalize": "season", "season": None}, 'normalize="season" needs the steps of a season'),
        ({"loss": "poisson"}, "loss must be"),
    ],
)
def test_parameters_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        brief(**options).fit(SERIES)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ([np.zeros(60)] * 4, "known has values of 4 series, but there are 5"),
        ([np.zeros((2, 3, 4))] * 5, r"known has shape \(2, 3, 4\)"),
        (np.array([["x"] * 60] * 2).T, "dtype <U1"),
    ],
)
def test_mistaken_known_values(known, message):
    with pytest.raises(ValueError, match=message):
        brief().fit(SERIES, known)
    with pytest.raises(ValueError, match="known is given, but this model was fitted without"):
        brief().fit(SERIES).predict(known=np.zeros(3))


def test_known_features_of_a_calendar_are_known_values():
    features = calendar_features(DAYS)
    assert brief().fit(SERIES, features).backtest(SERIES, 1, features).errors["ridge"]["MASE"] < 2
