"""Networks of curves, which are the structure of formulas.

Node j of a layer is the sum of the edges into it, which are functions of the nodes of the previous layer:
``z_j = sum_i edge_ij(z_i)``. An output is ``(z_k + bias_k) * y_scale_k + y_mean_k``.
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
    """A curve given by points, with linear interpolation between them and linear extrapolation beyond the ends."""

    x: Array
    y: Array

    def __post_init__(self) -> None:
        x, y = np.asarray(self.x, dtype=float), np.asarray(self.y, dtype=float)
        if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
            raise ValueError(
                "x and y must be one-dimensional arrays of the same length with at least two points; "
                f"x has shape {x.shape} and y {y.shape}."
            )
        x, first = np.unique(x, return_index=True)
        if len(x) < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise ValueError("x and y must be finite, and x must have at least two different values.")
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
EdgeMatrix = tuple[tuple[Edge, ...], ...]


def _check_layers(layers: tuple[EdgeMatrix, ...]) -> None:
    """Raise a ValueError if layers are empty or ragged, or do not fit together."""
    if not layers or any(not layer or len({len(row) for row in layer}) != 1 for layer in layers):
        raise ValueError("layers must be a non-empty sequence of matrices of edges, none of them empty or ragged.")
    if any(len(layer[0]) != len(following) for layer, following in itertools.pairwise(layers)):
        shapes = [(len(layer), len(layer[0])) for layer in layers]
        raise ValueError(
            f"The layers do not fit together: their shapes are {shapes}. Each must have as many rows as the previous "
            "layer has columns."
        )


@dataclass(frozen=True)
class EdgeNetwork:
    """A network of curves; `Formula` documents its fields."""

    layers: tuple[EdgeMatrix, ...]
    bias: tuple[float, ...] = ()
    y_scale: tuple[float, ...] = ()
    y_mean: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        layers = tuple(tuple(tuple(row) for row in layer) for layer in self.layers)
        _check_layers(layers)
        object.__setattr__(self, "layers", layers)
        for name, default in (("bias", 0.0), ("y_scale", 1.0), ("y_mean", 0.0)):
            values = tuple(float(number) for number in np.ravel(getattr(self, name)))
            if len(values) not in (0, self.n_outputs):
                raise ValueError(f"{name} has {len(values)} numbers, but the formula has {self.n_outputs} outputs.")
            object.__setattr__(self, name, values or (default,) * self.n_outputs)

    @property
    def n_features(self) -> int:
        """Number of inputs."""
        return len(self.layers[0])

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.layers[-1][0])

    def edges(self) -> Iterator[tuple[tuple[int, int, int], Fit | Curve]]:
        """Iterate over all edges.

        Yields
        ------
        place : tuple of int
            Layer, source node and target node.
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
            Arguments. Outside its domain, a function has the value at the boundary of the domain.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Of shape (n_samples,) if there is one output.
        """
        y = self.outputs(X)
        return y[:, 0] if self.n_outputs == 1 else y

    def outputs(self, X: npt.ArrayLike) -> Array:
        """Values of the formula, always as a two-dimensional array.

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
            X itself, and the nodes after each layer.
        """
        z = np.asarray(X, dtype=float)
        if z.ndim != 2 or z.shape[1] != self.n_features:
            raise ValueError(
                f"X must have the shape (n_samples, {self.n_features}) for the features of the formula; got {z.shape}."
            )
        values = [z]
        for layer in self.layers:
            after = np.zeros((len(z), len(layer[0])))
            for i, row in enumerate(layer):
                for j, edge in enumerate(row):
                    if edge is not None:
                        after[:, j] += edge(z[:, i])
            values.append(z := after)
        return values

    def with_edges(self, edges: dict[tuple[int, int, int], Fit | Curve], **fields: Any) -> Self:
        """Return a network with some edges, biases or scales replaced.

        Parameters
        ----------
        edges : dict from (layer, from, to) to Fit or Curve
            The replaced edges.
        **fields : sequence of float
            New values of `bias`, `y_scale` and `y_mean`.

        Returns
        -------
        network : EdgeNetwork
        """
        layers = tuple(
            tuple(tuple(edges.get((number, i, j), edge) for j, edge in enumerate(row)) for i, row in enumerate(layer))
            for number, layer in enumerate(self.layers)
        )
        return replace(self, layers=layers, **fields)
