"""The functions on the edges of Kolmogorov-Arnold networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.base import BaseEstimator

from skneural.drawing import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_kan_edge(estimator: BaseEstimator, layer: int, input: int, output: int, *, ax: Axes | None = None) -> Axes:
    """Draw the function of one edge, where its data are, and the best formula for it.

    Parameters
    ----------
    estimator : KANClassifier or KANRegressor
        Fitted.
    layer, input, output : int
        Numbers, from 0: of the layer of edges, of the unit they come from, and of the unit they lead to.
    ax : matplotlib.axes.Axes, default=None
        Where to draw; by default, in a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes
        With the curve, a mark below it for each hundredth of the training data, and, dashed, the first of
        `suggest_symbolic`, whose share of explained variance is in the legend.

    Raises
    ------
    ValueError
        If there is no such edge.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import KANRegressor
    >>> from skneural.inspection import plot_kan_edge
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(300, 2))
    >>> model = KANRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0).fit(X, np.sin(2 * X[:, 0]))
    >>> ax = plot_kan_edge(model, 0, 0, 0)
    """
    x, y = estimator.edge_curve(layer, input, output)
    fit = estimator.suggest_symbolic(layer, input, output)[0]
    if ax is None:
        _, ax = pyplot().subplots(layout="constrained")
    ax.plot(x, y, color="C0", linewidth=2.5, label="spline")
    ax.plot(x, fit(x), color="C1", linestyle="--", label=f"{fit.name}, $r^2$ = {fit.r2:.6f}")
    step = max(1, len(x) // 100)
    ax.plot(
        x[::step], [y.min() - 0.05 * max(y.max() - y.min(), 1e-12)] * len(x[::step]), "|", color="0.4", label="data"
    )
    ax.set(xlabel=f"unit {input} of layer {layer}", ylabel=f"to unit {output} of layer {layer + 1}")
    ax.legend()
    return ax
