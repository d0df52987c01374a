"""Changing a fitted Kolmogorov-Arnold network: finer grids, fewer edges, edges with names."""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skneural.estimators.kan_reading import KANReading
from skneural.hyperparameters import Integer
from skneural.networks.kan import edges_of, place_of, refined, symbolic_edge
from skneural.networks.kan_pruning import kept_edges, kept_names, kept_units, pruned
from skneural.parameters import Tree
from skneural.symbolic import fit_function


class KANEditing(KANReading):
    """What users change in a fitted network; methods return new models."""

    # The `grid_size` that the present grids follow from: they are finer if they were refined since.
    if TYPE_CHECKING:
        _asked_grid_size: int

    def refine(self, grid_size):
        """The same model on finer grids, for training that goes on with ``warm_start=True``.

        Parameters
        ----------
        grid_size : int
            Pieces of each spline, more than now.

        Returns
        -------
        model : KANClassifier or KANRegressor
            A new model, whose `grid_size` is this; it predicts what this one does.

        Raises
        ------
        ValueError
            If grids would become coarser.
        """
        check_is_fitted(self)
        model = copy.deepcopy(self)
        model._refine(grid_size)
        return model.set_params(grid_size=grid_size, grid_refinement=())

    def prune(self, threshold=0.03):
        """The model without the edges and hidden units that hardly matter.

        Parameters
        ----------
        threshold : float, default=0.03
            Edges whose `edge_importances_` are less are removed, and hidden units that no edge enters or leaves then.
            The most important path to each output stays, whatever the threshold, and so do edges set by `fix_symbolic`.
            What an edge adds in the middle of the data stays too, in the strongest edge of its unit: only its variation
            is lost.

        Returns
        -------
        model : KANClassifier or KANRegressor
            A new model, whose `hidden_layer_sizes` are what is left, and for which training goes on with
            ``warm_start=True``.
        """
        check_is_fitted(self)
        if not threshold >= 0:
            raise ValueError(f"threshold must be >= 0; got {threshold!r}.")
        model = copy.deepcopy(self)
        model._prune(float(threshold))
        return model

    def fix_symbolic(self, layer, input, output, function):
        """The model with a named function in the place of an edge.

        The edge becomes ``c * f(a * x + b) + d``, with the constants that come nearest to its curve. It keeps this
        form, while training that goes on with ``warm_start=True`` fits the constants together with the other edges.
        Finer grids leave it as it is, and pruning removes it only where no path to an output leads over it.

        Parameters
        ----------
        layer, input, output : int
            Numbers, from 0: of the layer of edges, of the unit they come from, and of the unit they lead to.
        function : str
            Name of one of `skneural.symbolic.FUNCTIONS`, such as the first of `suggest_symbolic`.

        Returns
        -------
        model : KANClassifier or KANRegressor
            A new model.

        Raises
        ------
        ValueError
            If there is no such edge, or no such function.

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
        self.edge_curve(layer, input, output)  # which complains where there is none
        model = copy.deepcopy(self)
        model._fix_symbolic(int(layer), int(input), int(output), function)
        return model

    # --- growing and shrinking --------------------------------------------------------------------------

    def _refine(self, grid_size: int) -> None:
        arguments = self.network_arguments_
        if not Integer(1).allows(grid_size) or grid_size < arguments["grid_size"]:
            raise ValueError(
                f"Grids of {arguments['grid_size']} pieces cannot become grids of {grid_size!r}: give an int that is "
                "not below."
            )
        _, tree = refined(self._network.layer, self._parameters(), int(grid_size))
        self._exchange(arguments | {"grid_size": int(grid_size)}, tree)
        self._asked_grid_size = int(grid_size)

    def _prune(self, threshold: float) -> None:
        network, tree = self._network.layer, self._parameters()
        for (layer, p), points in zip(edges_of(network, tree), self._quantiles, strict=True):
            layer.centre(p, points)
        layers = [layer for layer, _ in edges_of(network, tree)]
        kept = kept_edges(self.edge_importances_, threshold, [layer.named for layer in layers])
        units = kept_units(kept)
        ends = list(itertools.pairwise(units))
        self._spreads = [
            (spread * own)[np.ix_(rows, columns)]
            for spread, own, (rows, columns) in zip(self._spreads, kept, ends, strict=True)
        ]
        self._quantiles = [points[:, rows] for points, rows in zip(self._quantiles, units[:-1], strict=True)]
        self._deviations = [own[columns] for own, columns in zip(self._deviations, units[1:], strict=True)]
        sizes = [len(rows) for rows in units[1:-1]]
        edges = [
            symbolic_edge(number, i, j, layer.named[k][2])
            for number, (layer, (rows, columns)) in enumerate(zip(layers, ends, strict=True))
            for k, i, j in kept_names(layer, rows, columns)
        ]
        changes = {"hidden_layer_sizes": sizes, "symbolic_edges": edges}
        self._exchange(self.network_arguments_ | changes, pruned(network, tree, kept, units))
        self.set_params(hidden_layer_sizes=tuple(sizes))

    def _fix_symbolic(self, number: int, source: int, target: int, function: str) -> None:
        """Let an edge be a named function, with constants in the units of what the layer is given."""
        network, tree = self._network.layer, self._parameters()
        layer, p = edges_of(network, tree)[number]
        if not p["present"][source, target]:
            raise ValueError(f"The edge ({number}, {source}, {target}) was removed.")
        points = self._quantiles[number]
        fit = fit_function(points[:, source], layer.edges(p, points)[:, source, target], function)
        constants = {(i, j): own for (i, j, _), own in zip(layer.named, p.get("constants", ()), strict=True)}
        constants[source, target] = np.array([fit.a, fit.b, fit.c, fit.d])
        edges = [
            edge for edge in self.network_arguments_["symbolic_edges"] if place_of(edge) != (number, source, target)
        ]
        edges.append(symbolic_edge(number, source, target, function))
        own = [place_of(edge)[1:] for edge in edges if place_of(edge)[0] == number]
        changed = p | {"constants": np.array([constants[place] for place in own])}
        parts = list(tree)
        parts[1 + number] = changed
        self._exchange(self.network_arguments_ | {"symbolic_edges": edges}, tuple(parts))
        self._spreads[number][source, target] = np.std(fit(points[:, source]))

    def _exchange(self, arguments: dict[str, Any], tree: Tree) -> None:
        """Take another network with the given parameters."""
        self._build_network(arguments)
        layout, dtype = self._network.layout, self.weights_.dtype
        self.weights_, self.buffers_ = np.empty(layout.size, dtype), np.empty(layout.buffer_size, dtype)
        views = layout.views(self.weights_, self.buffers_)
        for own, given in zip(views, tree, strict=True):
            for name, array in own.items():
                array[...] = given[name]
        self._views = (self.weights_, self.buffers_, views)
        self._optimizer_state = {}
