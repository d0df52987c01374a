"""Forecasts of daily sales, with promotions and a calendar, beside simpler methods
================================================================================

Four shops have weekly and yearly seasons, gaps where they were closed, and promotions that are planned in advance. One
network learns from all of them, and forecasts four weeks at once. The backtest repeats the last three months: the
network is fitted on what was before, and forecasts from three origins.

Run it::

    pip install "skneural[plot]" pandas
    python examples/3_series/plot_forecast.py
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skneural import SeriesForecaster
from skneural.drawing import STYLE
from skneural.inspection import BacktestDisplay

HORIZON = 28
SHOPS = ["harbour", "market", "station", "village"]


def daily_sales(n_days, random_state):
    """Draw sales as a wide frame, and promotions of the same days and of the four weeks that follow as a long one."""
    rng = np.random.default_rng(random_state)
    days = pd.date_range("2022-01-01", periods=n_days + HORIZON, name="day")
    sales, promotions = pd.DataFrame(index=days), []
    for level, shop in enumerate(SHOPS):
        promotion = np.repeat(rng.random(len(days) // 7 + 1) < 0.15, 7)[: len(days)]
        noise = np.convolve(0.1 * rng.standard_normal(len(days) + 6), 0.7 ** np.arange(7), "valid")
        week = rng.normal(0, 0.3, 7)[days.day_of_week]
        year = 0.3 * np.sin(2 * np.pi * days.day_of_year / 365.25)
        sales[shop] = np.exp(3 + level + week + year + 0.4 * promotion + noise)
        promotions.append(pd.DataFrame({"id": shop, "day": days, "promotion": promotion.astype(float)}))
    closed = rng.random(sales.shape) < 0.02
    return sales.mask(closed).iloc[:n_days], pd.concat(promotions)


def main():
    plt.style.use(STYLE)
    sales, promotions = daily_sales(900, random_state=0)
    long = sales.melt(var_name="id", value_name="sales", ignore_index=False).reset_index()
    model = SeriesForecaster(HORIZON, season=7, quantile=(0.1, 0.5, 0.9), log=True, calendar=True, random_state=0)

    result = model.backtest(long, n_origins=3, known=promotions)
    print(result)
    forecasts = model.fit(long, promotions).predict()
    print(forecasts.head())

    _, axes = plt.subplots(2, 2, figsize=(7, 6))
    for number, ax in enumerate(axes[0]):
        BacktestDisplay(result=result, series=number, methods=("model", "ridge")).plot(ax)
        ax.set_ylabel("sales")
    for ax, shop in zip(axes[1], SHOPS[2:], strict=True):
        future = forecasts[forecasts["id"] == shop]
        ax.plot(sales[shop].iloc[-4 * HORIZON :], color="0.6", label="values")
        ax.fill_between(future["day"], future["sales 0.1"], future["sales 0.9"], alpha=0.3, label="10 to 90 %")
        ax.plot(future["day"], future["sales 0.5"], label="median")
        ax.set(title=f"{shop}: the next {HORIZON} days", ylabel="sales")
        ax.legend()
        ax.tick_params("x", rotation=30)
    plt.show()


if __name__ == "__main__":
    main()
