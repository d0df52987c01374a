"""Pictures of graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from skneural.data import Graph
from skneural.ops.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_STEPS = 200
MOST_NODES = 5000  # all pairs of nodes are taken at each step of the layout


def plot_graph(
    graph: Graph,
    values: Any = None,
    *,
    positions: Any = None,
    labels: Any = None,
    random_state: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw the nodes of a graph, in colours, and its edges.

    Parameters
    ----------
    graph : Graph or GraphNodes
        Of `GraphNodes`, the whole graph is drawn.
    values : array-like of shape (n_nodes,), default=None
        What colours the nodes: classes, which get a colour and a line in the legend each; or floating-point numbers,
        such as probabilities, along a colour bar.
    positions : array-like of shape (n_nodes, 2), default=None
        Where nodes stand. By default, edges pull them together and all pairs push each other apart.
    labels : sequence of n_nodes str, default=None
        What is written into the nodes.
    random_state : int, default=0
        Where nodes start, without `positions`.
    ax : matplotlib.axes.Axes, default=None
        Where to draw; by default, in a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes
        With the drawing.

    Raises
    ------
    ValueError
        If there is not a value or a position for each node, or there are too many nodes to place.

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
        raise ValueError(f"Each of the {graph.n_nodes} nodes needs one value, and a position of two numbers.")
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(layout="constrained")
    _draw_edges(ax, graph.adjacency, place)
    _draw_nodes(ax, place, colours)
    for position, label in zip(place, [] if labels is None else labels, strict=False):
        ax.annotate(str(label), position, ha="center", va="center", fontsize=7, zorder=3)
    ax.margins(0.12)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def graph_layout(adjacency: sparse.csr_array, seed: int) -> Array:
    """Positions in which edges are short and nodes apart (Fruchterman and Reingold 1991).

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
        raise ValueError(f"Placing {n} nodes takes too long; give positions, or draw a part of the graph.")
    linked = sparse.csr_array(((adjacency + adjacency.T) != 0).astype(float)).toarray()
    place = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    distance_at_rest = 1 / np.sqrt(n)
    for step in range(N_STEPS):
        apart = place[:, np.newaxis] - place
        distance = np.maximum(np.sqrt((apart**2).sum(axis=2)), 1e-3)
        force = distance_at_rest**2 / distance**2 - linked * distance / distance_at_rest
        move = np.einsum("ijk,ij->ik", apart, force)
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
