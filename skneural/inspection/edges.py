"""Edge functions of Kolmogorov-Arnold networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skneural.drawing import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skneural.template.estimator import NeuralEstimator


def plot_kan_edge(estimator: NeuralEstimator, layer: int, input: int, output: int, *, ax: Axes | None = None) -> Axes:
    """Draw the function of an edge, the distribution of its inputs, and its best symbolic approximation.

    Parameters
    ----------
    estimator : KANClassifier or KANRegressor
        Fitted.
    layer, input, output : int
        Indices, from 0, of the layer of edges, of the unit where the edge starts, and of the unit where it ends.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw into; None: those of a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes
        Axes with the spline, a mark below it for each hundredth of the training data, and, dashed, the first formula of
        `suggest_symbolic`, with its R² in the legend.

    Raises
    ------
    ValueError
        If the edge does not exist.

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
