"""Drawings of forecasts beside what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skneural.drawing import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skneural.estimators.forecast.backtest import Backtest

# Steps before the first forecast that are drawn, in horizons.
PAST_HORIZONS = 4


def plot_backtest(
    result: Backtest,
    series: int = 0,
    *,
    channel: int = 0,
    methods: tuple[str, ...] = ("model",),
    ax: Axes | None = None,
) -> Axes:
    """Draw the forecasts of a backtest beside the values of a series.

    Parameters
    ----------
    result : Backtest
        As returned by `SeriesForecaster.backtest`.
    series : int, default=0
        Number of the series in `result`.
    channel : int, default=0
        Number of the channel of the series.
    methods : tuple of str, default=("model",)
        Methods whose forecasts are drawn, of those in ``result.errors``.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw into; None: those of a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes
        Axes with the drawing. Steps are numbered from the start of the series.

    Raises
    ------
    ValueError
        If there is no such series, channel or method.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import SeriesForecaster
    >>> from skneural.inspection import plot_backtest
    >>> waves = [np.sin(0.5 * np.arange(90) + phase) for phase in range(3)]
    >>> model = SeriesForecaster(horizon=6, hidden_layer_sizes=16, max_iter=3, compare=False, random_state=0)
    >>> ax = plot_backtest(model.backtest(waves), series=1, methods=("model", "ridge"))
    """
    n_series, n_origins, horizon, n_channels = result.actual.shape
    unknown = [method for method in methods if method not in result.forecasts]
    if not 0 <= series < n_series or not 0 <= channel < n_channels or unknown:
        raise ValueError(
            f"series={series}, channel={channel} and methods={methods} are not in this backtest: it has {n_series} "
            f"series of {n_channels} channels, and the methods {', '.join(result.forecasts)}."
        )
    if ax is None:
        _, ax = pyplot().subplots(layout="constrained")
    past = result.past[series][-PAST_HORIZONS * horizon :, channel]
    first = len(result.past[series])
    values = np.concatenate([past, result.actual[series, :, :, channel].ravel()])
    ax.plot(np.arange(first - len(past), first + n_origins * horizon), values, color="0.6", label="values")
    for number, method in enumerate(methods):
        for origin in range(n_origins):
            steps = first + origin * horizon + np.arange(horizon)
            forecast = result.forecasts[method][series, origin, :, channel]
            ax.plot(steps, forecast, color=f"C{number}", label=None if origin else method)
    for origin in range(n_origins):
        ax.axvline(first + origin * horizon - 0.5, color="0.85", lw=0.8, zorder=0)
    ax.set(xlabel="step", title=result.names[series])
    ax.legend()
    return ax
