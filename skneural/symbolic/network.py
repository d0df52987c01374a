"""Curves in layers: what a formula is made of.

Node j of a layer is the sum of what its edges make of the nodes before: ``z_j = sum_i edge_ij(z_i)``. An output is
``(z_k + bias_k) * y_scale_k + y_mean_k``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from skneural.ops.types import Array
from skneural.symbolic.fit import Fit


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve that no function fits, kept as points: straight between them, and beyond the ends as it was there."""

    x: Array
    y: Array

    def __post_init__(self) -> None:
        x, y = np.asarray(self.x, dtype=float), np.asarray(self.y, dtype=float)
        if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
            raise ValueError(f"A curve needs two points or more; x has shape {x.shape} and y {y.shape}.")
        x, first = np.unique(x, return_index=True)
        if len(x) < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise ValueError("A curve needs two different x, and finite numbers.")
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y[first])

    def __call__(self, x: Array) -> Array:
        """Values of the curve at x."""
        x = np.asarray(x, dtype=float)
        piece = self._piece(x)
        return self.y[piece] + (x - self.x[piece]) * self._slopes()[piece]

    def slope(self, x: Array) -> Array:
        """Slopes of the curve at x."""
        return self._slopes()[self._piece(x)]

    def _slopes(self) -> Array:
        return np.diff(self.y) / np.diff(self.x)

    def _piece(self, x: Array) -> Array:
        return np.clip(np.searchsorted(self.x, x, side="right") - 1, 0, len(self.x) - 2)


Edge = Fit | Curve | None
Matrix = tuple[tuple[Edge, ...], ...]


@dataclass(frozen=True)
class EdgeNetwork:
    """Curves in layers; `Formula` documents the fields."""

    layers: tuple[Matrix, ...]
    bias: tuple[float, ...] = ()
    y_scale: tuple[float, ...] = ()
    y_mean: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        layers = tuple(tuple(tuple(row) for row in layer) for layer in self.layers)
        if not layers or any(not layer or len({len(row) for row in layer}) != 1 for layer in layers):
            raise ValueError("layers must be matrices of edges, one at least, none of them empty.")
        if any(len(layer[0]) != len(after) for layer, after in itertools.pairwise(layers)):
            raise ValueError(f"These layers do not fit together: {[(len(one), len(one[0])) for one in layers]}.")
        object.__setattr__(self, "layers", layers)
        for name, usual in (("bias", 0.0), ("y_scale", 1.0), ("y_mean", 0.0)):
            given = tuple(float(number) for number in np.ravel(getattr(self, name)))
            if len(given) not in (0, self.n_outputs):
                raise ValueError(f"{name} has {len(given)} numbers, for {self.n_outputs} outputs.")
            object.__setattr__(self, name, given or (usual,) * self.n_outputs)

    @property
    def n_features(self) -> int:
        """Number of inputs."""
        return len(self.layers[0])

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.layers[-1][0])

    def edges(self) -> Iterator[tuple[tuple[int, int, int], Fit | Curve]]:
        """All edges there are.

        Yields
        ------
        place : tuple of int
            Layer, the node the edge comes from, and the node it goes to.
        edge : Fit or Curve
        """
        for number, layer in enumerate(self.layers):
            for i, row in enumerate(layer):
                yield from (((number, i, j), edge) for j, edge in enumerate(row) if edge is not None)

    def predict(self, X: npt.ArrayLike) -> Array:
        """Values of the formula.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Arguments. Functions outside their domains keep the value at its edge.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Of shape (n_samples,) if there is one output.
        """
        y = self.outputs(X)
        return y[:, 0] if self.n_outputs == 1 else y

    def outputs(self, X: npt.ArrayLike) -> Array:
        """The same as `predict`, always in two dimensions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Arguments.

        Returns
        -------
        y : ndarray of shape (n_samples, n_outputs)
        """
        return (self.nodes(X)[-1] + self.bias) * self.y_scale + self.y_mean

    def nodes(self, X: npt.ArrayLike) -> list[Array]:
        """Values of all nodes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Arguments.

        Returns
        -------
        nodes : list of ndarray of shape (n_samples, n_nodes)
            X itself, and the sums after each layer.
        """
        z = np.asarray(X, dtype=float)
        if z.ndim != 2 or z.shape[1] != self.n_features:
            raise ValueError(f"X has shape {z.shape}, and the formula has {self.n_features} features.")
        found = [z]
        for layer in self.layers:
            after = np.zeros((len(z), len(layer[0])))
            for i, row in enumerate(layer):
                for j, edge in enumerate(row):
                    if edge is not None:
                        after[:, j] += edge(z[:, i])
            found.append(z := after)
        return found

    def with_edges(self, edges: dict[tuple[int, int, int], Fit | Curve], **others: Any) -> Self:
        """The network with other edges at some places, by layer and nodes, and other biases or units.

        Parameters
        ----------
        edges : dict from (layer, from, to) to Fit or Curve
            What changes.
        **others : sequence of float
            Other values of `bias`, `y_scale` and `y_mean`.

        Returns
        -------
        network : EdgeNetwork
        """
        layers = tuple(
            tuple(tuple(edges.get((number, i, j), edge) for j, edge in enumerate(row)) for i, row in enumerate(layer))
            for number, layer in enumerate(self.layers)
        )
        return replace(self, layers=layers, **others)
