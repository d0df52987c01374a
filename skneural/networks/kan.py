"""Kolmogorov-Arnold networks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from skneural.layers import Bias, Chain, SplineEdges, Standardization
from skneural.layers.layer import PREDICTING
from skneural.layers.traversal import find
from skneural.ops.types import Array
from skneural.parameters import Tree


def kan_network(
    n_in: int,
    n_out: int,
    hidden_layer_sizes: Sequence[int] = (5,),
    grid_size: int = 5,
    spline_order: int = 3,
    base_activation: str = "silu",
    sparsity: float = 0.0,
    entropy: float = 2.0,
    symbolic_edges: Sequence[str] = (),
) -> Chain:
    """Layers of splines behind one that brings each input to [-1, 1], and a bias.

    Parameters
    ----------
    n_in, n_out : int
        Features in, raw scores out.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; none of them makes a generalized additive model.
    grid_size : int
        Pieces of each spline.
    spline_order : int
        Degree of the pieces.
    base_activation : str
        What each edge adds to its spline.
    sparsity, entropy : float
        Strength of the penalty on edges, and weight of their entropy in it.
    symbolic_edges : sequence of str
        Edges that are named functions: numbers of the layer, of the unit they come from and of that they lead to, and
        the name, such as "0 1 0 sin".
    """
    widths = [n_in, *hidden_layer_sizes, n_out]
    named: list[list[tuple[int, int, str]]] = [[] for _ in widths[1:]]
    for edge in symbolic_edges:
        layer, source, target = place_of(edge)
        named[layer].append((source, target, edge.split()[3]))
    edges = [
        SplineEdges(*pair, grid_size, spline_order, base_activation, sparsity, entropy, named=tuple(own))
        for pair, own in zip(itertools.pairwise(widths), named, strict=True)
    ]
    return Chain((Standardization(n_in), *edges, Bias(n_out)))


def symbolic_edge(layer: int, source: int, target: int, name: str) -> str:
    """An edge that is a named function, as a plain value."""
    return f"{layer} {source} {target} {name}"


def place_of(edge: str) -> tuple[int, int, int]:
    """Layer, source and target of a `symbolic_edge`."""
    layer, source, target, _ = edge.split()
    return int(layer), int(source), int(target)


def edges_of(network: Chain, tree: Tree) -> list[tuple[SplineEdges, Tree]]:
    """The layers of splines, and the parameters of each."""
    return find(network, tree, SplineEdges)


def inputs_of_layers(network: Chain, tree: Tree, x: Array) -> list[Array]:
    """What every layer of splines is given, and what the last one gives."""
    found = [network.layers[0].predict(tree[0], x)]
    for layer, p in edges_of(network, tree):
        found.append(layer.predict(p, found[-1], PREDICTING))
    return found


def adapt_grids(network: Chain, tree: Tree, x: Array, sample_weight: Array | None, *, first: bool) -> None:
    """Let the grids follow what stands at the layers for the data x; `first` says whether also that of x itself."""
    h = network.layers[0].predict(tree[0], x)
    for i, (layer, p) in enumerate(edges_of(network, tree)):
        if i or first:
            layer.adapt(p, h, sample_weight)
        h = layer.predict(p, h)


def refined(network: Chain, tree: Tree, grid_size: int) -> tuple[Chain, Tree]:
    """The same function on finer grids: a network, and its parameters."""
    pairs = [layer.refined(p, grid_size) for layer, p in edges_of(network, tree)]
    layers = (network.layers[0], *(layer for layer, _ in pairs), network.layers[-1])
    return replace(network, layers=layers), (tree[0], *(p for _, p in pairs), tree[-1])


def importances(spreads: list[Array], deviations: list[Array]) -> tuple[list[Array], list[Array]]:
    """How much of the outputs goes through each edge and each unit.

    The spread of an edge, as a share of what its unit varies by, passes on the importance of that unit.

    Parameters
    ----------
    spreads : list of arrays of shape (n_in, n_out)
        Standard deviation of each edge.
    deviations : list of arrays of shape (n_out,)
        Standard deviation of the units that the edges lead to.

    Returns
    -------
    edges : list of arrays of shape (n_in, n_out)
    units : list of arrays
        Of the inputs, all hidden layers, and the outputs, whose importance is one.
    """
    edges: list[Array] = []
    units: list[Array] = [np.ones(spreads[-1].shape[1])]
    for spread, deviation in zip(spreads[::-1], deviations[::-1], strict=True):
        share = np.divide(spread, deviation, out=np.zeros_like(spread), where=deviation > 0)
        edges.insert(0, share * units[0])
        units.insert(0, edges[0].sum(axis=1))
    return edges, units
