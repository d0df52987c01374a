"""Forecasts beside the values that came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skneural.drawing import DATA_GREY, GUIDE_GREY, colour_of, figure_of, styled_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skneural.estimators.forecast import SeriesForecaster
    from skneural.estimators.forecast.backtest import Backtest

# Steps before the first forecast that are drawn, in horizons.
PAST_HORIZONS = 4


class BacktestDisplay:
    """Forecasts of a backtest beside the values of a series.

    Steps are numbered from the start of the series. `plot` draws a backtest that was made before; `from_estimator`
    makes one, and draws it.

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

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import SeriesForecaster
    >>> from skneural.inspection import BacktestDisplay
    >>> waves = [np.sin(0.5 * np.arange(90) + phase) for phase in range(3)]
    >>> model = SeriesForecaster(horizon=6, hidden_layer_sizes=16, max_iter=3, compare=False, random_state=0)
    >>> result = model.backtest(waves)
    >>> display = BacktestDisplay(result=result, series=1, methods=("model", "ridge")).plot()
    >>> display.ax_.get_title()
    'Series 1'
    """

    def __init__(
        self, *, result: Backtest, series: int = 0, channel: int = 0, methods: tuple[str, ...] = ("model",)
    ) -> None:
        self.result = result
        self.series = series
        self.channel = channel
        self.methods = methods

    @classmethod
    def from_estimator(
        cls,
        estimator: SeriesForecaster,
        X: Any,
        *,
        n_origins: int = 3,
        known: Any = None,
        series: int = 0,
        channel: int = 0,
        methods: tuple[str, ...] = ("model",),
        ax: Axes | None = None,
    ) -> Self:
        """Backtest a forecaster on series, and draw its forecasts of one of them.

        Parameters
        ----------
        estimator : SeriesForecaster
            A copy of it is fitted.
        X : array-like, list of arrays, or DataFrame
            Series, as in `fit`.
        n_origins : int, default=3
            Number of origins, as in `SeriesForecaster.backtest`.
        known : array-like, list of arrays, or DataFrame, default=None
            As in `fit`.
        series : int, default=0
            Number of the series that is drawn.
        channel : int, default=0
            Number of the channel of the series.
        methods : tuple of str, default=("model",)
            Methods whose forecasts are drawn.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : BacktestDisplay
            Its attribute `result` has the errors.

        Raises
        ------
        ValueError
            If no series is long enough, or there is no such series, channel or method.
        """
        result = estimator.backtest(X, n_origins, known)
        return cls(result=result, series=series, channel=channel, methods=methods).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the values and the forecasts.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : BacktestDisplay
            With the attributes of the drawing.

        Raises
        ------
        ValueError
            If there is no such series, channel or method.
        """
        self._check()
        with styled_axes(ax) as self.ax_:
            self._draw(self.ax_)
        self.figure_ = figure_of(self.ax_)
        return self

    def _check(self) -> None:
        n_series, _, _, n_channels = self.result.actual.shape
        unknown = [method for method in self.methods if method not in self.result.forecasts]
        if not 0 <= self.series < n_series or not 0 <= self.channel < n_channels or unknown:
            raise ValueError(
                f"series={self.series}, channel={self.channel} and methods={self.methods} are not in this backtest: it "
                f"has {n_series} series of {n_channels} channels, and the methods {', '.join(self.result.forecasts)}."
            )

    def _draw(self, ax: Axes) -> None:
        result, series, channel = self.result, self.series, self.channel
        _, n_origins, horizon, n_channels = result.actual.shape
        past = result.past[series][-PAST_HORIZONS * horizon :, channel]
        first = len(result.past[series])
        values = np.concatenate([past, result.actual[series, :, :, channel].ravel()])
        ax.plot(np.arange(first - len(past), first + n_origins * horizon), values, color=DATA_GREY, label="values")
        for number, method in enumerate(self.methods):
            style: dict[str, Any] = {"color": colour_of(number), "linewidth": 1.2, "zorder": 3 - 0.1 * number}
            for origin in range(n_origins):
                steps = first + origin * horizon + np.arange(horizon)
                forecast = result.forecasts[method][series, origin, :, channel]
                ax.plot(steps, forecast, label=None if origin else method, **style)
        for origin in range(n_origins):
            ax.axvline(first + origin * horizon - 0.5, color=GUIDE_GREY, lw=0.8, zorder=0)
        value = "value" if n_channels == 1 else f"value of channel {channel}"
        ax.set(xlabel="step", ylabel=value, title=result.names[series])
        ax.legend()
