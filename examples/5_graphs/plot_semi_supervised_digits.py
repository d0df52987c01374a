"""Semi-supervised classification of digits on a graph of nearest neighbours
=========================================================================

Some of 1797 digits are labelled; all of them are nodes of a graph of nearest neighbours. `LabelSpreading` propagates
labels along this graph, a graph neural network propagates features, and a multilayer perceptron uses the labelled
digits only.

Run it::

    pip install "skneural[plot]"
    python examples/5_graphs/plot_semi_supervised_digits.py
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.semi_supervised import LabelSpreading

from skneural import GNNNodeClassifier, MLPClassifier
from skneural.drawing import STYLE

N_LABELLED = (20, 50, 100, 200, 400)
N_DRAWS = 3


def main():
    plt.style.use(STYLE)
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", RuntimeWarning)  # of LabelSpreading, for digits that no label reaches
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.float32) / 16
    models = {
        "graph neural network": GNNNodeClassifier(hidden_layer_sizes=64, n_neighbors=7, random_state=0),
        "LabelSpreading": LabelSpreading(kernel="knn", n_neighbors=7),
        "perceptron": MLPClassifier(64, learning_rate_init=0.01, random_state=0),
    }
    scores = {name: np.zeros((len(N_LABELLED), N_DRAWS)) for name in models}
    for row, n in enumerate(N_LABELLED):
        for draw in range(N_DRAWS):
            labelled = np.random.default_rng(draw).permutation(len(y))[:n]
            unlabelled = np.setdiff1d(np.arange(len(y)), labelled)
            labels = np.full(len(y), -1)
            labels[labelled] = y[labelled]
            for name, model in models.items():
                if name == "perceptron":
                    model.fit(X[labelled], y[labelled])
                else:
                    model.fit(X, labels)
                scores[name][row, draw] = np.mean(model.predict(X[unlabelled]) == y[unlabelled])
        print(f"{n:4d} labels  " + "  ".join(f"{name} {score[row].mean():.3f}" for name, score in scores.items()))

    _, ax = plt.subplots()
    for name, score in scores.items():
        ax.plot(N_LABELLED, score.mean(axis=1), marker="o", label=name)
    ax.set(xlabel="labelled digits", ylabel="accuracy on the unlabelled digits", xscale="log")
    ax.set_xticks(N_LABELLED, N_LABELLED)
    ax.minorticks_off()
    ax.set_title("1797 digits with few labels")
    ax.legend()
    plt.show()


if __name__ == "__main__":
    main()
