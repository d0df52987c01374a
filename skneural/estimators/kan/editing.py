"""Edits of fitted networks: finer grids, pruning, and edges that are named functions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from skneural.estimators.kan.pruning import kept_edges, kept_names, kept_units, pruned_edges
from skneural.estimators.kan.statistics import EdgeStatistics
from skneural.hyperparameters import Integer
from skneural.layers import SplineEdges
from skneural.networks.kan import (
    edges_of,
    importances,
    input_scaling,
    kan_network,
    place_of,
    refined_edges,
    symbolic_edge,
)
from skneural.parameters import Snapshot, Tree
from skneural.symbolic import fit_function
from skneural.template.problem import Network


class KANModel(NamedTuple):
    """A fitted network with its parameters; methods return edited models."""

    network: Network
    weights: Snapshot

    @property
    def tree(self) -> Tree:
        return self.network.layout.views(*self.weights)

    @property
    def edges(self) -> list[tuple[SplineEdges, Tree]]:
        """Layers of edges, each with its parameters."""
        return edges_of(self.network.layer, self.tree)

    def with_arguments(self, **arguments: Any) -> KANModel:
        """The same parameters in a network with other arguments, which must not change their shapes."""
        network = Network.build(kan_network, self.network.arguments | arguments)
        return KANModel(network, self.weights)

    def refined(self, grid_size: int) -> KANModel:
        """The same function on finer grids."""
        size = self.network.arguments["grid_size"]
        if not Integer(1).allows(grid_size) or grid_size < size:
            raise ValueError(
                f"Grids of {size} pieces cannot become grids of {grid_size!r}: grid_size must be an int >= {size}."
            )
        edges = [refined_edges(layer, p, int(grid_size)) for layer, p in self.edges]
        return self._transferred({"grid_size": int(grid_size)}, edges)

    def pruned(self, threshold: float, statistics: EdgeStatistics) -> tuple[KANModel, EdgeStatistics]:
        """Remove edges below an importance, and units that are left without edges; also returns their statistics."""
        for (layer, p), points in zip(self.edges, statistics.quantiles, strict=True):
            layer.centre(p, points)
        layers = [layer for layer, _ in self.edges]
        edge_importances = importances(statistics.spreads, statistics.deviations)[0]
        kept = kept_edges(edge_importances, threshold, [layer.named for layer in layers])
        units = kept_units(kept)
        ends = list(itertools.pairwise(units))
        named = [
            symbolic_edge(number, i, j, layer.named[k][2])
            for number, (layer, (rows, columns)) in enumerate(zip(layers, ends, strict=True))
            for k, i, j in kept_names(layer, rows, columns)
        ]
        changes = {"hidden_layer_sizes": [len(rows) for rows in units[1:-1]], "symbolic_edges": named}
        model = self._transferred(changes, pruned_edges(self.edges, kept, units))
        spreads = [
            (spread * present)[np.ix_(rows, columns)]
            for spread, present, (rows, columns) in zip(statistics.spreads, kept, ends, strict=True)
        ]
        quantiles = [points[:, rows] for points, rows in zip(statistics.quantiles, units[:-1], strict=True)]
        deviations = [deviation[rows] for deviation, rows in zip(statistics.deviations, units[1:], strict=True)]
        return model, replace(statistics, spreads=spreads, quantiles=quantiles, deviations=deviations)

    def with_function(
        self, place: tuple[int, int, int], function: str, statistics: EdgeStatistics
    ) -> tuple[KANModel, EdgeStatistics]:
        """Replace an edge by a named function, with constants in the units of the inputs of the layer."""
        number, source, target = place
        layer, p = self.edges[number]
        if not p["present"][source, target]:
            raise ValueError(f"The edge ({number}, {source}, {target}) was removed.")
        points = statistics.quantiles[number]
        fit = fit_function(points[:, source], layer.edges(p, points)[:, source, target], function)
        constants = {(i, j): values for (i, j, _), values in zip(layer.named, p.get("constants", ()), strict=True)}
        constants[source, target] = np.array([fit.a, fit.b, fit.c, fit.d])
        named = [edge for edge in self.network.arguments["symbolic_edges"] if place_of(edge) != place]
        named.append(symbolic_edge(*place, function))
        places = [place_of(edge)[1:] for edge in named if place_of(edge)[0] == number]
        edges = [dict(parameters) for _, parameters in self.edges]
        edges[number]["constants"] = np.array([constants[end] for end in places])
        spreads = [spread.copy() for spread in statistics.spreads]
        spreads[number][source, target] = np.std(fit(points[:, source]))
        changed = replace(statistics, spreads=spreads)
        return self._transferred({"symbolic_edges": named}, edges), changed

    def _transferred(self, changes: dict[str, Any], edges: Sequence[Tree]) -> KANModel:
        """The network with changed arguments and the given parameters of its edges."""
        network = Network.build(kan_network, self.network.arguments | changes)
        layout, dtype = network.layout, self.weights.vector.dtype
        weights = Snapshot(np.empty(layout.size, dtype), np.empty(layout.buffer_size, dtype))
        tree = layout.views(*weights)
        pairs = [(input_scaling(tree), input_scaling(self.tree))]
        pairs += zip((p for _, p in edges_of(network.layer, tree)), edges, strict=True)
        for views, values in pairs:
            for name, view in views.items():
                view[...] = values[name]
        tree["bias"]["bias"][...] = self.tree["bias"]["bias"]
        return KANModel(network, weights)
