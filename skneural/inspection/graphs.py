"""Drawings of graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from skneural.data import Graph
from skneural.drawing import pyplot
from skneural.ops.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_STEPS = 200
MOST_NODES = 5000  # each step of the layout computes the distances of all pairs of nodes


def plot_graph(
    graph: Graph,
    values: Any = None,
    *,
    positions: Any = None,
    labels: Any = None,
    random_state: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw a graph, with nodes coloured by class or by value.

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
    random_state : int, default=0
        Seed of the initial positions of the layout.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw into; None: those of a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes
        Axes with the drawing.

    Raises
    ------
    ValueError
        If values or positions do not match the nodes, or the graph has too many nodes for the layout.

    Examples
    --------
    >>> from skneural import Graph
    >>> from skneural.inspection import plot_graph
    >>> graph = Graph.from_edges([(0, 1), (1, 2), (2, 0), (2, 3)])
    >>> ax = plot_graph(graph, ["ring", "ring", "ring", "tail"])
    """
    place = graph_layout(graph.adjacency, random_state) if positions is None else np.asarray(positions, dtype=float)
    colours = None if values is None else np.asarray(values)
    if place.shape != (graph.n_nodes, 2) or (colours is not None and colours.shape != (graph.n_nodes,)):
        raise ValueError(
            f"Each of the {graph.n_nodes} nodes needs a position of two numbers, and one value or none at all; got "
            f"positions of shape {place.shape} and values of shape {np.shape(values)}."
        )
    if ax is None:
        _, ax = pyplot().subplots(layout="constrained")
    _draw_edges(ax, graph.adjacency, place)
    _draw_nodes(ax, place, colours)
    for position, label in zip(place, [] if labels is None else labels, strict=False):
        ax.annotate(str(label), position, ha="center", va="center", fontsize=7, zorder=3)
    ax.margins(0.12)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


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


def _draw_edges(ax: Axes, adjacency: sparse.csr_array, place: Array) -> None:
    from matplotlib.collections import LineCollection

    rows, columns = sparse.coo_array(adjacency).coords
    ax.add_collection(
        LineCollection(list(np.stack([place[rows], place[columns]], axis=1)), colors="0.75", linewidths=0.8, zorder=1)
    )


def _draw_nodes(ax: Axes, place: Array, colours: Array | None) -> None:
    style: dict[str, Any] = {"s": 160, "edgecolors": "white", "zorder": 2}
    if colours is None:
        ax.scatter(place[:, 0], place[:, 1], color="C0", **style)
    elif colours.dtype.kind == "f":
        drawn = ax.scatter(place[:, 0], place[:, 1], c=colours, cmap="coolwarm", **style)
        ax.figure.colorbar(drawn, ax=ax, shrink=0.7)
    else:
        for number, value in enumerate(np.unique(colours)):
            ax.scatter(
                *np.split(place[colours == value], 2, axis=1), color=f"C{number % 10}", label=str(value), **style
            )
        ax.legend()
