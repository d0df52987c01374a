"""Methods of fitted Kolmogorov-Arnold networks: importances, plots, formulas, pruning and refinement."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skneural.drawing import draw_network, figure_size, layer_sizes, styled_axes
from skneural.estimators.kan.editing import KANModel
from skneural.estimators.kan.statistics import EdgeStatistics
from skneural.networks.kan import edges_of, importances, input_scaling
from skneural.ops.types import Array
from skneural.parameters import Snapshot
from skneural.symbolic import Curve, Fit, Formula, fit_function, suggest
from skneural.symbolic.network import EdgeMatrix
from skneural.template.estimator import Mixin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_EDGES_OF_A_FORMULA = 60


class KANMethods(Mixin):
    """Methods of fitted networks; those that edit the network return a new model."""

    if TYPE_CHECKING:
        _edge_statistics: dict[str, Any]  # fields of EdgeStatistics
        _grid_size: int

    attributes_doc = {
        "edge_importances_": (
            "list of ndarrays of shape (n_in, n_out)",
            "For each layer, the share of the variation of the outputs that passes through each edge.",
        ),
        "feature_importances_": (
            "ndarray of shape (n_features_in_,)",
            "Share of the variation of the outputs that each feature accounts for; they sum to one.",
        ),
    }

    def edge_curve(self, layer: int, input: int, output: int) -> tuple[Array, Array]:
        """The function of an edge, over the range of the training data.

        Parameters
        ----------
        layer, input, output : int
            Indices of the layer of edges, the source unit and the target unit, from 0.

        Returns
        -------
        x : ndarray of shape (n_points,)
            Quantiles of the inputs of the edge; in the first layer, in the units of the feature.
        y : ndarray of shape (n_points,)
            Outputs of the edge.
        """
        check_is_fitted(self)
        shapes = [spread.shape for spread in self._edge_statistics["spreads"]]
        if not (0 <= layer < len(shapes) and 0 <= input < shapes[layer][0] and 0 <= output < shapes[layer][1]):
            raise ValueError(
                f"There is no edge ({layer}, {input}, {output}): the layers have {shapes} edges (inputs, outputs)."
            )
        x, y = self._curves()[layer]
        return x[:, input, output], y[:, input, output]

    def plot(self, ax: Axes | None = None) -> Any:
        """Draw the network, with the curve of its function on each edge.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on; None: those of a new figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
            The opacity of an edge shows its importance; pruned edges are not drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed: ``pip install "skneural[plot]"``.
        """
        check_is_fitted(self)
        importances = self.edge_importances_
        with styled_axes(ax, figure_size(layer_sizes(importances))) as drawn:
            draw_network(drawn, self._curves(), importances, self._input_names(), self._output_names())
        return drawn

    def suggest_symbolic(self, layer: int, input: int, output: int, names: Sequence[str] | None = None) -> list[Fit]:
        """Suggest elementary functions that approximate the function of an edge.

        Parameters
        ----------
        layer, input, output : int
            Indices of the layer of edges, the source unit and the target unit, from 0.
        names : sequence of str, default=None
            Names in `skneural.symbolic.FUNCTIONS` to try; None: all.

        Returns
        -------
        fits : list of skneural.symbolic.Fit
            ``c * f(a * x + b) + d`` for each function f, with the share `r2` of the variance that it explains, in order
            of a trade-off between this share and simplicity.
        """
        x, y = self.edge_curve(layer, input, output)
        return suggest(x, y, names)

    def to_formula(self, threshold: float = 0.99) -> Formula:
        """Convert the network to a formula.

        Each edge is replaced by the function set by `fix_symbolic`, or by the first suggestion of `suggest_symbolic` if
        that explains enough of the variance; otherwise its curve is kept. Then all constants are fitted jointly to the
        targets of some hundred training samples that the model stores (for classifiers and the poisson loss, to the raw
        scores), and rounded where that has no effect.

        Parameters
        ----------
        threshold : float, default=0.99
            Least share of the variance of an edge that its function must explain.

        Returns
        -------
        formula : skneural.symbolic.Formula
            Formula that predicts, prints as text, and is converted to a sympy expression by ``to_sympy``.

        Raises
        ------
        ValueError
            If the network has too many edges for a readable formula; `prune` it first.
        """
        check_is_fitted(self)
        if len(getattr(self, "y_scale_", ())) not in (0, self.n_outputs_):
            raise ValueError(
                "A formula is of one prediction, and this model has several quantiles, or deviations, of each target: "
                "fit it with a single quantile, or another loss."
            )
        edges = edges_of(self._network.layer, self._parameters())
        present = [p["present"] > 0 for _, p in edges]
        names = [{(i, j): name for i, j, name in layer.named} for layer, _ in edges]
        n_edges = sum(int(mask.sum()) for mask in present)
        if n_edges > MOST_EDGES_OF_A_FORMULA:
            raise ValueError(
                f"A formula of {n_edges} functions would be unreadable. Train with sparsity=0.001 or more, and prune, "
                f"until there are at most {MOST_EDGES_OF_A_FORMULA} edges."
            )
        parts = zip(self._curves(), present, names, strict=True)
        layers = tuple(_symbolic_edges(x, y, mask, named, threshold) for (x, y), mask, named in parts)
        bias = np.asarray(self._network.layer.output_bias(self._parameters()), np.float64)
        units = (tuple(getattr(self, name, ())) for name in ("y_scale_", "y_mean_"))
        X, y, weight = (self._edge_statistics[name] for name in ("x", "y", "weight"))
        return Formula(layers, tuple(bias), *units).refit(X, y, weight).rounded(X, y)

    def symbolic_formula(self, feature_names: Sequence[str] | None = None, threshold: float = 0.99) -> Any:
        """Convert the network to a sympy expression.

        Parameters
        ----------
        feature_names : sequence of str, default=None
            Names of the variables; None: the feature names of X in `fit`, or x0, x1, ...
        threshold : float, default=0.99
            Least share of the variance of an edge that its function must explain; otherwise it remains an undefined
            function.

        Returns
        -------
        expression : sympy expression, or list of them if there are several outputs
            For classifiers and the poisson loss, of the raw scores.

        Raises
        ------
        ImportError
            If sympy is not installed: ``pip install "skneural[symbolic]"``.
        ValueError
            If the network has too many edges for a readable formula; `prune` it first.

        Examples
        --------
        >>> import numpy as np
        >>> from skneural import KANRegressor
        >>> X = np.random.default_rng(0).uniform(-1, 1, size=(300, 2))
        >>> y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
        >>> model = KANRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0).fit(X, y)
        >>> print(model.to_formula())
        sin(2*x0) + x1^2
        """
        formula = self.to_formula(threshold)
        return formula.to_sympy(self._input_names() if feature_names is None else feature_names)

    def refine(self, grid_size: int) -> Self:
        """Return the model on finer grids; continue training with ``warm_start=True``.

        Parameters
        ----------
        grid_size : int
            Number of grid intervals of each spline, at least the current number.

        Returns
        -------
        model : KANClassifier or KANRegressor
            A new model with this `grid_size`, which makes the same predictions.

        Raises
        ------
        ValueError
            If the grids would become coarser.
        """
        check_is_fitted(self)
        model = self._with_model(self._model().refined(grid_size), self._edge_statistics)
        model._grid_size = int(grid_size)
        return model.set_params(grid_size=grid_size, grid_refinement=())

    def prune(self, threshold: float = 0.03) -> Self:
        """Return the model without unimportant edges and hidden units.

        Parameters
        ----------
        threshold : float, default=0.03
            Edges with `edge_importances_` below the threshold are removed, and hidden units that are left without
            incoming or outgoing edges. The most important path to each output is always kept, and so are edges set by
            `fix_symbolic`. The mean output of removed edges is added to the strongest edge of their target: only
            their variation is lost.

        Returns
        -------
        model : KANClassifier or KANRegressor
            A new model with the remaining `hidden_layer_sizes`; continue training with ``warm_start=True``.
        """
        check_is_fitted(self)
        if not threshold >= 0:
            raise ValueError(f"threshold must be >= 0; got {threshold!r}.")
        pruned, statistics = self._model().pruned(float(threshold), EdgeStatistics(**self._edge_statistics))
        sizes = tuple(pruned.network.arguments["hidden_layer_sizes"])
        return self._with_model(pruned, vars(statistics)).set_params(hidden_layer_sizes=sizes)

    def fix_symbolic(self, layer: int, input: int, output: int, function: str) -> Self:
        """Return the model with an elementary function in place of the spline of an edge.

        The edge becomes ``c * f(a * x + b) + d``, with the constants that best fit its curve. Further training with
        ``warm_start=True`` keeps this form, and trains the constants jointly with the other edges. `refine` does not
        change the edge, and `prune` removes it only if it is on no path to an output.

        Parameters
        ----------
        layer, input, output : int
            Indices of the layer of edges, the source unit and the target unit, from 0.
        function : str
            Name in `skneural.symbolic.FUNCTIONS`, such as the first suggestion of `suggest_symbolic`.

        Returns
        -------
        model : KANClassifier or KANRegressor
            A new model.

        Raises
        ------
        ValueError
            If the edge or the function does not exist.

        Examples
        --------
        >>> import numpy as np
        >>> from skneural import KANRegressor
        >>> X = np.random.default_rng(0).uniform(-1, 1, size=(300, 2))
        >>> y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
        >>> model = KANRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0, random_state=0).fit(X, y)
        >>> model = model.fix_symbolic(0, 0, 0, "sin").fix_symbolic(0, 1, 0, "x^2")
        >>> model = model.set_params(warm_start=True, tol=1e-9).fit(X, y)
        >>> bool(abs(model.predict(X) - y).max() < 1e-6)
        True
        """
        self.edge_curve(layer, input, output)  # raises if there is no such edge
        place = int(layer), int(input), int(output)
        statistics = EdgeStatistics(**self._edge_statistics)
        model, statistics = self._model().with_function(place, function, statistics)
        return self._with_model(model, vars(statistics))

    def _model(self) -> KANModel:
        """A copy of the fitted network."""
        return KANModel(self._network, Snapshot(self.weights_.copy(), self.buffers_.copy()))

    def _with_model(self, model: KANModel, statistics: dict[str, Any]) -> Self:
        """A copy of the estimator with another network."""
        estimator = copy.deepcopy(self)
        estimator._network, estimator.network_arguments_ = model.network, model.network.arguments
        estimator.weights_, estimator.buffers_ = model.weights
        estimator._edge_statistics, estimator._optimizer_state = statistics, {}
        return estimator

    def _input_names(self) -> list[str]:
        default = [f"x{i}" for i in range(self.n_features_in_)]
        return [str(name) for name in getattr(self, "feature_names_in_", default)]

    def _curves(self) -> list[tuple[Array, Array]]:
        """For each layer, inputs and outputs of the functions of its edges, both of shape (points, n_in, n_out)."""
        network, tree, curves = self._network.layer, self._parameters(), []
        scaling = input_scaling(tree)
        for k, ((layer, p), points) in enumerate(
            zip(edges_of(network, tree), self._edge_statistics["quantiles"], strict=True)
        ):
            y = layer.edges(p, points)
            x = points * scaling["scale"] + scaling["mean"] if k == 0 else points
            curves.append((np.broadcast_to(x[:, :, np.newaxis], y.shape), y))
        return curves

    def _output_names(self) -> list[str]:
        n_outputs = self._edge_statistics["spreads"][-1].shape[1]
        labels = getattr(self, "classes_", range(n_outputs))
        return [str(label) for label in labels] if n_outputs == len(labels) > 1 else ["y"]

    @property
    def edge_importances_(self):
        check_is_fitted(self)
        return importances(self._edge_statistics["spreads"], self._edge_statistics["deviations"])[0]

    @property
    def feature_importances_(self):
        check_is_fitted(self)
        share = importances(self._edge_statistics["spreads"], self._edge_statistics["deviations"])[1][0]
        return share / share.sum() if share.sum() > 0 else np.full(len(share), 1 / len(share))


def _symbolic_edges(
    x: Array, y: Array, present: Array, names: dict[tuple[int, int], str], threshold: float
) -> EdgeMatrix:
    """Functions of a layer of edges; None where there is no edge."""

    def edge(i: int, j: int) -> Fit | Curve | None:
        return _symbolic(x[:, i, j], y[:, i, j], names.get((i, j)), threshold) if present[i, j] else None

    n_in, n_out = present.shape
    return tuple(tuple(edge(i, j) for j in range(n_out)) for i in range(n_in))


def _symbolic(x: Array, y: Array, name: str | None, threshold: float) -> Fit | Curve:
    if name is not None:
        return fit_function(x, y, name)
    best = suggest(x, y)[0]
    return best if best.r2 >= threshold else Curve(x, y)
