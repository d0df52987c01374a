"""Short waves in noise: series classified in a second, and the steps that decide
==============================================================================

Each series is noise, in which one of two short waves begins at a random step. `RocketSequenceClassifier` learns in less
than a second to tell them apart, and gives probabilities. `StepContributionsDisplay` shows where in a series the
decision comes from. The figure has a test series of each wave, and the least certain; steps in red speak for the second
wave, those in blue for the first.

Run it::

    python examples/3_series/plot_series_in_a_second.py
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import log_loss

from skneural import RocketSequenceClassifier
from skneural.drawing import STYLE
from skneural.inspection import StepContributionsDisplay

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
    plt.style.use(STYLE)
    rng = np.random.default_rng(0)
    X, y, _ = waves(200, rng)
    X_test, y_test, starts = waves(400, rng)
    before = time.perf_counter()
    model = RocketSequenceClassifier(random_state=0).fit(X, y)
    seconds = time.perf_counter() - before
    loss = log_loss(y_test, model.predict_proba(X_test))
    print(f"accuracy {model.score(X_test, y_test):.3f}, log loss {loss:.3f}, after {seconds:.2f} s of training")

    _, axes = plt.subplots(3, 1, figsize=(7, 6.5), sharex=True)
    certainty = np.abs(model.decision_function(X_test))
    shown = [np.argmax(y_test == 0), np.argmax(y_test == 1), np.argmin(certainty)]
    for ax, series, kind, start in zip(axes, X_test[shown], y_test[shown], starts[shown], strict=True):
        ax.axvspan(start, start + LENGTH, color="0.92")
        StepContributionsDisplay.from_estimator(model, series, target=1, ax=ax)
        probability = model.predict_proba(series[np.newaxis])[0, 1]
        ax.set_title(f"wave {kind + 1}; probability of wave 2: {probability:.2f}")
        ax.label_outer()
    plt.show()


if __name__ == "__main__":
    main()
