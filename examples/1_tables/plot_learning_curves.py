"""Learning curves: the loss and several metrics of each epoch, and the epoch that is kept
=======================================================================================

A network learns handwritten digits, a fifth of which have a wrong label in training. `scoring` names several metrics:
the first one decides when training stops and which epoch is kept, and `history_` has the curves of all. With
``training_scores=True``, the same metrics are recorded for the training data: these curves improve to the end, while
the network learns the wrong labels by heart, and those of held-out data become worse.

Run it::

    python examples/1_tables/plot_learning_curves.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skneural import MLPClassifier
from skneural.drawing import STYLE
from skneural.inspection import LearningCurveDisplay


def main():
    plt.style.use(STYLE)
    X, y = load_digits(return_X_y=True)
    X_train, X_val, y_train, y_val = train_test_split(X / 16, y, test_size=0.5, random_state=0)
    rng = np.random.default_rng(0)
    y_train = np.where(rng.random(len(y_train)) < 0.2, rng.permutation(y_train), y_train)
    model = MLPClassifier(
        100,
        scoring=["accuracy", "loss"],
        training_scores=True,
        early_stopping=True,
        learning_rate_init=0.01,
        n_iter_no_change=40,
        random_state=0,
    )
    model.fit(X_train, y_train, X_val=X_val, y_val=y_val)
    seconds = model.history_["seconds"][-1]
    print(f"{model.n_iter_} epochs in {seconds:.1f} s; best accuracy {model.best_validation_score_:.4f}")

    LearningCurveDisplay.from_estimator(model)
    plt.show()


if __name__ == "__main__":
    main()
