"""Short waves in noise: series classified in a second, and the steps that decide
==============================================================================

Each series is noise, in which one of two short waves begins at a random step. `RocketSequenceClassifier` learns in less
than a second to tell them apart, and gives probabilities. `step_contributions` shows where in a series the decision
comes from. The figure has four test series; steps in red speak for the second wave, those in blue for the first.

Run it::

    python examples/3_series/plot_series_in_a_second.py
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import log_loss

from skneural import RocketSequenceClassifier
from skneural.inspection import step_contributions

N_STEPS, LENGTH = 200, 30


def waves(n, rng):
    """Generate n series with one of two waves, and the number of the wave."""
    X, y = 0.5 * rng.normal(size=(n, N_STEPS)), rng.integers(0, 2, n)
    shapes = [np.sin(np.linspace(0, 2 * np.pi, LENGTH)), np.sin(np.linspace(0, 4 * np.pi, LENGTH))]
    starts = rng.integers(0, N_STEPS - LENGTH, n)
    for series, kind, start in zip(X, y, starts, strict=True):
        series[start : start + LENGTH] += 2 * shapes[kind]
    return X, y, starts


def main():
    rng = np.random.default_rng(0)
    X, y, _ = waves(200, rng)
    X_test, y_test, starts = waves(400, rng)
    before = time.perf_counter()
    model = RocketSequenceClassifier(random_state=0).fit(X, y)
    seconds = time.perf_counter() - before
    loss = log_loss(y_test, model.predict_proba(X_test))
    print(f"accuracy {model.score(X_test, y_test):.3f}, log loss {loss:.3f}, after {seconds:.2f} s of training")

    _, axes = plt.subplots(4, 1, figsize=(9, 8), sharex=True, layout="constrained")
    for ax, series, kind, start in zip(axes, X_test, y_test, starts, strict=False):
        contributions = step_contributions(model, series, target=1)
        largest = np.abs(contributions).max()
        ax.axvspan(start, start + LENGTH, color="0.92")
        ax.plot(series, color="0.6", linewidth=1)
        points = ax.scatter(
            np.arange(N_STEPS), series, c=contributions, cmap="coolwarm", vmin=-largest, vmax=largest, s=14, zorder=2
        )
        probability = model.predict_proba(series[np.newaxis])[0, 1]
        ax.set_title(f"wave {kind + 1}; probability of wave 2: {probability:.2f}", fontsize=10)
        plt.colorbar(points, ax=ax)
    axes[-1].set_xlabel("step")
    plt.show()


if __name__ == "__main__":
    main()
