"""Graph classification: detection of rings of six atoms in artificial molecules
=============================================================================

Each graph is a tree of atoms of three kinds, to which a ring of six atoms or a chain of six is attached. The two
classes differ in their structure only, which counts of atoms do not contain. In a graph neural network, each atom
aggregates messages from its neighbours, in four layers.

Run it::

    pip install "skneural[plot]"
    python examples/5_graphs/plot_molecules.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from skneural import GNNGraphClassifier, Graph, MLPClassifier
from skneural.drawing import STYLE
from skneural.inspection import GraphDisplay

ATOMS = np.array(["C", "N", "O"])


def molecule(rng, ring):
    """Generate a tree of 6 to 12 atoms with six more attached, as a ring or as a chain."""
    n = int(rng.integers(6, 13))
    bonds = [(i, int(rng.integers(max(0, i - 3), i))) for i in range(1, n)]
    bonds += [(n + i, n + i + 1) for i in range(5)] + [(n, int(rng.integers(n)))]
    if ring:
        bonds.append((n + 5, n))
    kinds = rng.integers(0, len(ATOMS), n + 6)
    return Graph.from_edges(bonds, np.eye(len(ATOMS), dtype=np.float32)[kinds])


def main():
    plt.style.use(STYLE)
    rng = np.random.default_rng(0)
    has_ring = rng.random(600) < 0.5
    X, y = [molecule(rng, ring) for ring in has_ring], np.where(has_ring, "ring", "chain")
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)

    model = GNNGraphClassifier(
        hidden_layer_sizes=(32,) * 4,
        dropout=0.2,
        learning_rate_init=0.01,
        learning_rate="cosine",
        max_iter=60,
        random_state=0,
    ).fit(X_train, y_train)
    print(f"graph neural network: accuracy {model.score(X_test, y_test):.3f} on the test molecules")

    def counts(graphs):
        return np.array([graph.features.sum(axis=0) for graph in graphs])

    perceptron = MLPClassifier(32, random_state=0, max_iter=500).fit(counts(X_train), y_train)
    print(f"perceptron on counts of atoms: accuracy {perceptron.score(counts(X_test), y_test):.3f}")

    figure, axes = plt.subplots(2, 2, figsize=(6, 6))
    probability = model.predict_proba(X_test)[:, list(model.classes_).index("ring")]
    for ax, i in zip(axes.flat, range(4), strict=True):
        kinds = ATOMS[X_test[i].features.argmax(axis=1)]
        GraphDisplay(graph=X_test[i], values=kinds, labels=kinds).plot(ax)
        ax.get_legend().remove()  # the letters are in the nodes
        ax.set_title(f"{y_test[i]}: {probability[i]:.2f}")
    figure.suptitle("Probability of a ring")
    plt.show()


if __name__ == "__main__":
    main()
