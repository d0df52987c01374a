"""Attention weights of a Transformer on series
============================================

Each series has two bumps among noise, and the task is to classify whether they have the same height. No single step
suffices for this: heads must compare the bumps. The figure shows a series and the attention weights of every head of
every layer.

Run it::

    pip install "skneural[plot]"
    python examples/3_series/plot_attention.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from skneural import TransformerSequenceClassifier
from skneural.drawing import STYLE
from skneural.inspection import AttentionDisplay


def two_bumps(n, rng, n_steps=24):
    X, same = 0.1 * rng.normal(size=(n, n_steps, 1)).astype(np.float32), rng.integers(0, 2, n)
    for series, alike in zip(X, same, strict=True):
        places = rng.choice(n_steps, 2, replace=False)
        series[places, 0] += rng.permutation([2, 2 if alike else 1])
    return X, np.where(same, "same height", "different")


def main():
    plt.style.use(STYLE)
    X, y = two_bumps(1500, np.random.default_rng(0))
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = TransformerSequenceClassifier(
        d_model=16,
        n_heads=2,
        feedforward_size=32,
        learning_rate="one_cycle",
        learning_rate_init=0.01,
        max_iter=15,
        random_state=0,
    )
    model.fit(X_train, y_train)
    print(f"accuracy on the test series: {model.score(X_test, y_test):.3f}")

    series = X_test[0]
    _, (top, bottom) = plt.subplots(2, 1, figsize=(6, 7), height_ratios=[1, 3])
    top.plot(series[:, 0], marker=".")
    top.set(title=f"A series whose bumps are: {y_test[0]}", xlabel="step", ylabel="value")
    AttentionDisplay.from_estimator(model, series, ax=bottom)
    plt.show()


if __name__ == "__main__":
    main()
