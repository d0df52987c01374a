"""Symbolic regression with a Kolmogorov-Arnold network
====================================================

A network of two inputs, five hidden units and one output learns a function with a sparsity penalty. It is pruned,
trained on a finer grid, and converted to a formula. The figure shows it before and after, and one of its edges.

Run it::

    pip install "skneural[plot,symbolic]"
    python examples/6_formulas/plot_kan_formula.py
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skneural import KANRegressor
from skneural.drawing import STYLE
from skneural.inspection import KANDisplay, KANEdgeDisplay


def main():
    plt.style.use(STYLE)
    # Each fit stops at max_iter with a warning: that is enough to see which edges matter, and training continues.
    warnings.simplefilter("ignore", ConvergenceWarning)
    X = np.random.default_rng(0).uniform(-1, 1, size=(1000, 2))
    y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    X_test = np.random.default_rng(1).uniform(-1, 1, size=(1000, 2))
    y_test = np.exp(np.sin(np.pi * X_test[:, 0]) + X_test[:, 1] ** 2)

    def print_error(name, model):
        error = np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2))
        print(f"{name:<40} root mean squared error {error:.1e}")

    model = KANRegressor(
        hidden_layer_sizes=(5,), solver="lbfgs", sparsity=0.003, alpha=0, tol=1e-9, max_iter=200, random_state=0
    )
    model.fit(X, y)
    print_error("sparse network of five hidden units", model)

    pruned = model.prune().set_params(sparsity=0.0, warm_start=True).fit(X, y)
    print_error(f"pruned to {pruned.hidden_layer_sizes[0]}, trained on", pruned)

    finer = pruned.refine(10).set_params(max_iter=400).fit(X, y)
    print_error("on grids of 10 pieces instead of 5", finer)

    formula = finer.to_formula()
    print_error(f"formula {formula}", formula)
    print("for sympy:", finer.symbolic_formula(["x", "y"]))

    _, axes = plt.subplot_mosaic("aa\nbc", figsize=(7, 6.5), width_ratios=(1, 1.4))
    KANDisplay.from_estimator(model, ax=axes["a"])
    axes["a"].set_title("trained with a penalty")
    KANDisplay.from_estimator(finer, ax=axes["b"])
    axes["b"].set_title("pruned and refined")
    KANEdgeDisplay.from_estimator(finer, 0, 0, 0, ax=axes["c"])
    axes["c"].set_title("its edge below on the left")
    plt.show()


if __name__ == "__main__":
    main()
