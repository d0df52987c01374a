"""Forecasting of a chaotic series.

    pip install "skneural[plot]"
    python plot_forecast.py

The Mackey-Glass equation (1977) models the delayed production of blood cells; its solution is chaotic. A network of
gated recurrent units forecasts the next thirty values at once. It is trained to do so at each step of the windows, not
only at the last one (`stepwise=True`).
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression

from skneural import RNNSequenceRegressor
from skneural.preprocessing import SlidingWindows

HORIZON = 30


def mackey_glass(n, delay=17, steps_per_unit=10):
    """Solve dx/dt = 0.2 x(t - delay) / (1 + x(t - delay)^10) - 0.1 x(t), and drop the initial transient."""
    lag, n_all = delay * steps_per_unit, (n + 200) * steps_per_unit
    x = np.full(n_all + lag, 1.2)
    for t in range(lag, n_all + lag - 1):
        x[t + 1] = x[t] + (0.2 * x[t - lag] / (1 + x[t - lag] ** 10) - 0.1 * x[t]) / steps_per_unit
    return x[-n * steps_per_unit :: steps_per_unit]


def main():
    series = mackey_glass(4000).astype(np.float32)
    past, future = series[:3000], series[3000:]
    X, y = SlidingWindows(window_size=100, horizon=HORIZON, stride=10, stepwise=True).windows_and_targets(past)
    model = RNNSequenceRegressor(
        cell="gru", learning_rate="one_cycle", learning_rate_init=0.01, batch_size=16, max_iter=30, random_state=0
    )
    model.fit(X, y)

    last_step = SlidingWindows(window_size=100, horizon=HORIZON)
    linear = LinearRegression().fit(*last_step.windows_and_targets(past))
    X_test, y_test = last_step.windows_and_targets(future)
    forecasts = {"recurrent": model.predict(X_test)[:, -1], "linear": linear.predict(X_test)}

    _, (top, bottom) = plt.subplots(2, 1, figsize=(9, 5.5), layout="constrained")
    for start in (0, 150, 300):
        times = np.arange(start, start + 100 + HORIZON)
        top.plot(times[:101], future[times[:101]], color="0.7", label=None if start else "input")
        top.plot(times[100:], future[times[100:]], color="k", ls=":", lw=2, zorder=3, label=None if start else "truth")
        for i, (name, values) in enumerate(forecasts.items()):
            top.plot(times[100:], values[start], color=f"C{i}", label=None if start else f"{name} forecast")
    top.set(xlabel="step", ylabel="value", ylim=(0.3, 1.7), title="Three forecasts of thirty steps")
    top.legend(loc="upper right", ncols=4)
    for i, (name, values) in enumerate(forecasts.items()):
        error = np.sqrt(np.mean((values - y_test) ** 2, axis=0)) / y_test.std()
        print(f"{name:<10} error {error.mean():.3f} standard deviations, {error[-1]:.3f} after {HORIZON} steps")
        bottom.plot(np.arange(1, HORIZON + 1), error, color=f"C{i}", label=name)
    bottom.set(xlabel="steps ahead", ylabel="error in standard deviations", yscale="log")
    bottom.legend()
    plt.show()


if __name__ == "__main__":
    main()
