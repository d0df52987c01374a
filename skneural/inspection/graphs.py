"""Drawings of graphs."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skneural.data import Graph, GraphNodes
from skneural.drawing import (
    SEQUENTIAL,
    SMALL_TEXT,
    colour_of,
    draw_classes,
    draw_colour_bar,
    figure_of,
    readable_on,
    styled_axes,
)
from skneural.ops.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skneural.template.estimator import NeuralEstimator

N_STEPS = 200
MOST_NODES = 5000  # each step of the layout computes the distances of all pairs of nodes


class GraphDisplay:
    """Graph, with nodes coloured by class or by value.

    `plot` draws given classes or values; `from_estimator` draws those that a fitted model predicts.

    Parameters
    ----------
    graph : Graph or GraphNodes
        For `GraphNodes`, the whole graph is drawn.
    values : array-like of shape (n_nodes,), default=None
        Classes of the nodes, each with a colour and a legend entry; or floating-point numbers, such as probabilities,
        shown by a colour bar.
    positions : array-like of shape (n_nodes, 2), default=None
        Positions of the nodes. None: a force-directed layout, in which edges attract and all pairs of nodes repel each
        other.
    labels : sequence of n_nodes str, default=None
        Text inside the nodes.
    value_name : str, default="value"
        Label of the colour bar.
    random_state : int, default=0
        Seed of the initial positions of the layout.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    positions_ : ndarray of shape (n_nodes, 2)
        Positions at which the nodes are drawn.

    Examples
    --------
    >>> from skneural import Graph
    >>> from skneural.inspection import GraphDisplay
    >>> graph = Graph.from_edges([(0, 1), (1, 2), (2, 0), (2, 3)])
    >>> display = GraphDisplay(graph=graph, values=["ring", "ring", "ring", "tail"]).plot()
    >>> display.positions_.shape
    (4, 2)
    """

    def __init__(
        self,
        *,
        graph: Graph,
        values: Any = None,
        positions: Any = None,
        labels: Any = None,
        value_name: str = "value",
        random_state: int = 0,
    ) -> None:
        self.graph = graph
        self.values = values
        self.positions = positions
        self.labels = labels
        self.value_name = value_name
        self.random_state = random_state

    @classmethod
    def from_estimator(
        cls,
        estimator: NeuralEstimator,
        X: GraphNodes,
        *,
        target: Any = None,
        positions: Any = None,
        labels: Any = None,
        random_state: int = 0,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the predictions of a fitted model for all nodes of a graph.

        Parameters
        ----------
        estimator : GNNNodeClassifier or GNNNodeRegressor
            Fitted.
        X : GraphNodes
            Nodes of the graph; all of its nodes are drawn.
        target : class label or int, default=None
            Class whose probability is drawn, or the number of the output of a regressor. None: the predicted classes,
            or the first output.
        positions : array-like of shape (n_nodes, 2), default=None
            Positions of the nodes; None: a force-directed layout.
        labels : sequence of n_nodes str, default=None
            Text inside the nodes.
        random_state : int, default=0
            Seed of the initial positions of the layout.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : GraphDisplay

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If X is no `GraphNodes`.
        ValueError
            If there is no such class.
        """
        check_is_fitted(estimator)
        if not isinstance(X, GraphNodes):
            raise TypeError(f"X must be a GraphNodes, whose nodes have predictions; got {type(X).__name__}.")
        values, name = _predictions(estimator, X, target)
        drawn = {"positions": positions, "labels": labels, "random_state": random_state}
        return cls(graph=X, values=values, value_name=name, **drawn).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the graph.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : GraphDisplay
            With the attributes of the drawing.

        Raises
        ------
        ValueError
            If values or positions do not match the nodes, or the graph has too many nodes for the layout.
        """
        n_nodes, adjacency = self.graph.n_nodes, self.graph.adjacency
        laid_out = self.positions is None
        place = graph_layout(adjacency, self.random_state) if laid_out else np.asarray(self.positions, dtype=float)
        values = None if self.values is None else np.asarray(self.values)
        if place.shape != (n_nodes, 2) or (values is not None and values.shape != (n_nodes,)):
            raise ValueError(
                f"Each of the {n_nodes} nodes needs a position of two numbers, and one value or none at all; got "
                f"positions of shape {place.shape} and values of shape {None if values is None else values.shape}."
            )
        self.positions_ = place
        with styled_axes(ax) as self.ax_:
            _draw_edges(self.ax_, adjacency, place)
            colours = _draw_nodes(self.ax_, place, values, self.value_name)
            if self.labels is not None:
                _draw_labels(self.ax_, place, self.labels, readable_on(colours))
            self.ax_.margins(0.12)
            self.ax_.set_aspect("equal")
            self.ax_.set_axis_off()
        self.figure_ = figure_of(self.ax_)
        return self


def graph_layout(adjacency: sparse.csr_array, seed: int) -> Array:
    """Force-directed layout (Fruchterman and Reingold 1991).

    Parameters
    ----------
    adjacency : CSR of shape (n_nodes, n_nodes)
    seed : int

    Returns
    -------
    positions : array of shape (n_nodes, 2)
    """
    n = adjacency.shape[0]
    if n > MOST_NODES:
        raise ValueError(f"The layout of {n} nodes takes too long; pass positions, or draw a part of the graph.")
    linked = sparse.csr_array(((adjacency + adjacency.T) != 0).astype(float)).toarray()
    place = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    distance_at_rest = 1 / np.sqrt(n)
    for step in range(N_STEPS):
        difference = place[:, np.newaxis] - place
        distance = np.maximum(np.sqrt((difference**2).sum(axis=2)), 1e-3)
        force = distance_at_rest**2 / distance**2 - linked * distance / distance_at_rest
        move = np.einsum("ijk,ij->ik", difference, force)
        length = np.maximum(np.sqrt((move**2).sum(axis=1, keepdims=True)), 1e-9)
        place += move / length * np.minimum(length, 0.2 * (1 - step / N_STEPS))
    return place


def _predictions(estimator: Any, X: GraphNodes, target: Any) -> tuple[Array, str]:
    """Prediction for each node of the whole graph, and its name."""
    every = copy.copy(X)
    every.nodes = np.arange(X.n_nodes)
    if not is_classifier(estimator):
        predicted = estimator.predict(every).reshape(X.n_nodes, -1)
        return predicted[:, 0 if target is None else target].astype(float), "prediction"
    if target is None:
        return estimator.predict(every), "class"
    classes = estimator.classes_.tolist()
    if target not in classes:
        raise ValueError(f"target={target!r} is not among the classes {classes}.")
    return estimator.predict_proba(every)[:, classes.index(target)].astype(float), f"probability of {target}"


def _draw_edges(ax: Axes, adjacency: sparse.csr_array, place: Array) -> None:
    from matplotlib.collections import LineCollection

    rows, columns = sparse.coo_array(adjacency).coords
    segments = list(np.stack([place[rows], place[columns]], axis=1))
    ax.add_collection(LineCollection(segments, colors="0.75", linewidths=0.8, zorder=1))


def _draw_nodes(ax: Axes, place: Array, values: Array | None, value_name: str) -> Any:
    """Draw the nodes, and return their colours."""
    style: dict[str, Any] = {"s": 180, "edgecolors": "white", "zorder": 2}
    if values is not None and values.dtype.kind != "f":
        colours = draw_classes(ax, place, values, **style)
        ax.legend(markerscale=0.6)
        return colours
    x, y = place.T
    if values is None:
        ax.scatter(x, y, color=colour_of(0), **style)
        return [colour_of(0)] * len(place)
    drawn = ax.scatter(x, y, c=values, cmap=SEQUENTIAL, **style)
    draw_colour_bar(drawn, ax, value_name, shrink=0.7)
    return drawn.to_rgba(values)


def _draw_labels(ax: Axes, place: Array, labels: Any, colours: list[str]) -> None:
    for position, label, colour in zip(place, labels, colours, strict=False):
        ax.annotate(str(label), position, ha="center", va="center", fontsize=SMALL_TEXT, color=colour, zorder=3)
