"""Kolmogorov-Arnold networks: the whole network, and the function of an edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skneural.drawing import DATA_GREY, colour_of, draw_network, figure_of, figure_size, layer_sizes, styled_axes
from skneural.symbolic import Fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skneural.estimators.kan.methods import KANMethods


class KANDisplay:
    """Kolmogorov-Arnold network, with the curve of its function on each edge.

    `from_estimator` makes it of a fitted model, and draws it, as the method `plot` of the model does.

    Parameters
    ----------
    curves : sequence of pairs of arrays of shape (n_points, n_in, n_out)
        For each layer, x and y of the function of each edge.
    importances : list of arrays of shape (n_in, n_out)
        Importances of the edges of each layer, which their opacity shows. Those of zero are not drawn.
    inputs, outputs : list of str
        Names of the inputs and outputs.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import KANRegressor
    >>> from skneural.inspection import KANDisplay
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(300, 2))
    >>> model = KANRegressor(hidden_layer_sizes=2, max_iter=2, random_state=0).fit(X, np.sin(2 * X[:, 0]))
    >>> KANDisplay.from_estimator(model).inputs
    ['x0', 'x1']
    """

    def __init__(
        self,
        *,
        curves: Sequence[tuple[np.ndarray, np.ndarray]],
        importances: list[np.ndarray],
        inputs: list[str],
        outputs: list[str],
    ) -> None:
        self.curves = curves
        self.importances = importances
        self.inputs = inputs
        self.outputs = outputs

    @classmethod
    def from_estimator(cls, estimator: KANMethods, *, ax: Axes | None = None) -> Self:
        """Draw a fitted network.

        Parameters
        ----------
        estimator : KANClassifier or KANRegressor
            Fitted.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : KANDisplay

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(estimator)
        display = cls(
            curves=estimator._curves(),
            importances=estimator.edge_importances_,
            inputs=estimator._input_names(),
            outputs=estimator._output_names(),
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the network.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : KANDisplay
            With the attributes of the drawing.
        """
        with styled_axes(ax, figure_size(layer_sizes(self.importances))) as self.ax_:
            draw_network(self.ax_, self.curves, self.importances, self.inputs, self.outputs)
        self.figure_ = figure_of(self.ax_)
        return self


class KANEdgeDisplay:
    """Function of an edge, the distribution of its inputs, and its best symbolic approximation.

    `from_estimator` makes it of a fitted model, and draws it: the spline, a mark below it for each hundredth of the
    training data, and, dashed, the formula, with its R² in the legend.

    Parameters
    ----------
    x, y : array of shape (n_points,)
        Inputs, at quantiles of the training data, and values of the function.
    approximation : skneural.symbolic.Fit
        Formula that is drawn beside the function.
    layer, input, output : int
        Indices, from 0, of the layer of edges, of the unit where the edge starts, and of the unit where it ends.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import KANRegressor
    >>> from skneural.inspection import KANEdgeDisplay
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(300, 2))
    >>> model = KANRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0).fit(X, np.sin(2 * X[:, 0]))
    >>> KANEdgeDisplay.from_estimator(model, 0, 0, 0).approximation.name
    'sin'
    """

    def __init__(
        self, *, x: np.ndarray, y: np.ndarray, approximation: Fit, layer: int, input: int, output: int
    ) -> None:
        self.x = x
        self.y = y
        self.approximation = approximation
        self.layer = layer
        self.input = input
        self.output = output

    @classmethod
    def from_estimator(
        cls, estimator: KANMethods, layer: int, input: int, output: int, *, ax: Axes | None = None
    ) -> Self:
        """Draw an edge of a fitted model, with the first formula of `suggest_symbolic`.

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
        display : KANEdgeDisplay

        Raises
        ------
        ValueError
            If the edge does not exist.
        """
        x, y = estimator.edge_curve(layer, input, output)
        approximation = estimator.suggest_symbolic(layer, input, output)[0]
        display = cls(x=x, y=y, approximation=approximation, layer=layer, input=input, output=output)
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the edge.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : KANEdgeDisplay
            With the attributes of the drawing.
        """
        x, y, fit = self.x, self.y, self.approximation
        marks = x[:: max(1, len(x) // 100)]
        below = y.min() - 0.05 * max(np.ptp(y), 1e-12)
        with styled_axes(ax) as self.ax_:
            self.ax_.plot(x, y, color=colour_of(0), linewidth=2.5, label="spline")
            label = f"{fit.name}, $r^2$ = {fit.r2:.6f}"
            self.ax_.plot(x, fit(x), color=colour_of(1), linestyle="--", label=label)
            self.ax_.plot(marks, np.full(len(marks), below), "|", color=DATA_GREY, label="data")
            self.ax_.set_xlabel(f"input: unit {self.input} of layer {self.layer}")
            self.ax_.set_ylabel(f"to unit {self.output} of layer {self.layer + 1}")
            self.ax_.locator_params(axis="x", nbins=5)
            self.ax_.legend()
        self.figure_ = figure_of(self.ax_)
        return self
