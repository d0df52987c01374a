"""Reading a fitted Kolmogorov-Arnold network: what matters in it, pictures, formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skneural.drawing import draw_network, figure_size, pyplot
from skneural.networks.kan import edges_of, importances
from skneural.ops.types import Array
from skneural.symbolic import Curve, Fit, Formula, fit_function, suggest
from skneural.symbolic.network import Matrix
from skneural.template.estimator import Mixin

MOST_EDGES_OF_A_FORMULA = 60


class KANReading(Mixin):
    """What users ask a fitted network; all from statistics of the training data."""

    # Statistics of the training data, one entry for each layer: how much each edge varies, quantiles of what it is
    # given, and how much each unit varies; and some of X with what a formula should give for it.
    if TYPE_CHECKING:
        _spreads: list[Array]
        _quantiles: list[Array]
        _deviations: list[Array]
        _sample: tuple[Array, Array]

    attributes_doc = {
        "edge_importances_": (
            "list of ndarrays of shape (n_in, n_out)",
            "For each layer, the share of the outputs' variation that passes through each edge.",
        ),
        "feature_importances_": ("ndarray of shape (n_features_in_,)", "Share of each feature in all of that."),
    }

    def edge_curve(self, layer, input, output):
        """The function of an edge, where the training data were.

        Parameters
        ----------
        layer, input, output : int
            Numbers, from 0: of the layer of edges, of the unit they come from, and of the unit they lead to.

        Returns
        -------
        x : ndarray of shape (n_points,)
            Quantiles of what the edge was given: the feature itself in the first layer.
        y : ndarray of shape (n_points,)
            What it adds to its unit.
        """
        check_is_fitted(self)
        shapes = [own.shape for own in self._spreads]
        if not (0 <= layer < len(shapes) and 0 <= input < shapes[layer][0] and 0 <= output < shapes[layer][1]):
            raise ValueError(
                f"There is no edge ({layer}, {input}, {output}): the layers of edges have the shapes {shapes}."
            )
        x, y = self._curves()[layer]
        return x[:, input, output], y[:, input, output]

    def plot(self, ax=None):
        """Draw the network, with the curve of the function on every edge.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; by default, in a new figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
            The opacity of an edge tells its importance; edges that were pruned are not there.

        Raises
        ------
        ImportError
            If matplotlib is not installed: ``pip install "skneural[plot]"``.
        """
        check_is_fitted(self)
        importances = self.edge_importances_
        if ax is None:
            sizes = [len(importances[0]), *(own.shape[1] for own in importances)]
            _, ax = pyplot().subplots(figsize=figure_size(sizes), layout="constrained")
        draw_network(ax, self._curves(), importances, self._input_names(), self._output_names())
        return ax

    def suggest_symbolic(self, layer, input, output, names=None):
        """Functions that the curve of an edge may be.

        Parameters
        ----------
        layer, input, output : int
            Numbers, from 0: of the layer of edges, of the unit they come from, and of the unit they lead to.
        names : sequence of str, default=None
            Which functions of `skneural.symbolic.FUNCTIONS` to try; None: all.

        Returns
        -------
        fits : list of skneural.symbolic.Fit
            ``c * f(a * x + b) + d`` for each function f, with the share `r2` of the variance that it explains. The
            first explains much and is simple.
        """
        x, y = self.edge_curve(layer, input, output)
        return suggest(x, y, names)

    def to_formula(self, threshold=0.99):
        """The network as a formula.

        Each edge becomes the function that `fix_symbolic` gave it, or the first that `suggest_symbolic` finds, if that
        explains enough, else its curve is kept. Then all constants are fitted together, to the targets of some hundred
        training samples which the model keeps (of a classifier or with the poisson loss, to its raw scores), and
        rounded where that changes nothing.

        Parameters
        ----------
        threshold : float, default=0.99
            Least share of the variance of a curve that its function must explain.

        Returns
        -------
        formula : skneural.symbolic.Formula
            It predicts, can be printed, and becomes an expression of sympy by ``to_sympy``.

        Raises
        ------
        ValueError
            If the network has too many edges for a formula that can be read; `prune` it first.
        """
        check_is_fitted(self)
        edges = edges_of(self._network.layer, self._parameters())
        present = [p["present"] > 0 for _, p in edges]
        names = [{(i, j): name for i, j, name in layer.named} for layer, _ in edges]
        n_edges = sum(int(own.sum()) for own in present)
        if n_edges > MOST_EDGES_OF_A_FORMULA:
            raise ValueError(
                f"A formula of {n_edges} functions would tell nothing. Train with sparsity=0.001 or more, and prune, "
                f"until there are at most {MOST_EDGES_OF_A_FORMULA} edges."
            )
        found = zip(self._curves(), present, names, strict=True)
        layers = tuple(_symbolic_edges(x, y, own, named, threshold) for (x, y), own, named in found)
        bias = np.asarray(self._parameters()[-1]["bias"], np.float64)
        units = (tuple(getattr(self, name, ())) for name in ("y_scale_", "y_mean_"))
        X, y = self._sample
        return Formula(layers, tuple(bias), *units).refit(X, y).rounded(X, y)

    def symbolic_formula(self, feature_names=None, threshold=0.99):
        """The network as an expression of sympy.

        Parameters
        ----------
        feature_names : sequence of str, default=None
            By default those that X had in `fit`, or x0, x1 and so on.
        threshold : float, default=0.99
            Least share of the variance of a curve that its function must explain; else the curve stays a function
            without a name.

        Returns
        -------
        expression : sympy expression, or list of them if there are several outputs
            Of a classifier or with the poisson loss, of its raw scores.

        Raises
        ------
        ImportError
            If sympy is not installed: ``pip install "skneural[symbolic]"``.
        ValueError
            If the network has too many edges for a formula that can be read; `prune` it first.

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

    def _input_names(self) -> list[str]:
        default = [f"x{i}" for i in range(self.n_features_in_)]
        return [str(name) for name in getattr(self, "feature_names_in_", default)]

    def _curves(self) -> list[tuple[Array, Array]]:
        """For each layer, x and y of the function of each edge, of shape (points, n_in, n_out)."""
        network, tree, curves = self._network.layer, self._parameters(), []
        for k, ((layer, p), points) in enumerate(zip(edges_of(network, tree), self._quantiles, strict=True)):
            y = layer.edges(p, points)
            x = points * tree[0]["scale"] + tree[0]["mean"] if k == 0 else points
            curves.append((np.broadcast_to(x[:, :, np.newaxis], y.shape), y))
        return curves

    def _output_names(self) -> list[str]:
        n_outputs = self._spreads[-1].shape[1]
        labels = getattr(self, "classes_", range(n_outputs))
        return [str(label) for label in labels] if n_outputs == len(labels) > 1 else ["y"]

    @property
    def edge_importances_(self):
        check_is_fitted(self)
        return importances(self._spreads, self._deviations)[0]

    @property
    def feature_importances_(self):
        check_is_fitted(self)
        share = importances(self._spreads, self._deviations)[1][0]
        return share / share.sum() if share.sum() > 0 else np.full(len(share), 1 / len(share))


def _symbolic_edges(x: Array, y: Array, present: Array, names: dict[tuple[int, int], str], threshold: float) -> Matrix:
    """The functions of one layer of edges; None where there is no edge."""

    def edge(i: int, j: int) -> Fit | Curve | None:
        return _symbolic(x[:, i, j], y[:, i, j], names.get((i, j)), threshold) if present[i, j] else None

    n_in, n_out = present.shape
    return tuple(tuple(edge(i, j) for j in range(n_out)) for i in range(n_in))


def _symbolic(x: Array, y: Array, name: str | None, threshold: float) -> Fit | Curve:
    if name is not None:
        return fit_function(x, y, name)
    best = suggest(x, y)[0]
    return best if best.r2 >= threshold else Curve(x, y)
