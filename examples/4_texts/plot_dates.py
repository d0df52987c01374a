"""Conversion of dates from many formats to one, and the alignment that attention learns
=====================================================================================

A recurrent encoder reads "may 02, 2020", and a decoder with attention predicts "2020-05-02" character by character. It
attends to the year first, wherever that is in the source. The alignment of characters is not part of the training data;
the figure shows that attention learns it.

Run it::

    pip install "skneural[plot]"
    python examples/4_texts/plot_dates.py
"""

from datetime import date, timedelta

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from skneural import SequenceToSequence
from skneural.drawing import STYLE
from skneural.inspection import AlignmentDisplay

FORMATS = ["%b %d, %Y", "%d %B %Y", "%A, %d.%m.%Y", "%m/%d/%Y"]


def some_dates(n, rng):
    days = [date(1970, 1, 1) + timedelta(days=int(number)) for number in rng.integers(0, 36500, n)]
    return [day.strftime(rng.choice(FORMATS)).lower() for day in days], [day.isoformat() for day in days]


def main():
    plt.style.use(STYLE)
    X, y = some_dates(5000, np.random.default_rng(0))
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=500, random_state=0)
    model = SequenceToSequence(
        hidden_size=64,
        embedding_size=32,
        learning_rate="one_cycle",
        learning_rate_init=0.01,
        max_iter=12,
        early_stopping=False,
        random_state=0,
    )
    model.fit(X_train, y_train)
    print(f"exact matches among the test dates: {model.score(X_test, y_test):.3f}")

    shown = ["may 02, 2020", "07 september 1987", "friday, 21.11.2003", "12/31/2049"]
    for source, predicted in zip(shown, model.predict(shown), strict=True):
        print(f"{source:>20} -> {predicted}")
    figure, axes = plt.subplots(2, 2, figsize=(7, 6.5))
    for ax, source in zip(axes.flat, shown, strict=True):
        AlignmentDisplay.from_estimator(model, source, ax=ax)
    figure.suptitle("Attention to the source for each predicted character")
    plt.show()


if __name__ == "__main__":
    main()
