"""The lines of a drawing are the values and the forecasts of a backtest."""

import numpy as np
import pytest

from skneural import SeriesForecaster
from skneural.inspection import BacktestDisplay

pyplot = pytest.importorskip("matplotlib.pyplot")
SERIES = np.sin(0.5 * np.arange(40)) + np.arange(3.0)[:, np.newaxis]


@pytest.fixture(scope="module")
def result():
    model = SeriesForecaster(3, hidden_layer_sizes=4, batch_size=200, max_iter=1, compare=False, random_state=0)
    return model.backtest(SERIES, n_origins=2)


def test_values_and_forecasts_are_drawn(result):
    ax = BacktestDisplay(result=result, series=1, methods=("model", "last value")).plot().ax_
    values, *forecasts = [line for line in ax.lines if len(line.get_xdata()) > 2]
    np.testing.assert_array_equal(values.get_xdata(), np.arange(22, 40))
    np.testing.assert_allclose(values.get_ydata(), SERIES[1, 22:])
    assert len(forecasts) == 4
    for line, (method, origin) in zip(
        forecasts, [("model", 0), ("model", 1), ("last value", 0), ("last value", 1)], strict=True
    ):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(3) + 34 + 3 * origin)
        np.testing.assert_array_equal(line.get_ydata(), result.forecasts[method][1, origin, :, 0])
    assert ax.get_title() == "Series 1"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["values", "model", "last value"]
    pyplot.close()


def test_given_axes_are_drawn_into(result):
    _, ax = pyplot.subplots()
    assert BacktestDisplay(result=result).plot(ax).ax_ is ax
    pyplot.close()


def test_an_estimator_is_backtested(result):
    model = SeriesForecaster(3, hidden_layer_sizes=4, batch_size=200, max_iter=1, compare=False, random_state=0)
    display = BacktestDisplay.from_estimator(model, SERIES, n_origins=2, series=1)
    np.testing.assert_array_equal(display.result.forecasts["model"], result.forecasts["model"])
    assert display.ax_.get_title() == "Series 1"
    pyplot.close()


@pytest.mark.parametrize("options", [{"series": 3}, {"channel": 1}, {"methods": ("arima",)}])
def test_mistakes(result, options):
    with pytest.raises(ValueError, match="it has 3 series of 1 channels, and the methods model, last value, ridge"):
        BacktestDisplay(result=result, **options).plot()
