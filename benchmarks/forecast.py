"""Errors of forecasts, compared with the last season, a ridge regression and gradient boosting on the same windows.

    python benchmarks/forecast.py --data FOLDER                  all sets: a quarter of an hour on one core
    python benchmarks/forecast.py --data FOLDER hospital shops

Prints the mean absolute scaled error (MASE) of `SeriesForecaster` with its defaults over the origins of a backtest, all
of which are after the training steps, its seconds of training, and "warned" if `fit` has warned that a naive forecast
is better. benchmarks/README.md lists the sources of the files.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from skneural import SeriesForecaster
from skneural.preprocessing import SlidingWindows, calendar_features

# Rows on which boosting is fitted at most: a window and a step of the horizon each.
ROWS_OF_BOOSTING = 50_000

UNIVARIATE = {  # name in the file: horizon, season, origins
    "airline_passengers": (12, 12, 3),
    "monthly_car_sales": (12, 12, 2),
    "monthly_writing_paper_sales": (12, 12, 3),
    "daily_total_female_births": (14, 7, 4),
    "daily_min_temperatures": (28, None, 12),
    "monthly_sunspots": (12, None, 20),
    "lynx": (10, 10, 2),
    "solar_gb_30min": (48, 48, 1),
    "santafe_laser": (30, None, 50),
    "mackey_glass_t17": (30, None, 50),
}


class Task(NamedTuple):
    """Series to forecast, and what is asked of the forecasts.

    `known` are values known in advance, and `days` the times of the steps; the forecaster is then given data frames,
    and makes its own calendar.
    """

    series: list[np.ndarray]
    horizon: int
    season: int | None
    n_origins: int
    asked: str = ""
    known: list[np.ndarray] | None = None
    days: np.ndarray | None = None

    def inputs(self, n_last: int = 0) -> tuple[Any, Any]:
        """Series without their last steps, and what is known in advance, as the forecaster is given them."""
        n_steps = len(self.series[0]) - n_last
        if self.days is None or self.known is None:
            return [series[: len(series) - n_last] for series in self.series], None
        index = pd.DatetimeIndex(self.days, name="day")
        wide = pd.DataFrame(np.transpose(self.series), index=index).iloc[:n_steps]
        known = [pd.DataFrame(each).assign(id=i, day=index) for i, each in enumerate(self.known)]
        return wide.melt(var_name="id", ignore_index=False).reset_index(), pd.concat(known)


def hospital(folder: Path) -> Iterator[tuple[str, Task]]:
    """767 monthly series of 84 steps."""
    yield "hospital", Task(_unequal(folder / "fc_hospital.npz"), 12, 12, 1, "<= .78")


def cif(folder: Path) -> Iterator[tuple[str, Task]]:
    """72 monthly series of 28 to 120 steps, of the CIF 2016 competition."""
    yield "CIF 2016", Task(_unequal(folder / "fc_cif_2016.npz"), 12, 12, 1, "<= .87")


def exchange(folder: Path) -> Iterator[tuple[str, Task]]:
    """Eight daily exchange rates, whose last value is the best forecast."""
    with np.load(folder / "fc_exchange_rate.npz") as file:
        yield "exchange rates", Task(list(file["values"].T), 30, None, 50, "a warning")


def univariate(folder: Path) -> Iterator[tuple[str, Task]]:
    """Single series."""
    with np.load(folder / "fc_univariate.npz") as file:
        for name, (horizon, season, n_origins) in UNIVARIATE.items():
            yield name.replace("_", " "), Task([file[name]], horizon, season, n_origins)


def shops(folder: Path) -> Iterator[tuple[str, Task]]:
    """Daily sales of five shops with a calendar; see `daily_sales`."""
    sales, known, days = daily_sales(3 * 365, seed=0)
    yield "five shops, calendar", Task(sales, 28, 7, 6, "best of ridge and boosting + .02", known, days)


def daily_sales(n: int, seed: int) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    """Sales of five shops with weekly and yearly seasons, promotions and holidays, and what is known of these.

    The logarithm of the sales of shop s on day t is the sum of its level (0 to 4 over the shops), a profile of the days
    of its week (deviation .3), a yearly wave (.25), a promotion (.15 to .45, on a tenth of all days, in runs of a week,
    and .1 less than nothing on the three days after it), holidays (-1, twelve days a year) and autoregressive noise of
    the first order (coefficient .7, innovations of deviation .08).
    """
    rng = np.random.default_rng(seed)
    days = np.datetime64("2021-01-01") + np.arange(n)
    in_year = (days - days.astype("M8[Y]")).astype(int)
    holidays = np.isin(in_year, rng.choice(365, 12, replace=False))
    sales, known = [], []
    for level in range(5):
        promotion = np.repeat(rng.random(n // 7 + 1) < 0.1, 7)[:n]
        after = np.convolve(promotion, [0, 1, 1, 1])[:n].astype(bool) & ~promotion
        week, phase = 0.3 * rng.standard_normal(7), rng.uniform(0, 2 * np.pi)
        noise = np.zeros(n)
        for t in range(1, n):
            noise[t] = 0.7 * noise[t - 1] + 0.08 * rng.standard_normal()
        logarithm = (
            level
            + week[np.arange(n) % 7]
            + 0.25 * np.sin(2 * np.pi * in_year / 365 + phase)
            + rng.uniform(0.15, 0.45) * promotion
            - 0.1 * after
            - holidays
            + noise
        )
        sales.append(np.exp(logarithm).astype(np.float32))
        known.append(np.column_stack([promotion, holidays]).astype(np.float64))
    return sales, known, days


SETS = {function.__name__: function for function in (hospital, cif, exchange, shops, univariate)}


def _unequal(path: Path) -> list[np.ndarray]:
    """Load series that are concatenated in the file."""
    with np.load(path) as file:
        return np.split(file["values"], np.cumsum(file["lengths"])[:-1])


def compare(task: Task, seed: int) -> dict[str, float | str]:
    """MASE of each method, seconds of training, and "warned"."""
    model = SeriesForecaster(task.horizon, season=task.season, calendar=task.days is not None, random_state=seed)
    past, known = task.inputs(task.horizon * task.n_origins)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.process_time()
        model.fit(past, known)
        seconds = time.process_time() - start
    warned = any("forecasts the last steps" in str(warning.message) for warning in caught)
    result = model.set_params(compare=False).backtest(task.inputs()[0], task.n_origins, known)
    errors = {method: values["MASE"] for method, values in result.errors.items()}
    errors.setdefault("last season", errors["last value"])
    size = sorted(model.window_sizes_)[len(model.window_sizes_) // 2]
    distances = np.nanmean(np.abs(boosting(task, size) - result.actual[..., 0]), axis=(1, 2))
    season = task.season or 1
    scale = [np.mean(np.abs(series[season:] - series[:-season])) for series in result.past]
    return {**errors, "boosting": float(np.mean(distances / scale)), "seconds": seconds, "warned": "warned" * warned}


def boosting(task: Task, size: int) -> np.ndarray:
    """Forecasts of gradient boosting, of shape (n_series, n_origins, horizon).

    Each row has the normalized window, the number of a step of the horizon, and what is known of this step, with the
    same features of its day as the forecaster.
    """
    most = max(len(task.series), ROWS_OF_BOOSTING // task.horizon)
    cutter = SlidingWindows(size, task.horizon, normalize="last", short="pad", max_windows=most)
    known = task.known
    if known is not None:
        assert task.days is not None
        known = [np.column_stack([each, calendar_features(task.days)]) for each in known]
    held_out = task.horizon * task.n_origins
    X, y = cutter.windows_and_targets([series[:-held_out] for series in task.series])
    in_advance = None if known is None else cutter.known_windows([each[:-held_out] for each in known])
    model = HistGradientBoostingRegressor(loss="absolute_error", max_iter=300, random_state=0)
    model.fit(_rows(X, in_advance, task.horizon), y.ravel())
    forecasts = []
    for origin in range(held_out, 0, -task.horizon):
        past = [series[:-origin] for series in task.series]
        if known is not None:
            ends = [len(each) - origin + task.horizon for each in known]
            in_advance = cutter.known_windows([each[:n] for each, n in zip(known, ends, strict=True)], last=True)
        predicted = model.predict(_rows(cutter.last_windows(past), in_advance, task.horizon))
        forecasts.append(cutter.restore(predicted.reshape(len(past), -1), past))
    return np.stack(forecasts, axis=1)


def _rows(windows: np.ndarray, known: np.ndarray | None, horizon: int) -> np.ndarray:
    """A row for each window and each step of the horizon."""
    parts = [np.repeat(windows, horizon, axis=0), np.tile(np.arange(horizon), len(windows))[:, np.newaxis]]
    if known is not None:
        parts.append(known[:, -horizon:].reshape(-1, known.shape[2]))
    return np.concatenate(parts, axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=list(SETS), metavar="set", help=f"of {', '.join(SETS)}")
    parser.add_argument("--data", type=Path, required=True, help="folder of the files")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    methods = ("last value", "last season", "ridge", "boosting", "model")
    print(" ".join([f"{'MASE':<28}", *(f"{method:>11}" for method in methods), " seconds  asked"]))
    for name in arguments.sets:
        for title, task in SETS[name](arguments.data):
            errors = compare(task, arguments.seed)
            numbers = " ".join(f"{errors[method]:11.3f}" for method in methods)
            print(f"{title:<28} {numbers} {errors['seconds']:8.1f}  {task.asked} {errors['warned']}", flush=True)


if __name__ == "__main__":
    main()
