"""Four families on real data, in less than a minute
=================================================

A table, images, nodes of a graph, and new images: tumours and handwritten digits of scikit-learn. Each model is fitted
with scikit-learn's progress bar and compared with another one, and the figure is saved as quickstart.png.

Run it::

    pip install "skneural[plot,progress]"
    python examples/quickstart.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import RocCurveDisplay
from sklearn.model_selection import train_test_split
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC

from skneural import CNNClassifier, DiffusionModel, GNNNodeClassifier, TabularMLPClassifier
from skneural.drawing import STYLE
from skneural.inspection import SamplesDisplay


def fitted(model, *data):
    if hasattr(model, "set_callbacks"):  # from scikit-learn 1.9 on
        from sklearn.callback import ProgressBar

        model.set_callbacks(ProgressBar())
    return model.fit(*data)


def table(ax):
    """Tumours, by thirty measures of their cells."""
    X, y = load_breast_cancer(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    models = {
        "TabularMLPClassifier": fitted(TabularMLPClassifier(max_iter=30, random_state=0), X_train, y_train),
        "gradient boosting": HistGradientBoostingClassifier(random_state=0).fit(X_train, y_train),
    }
    for name, model in models.items():
        print(f"table: {name} {model.score(X_test, y_test):.3f}")
        RocCurveDisplay.from_estimator(model, X_test, y_test, name=name, ax=ax)
    ax.set(title="A table: tumours", xlim=(-0.01, 0.3), ylim=(0.7, 1.01))


def images(ax):
    """Handwritten digits, and those that are read wrongly."""
    digits = load_digits()
    X_train, X_test, y_train, y_test = train_test_split(digits.images.astype("float32"), digits.target, random_state=0)
    network = fitted(CNNClassifier(random_state=0), X_train, y_train)
    predicted = network.predict(X_test)
    vectors = SVC().fit(X_train.reshape(-1, 64), y_train).score(X_test.reshape(-1, 64), y_test)
    print(f"images: CNNClassifier {np.mean(predicted == y_test):.3f}, a support vector machine {vectors:.3f}")
    doubtful = network.predict_proba(X_test).max(axis=1).argsort()[:12]
    SamplesDisplay(samples=X_test[doubtful], labels=predicted[doubtful]).plot(ax)
    ax.set_title("Images: the least sure of 450, and how they are read")


def nodes(ax):
    """Digits of which a few have labels, as nodes of a graph of neighbours."""
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    numbers, scores = (10, 20, 50, 100), {"GNNNodeClassifier": [], "label spreading": []}
    for n in numbers:
        known = np.full(len(y), -1)
        chosen = np.concatenate([rng.permutation(np.flatnonzero(y == digit))[: n // 10] for digit in range(10)])
        known[chosen] = y[chosen]
        network = GNNNodeClassifier(alpha=1e-3 * n, random_state=0)
        network = fitted(network, X, known) if n == numbers[-1] else network.fit(X, known)
        spread = LabelSpreading(kernel="knn", n_neighbors=10).fit(X, known)
        for name, labels in (("GNNNodeClassifier", network.predict(X)), ("label spreading", spread.transduction_)):
            scores[name].append(np.mean(labels[known == -1] == y[known == -1]))
    for name, values in scores.items():
        print(f"nodes: {name} {values[-1]:.3f} with {numbers[-1]} labels")
        ax.plot(numbers, values, marker="o", label=name)
    ax.set(title="Nodes: digits with few labels", xlabel="labelled digits of 1797", ylabel="accuracy of the others")
    ax.legend()


def new_images(ax):
    """Digits that a diffusion model draws."""
    X, y = load_digits(return_X_y=True)
    X = X.astype("float32")  # in half the time of float64
    model = fitted(DiffusionModel(max_iter=50, random_state=0), X, y)
    drawn = np.repeat(np.arange(10), 4)
    samples = model.sample(len(drawn), y=drawn, random_state=0)
    right = SVC().fit(X, y).score(samples, drawn)
    print(f"new images: {right:.2f} of {len(drawn)} are read as what they should be")
    SamplesDisplay(samples=samples, image_shape=(8, 8), n_columns=8).plot(ax)
    ax.set_title("New images, four of each digit")


def main():
    plt.style.use(STYLE)
    figure, axes = plt.subplots(2, 2, figsize=(10, 8), layout="constrained")
    for draw, ax in zip((table, images, nodes, new_images), axes.flat, strict=True):
        draw(ax)
    figure.savefig("quickstart.png", dpi=80)
    plt.show()


if __name__ == "__main__":
    main()
