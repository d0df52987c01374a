"""Hidden features of a convolutional network as input of other classifiers
========================================================================

The first table is about the ten digits that the network was trained on: `transform` returns what enters its output
layer, and classifiers of these features are compared with classifiers of pixels. The second is about the digits 5 to 9
as seen by a network that was trained on 0 to 4 only: features of its last layer tell them apart less well than pixels,
and those of an early layer, `transform(X, layer=...)`, better. The layer was chosen among all by these scores.

Run it::

    python examples/2_images/hidden_features.py
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import CNNClassifier

SEEDS = range(3)
N_LABELLED = 100


def scores(forms, y_train, y_test):
    """Accuracies of two classifiers for several forms of the same images."""
    models = (make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), KNeighborsClassifier(3))
    return [[model.fit(train, y_train).score(test, y_test) for model in models] for train, test in forms]


def same_digits(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=600, stratify=y, random_state=seed)
    network = CNNClassifier(random_state=seed).fit(X_train, y_train)
    pixels, features = (X_train, X_test), (network.transform(X_train), network.transform(X_test))
    return scores([pixels, features], y_train, y_test)


def other_digits(X, y, seed):
    low = y < 5
    network = CNNClassifier(random_state=seed).fit(X[low], y[low])
    X_train, X_test, y_train, y_test = train_test_split(
        X[~low], y[~low], train_size=N_LABELLED, stratify=y[~low], random_state=seed
    )
    layers = (None, "pooling_1")
    features = [(network.transform(X_train, layer), network.transform(X_test, layer)) for layer in layers]
    return scores([(X_train, X_test), *features], y_train, y_test)


def report(title, names, results):
    print(f"{title:30}  regression  3 neighbours")
    for name, (regression, neighbours) in zip(names, np.mean(results, axis=0), strict=True):
        print(f"{name:30}{regression:12.3f}{neighbours:14.3f}")


def main():
    X, y = load_digits(return_X_y=True)
    names = ["pixels", "hidden features", 'features of layer="pooling_1"']
    report("digits 0 to 9, 1197 labelled", names[:2], [same_digits(X, y, seed) for seed in SEEDS])
    report(f"digits 5 to 9, {N_LABELLED} labelled", names, [other_digits(X, y, seed) for seed in SEEDS])


if __name__ == "__main__":
    main()
