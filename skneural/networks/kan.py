"""Kolmogorov-Arnold networks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from skneural.layers import Bias, Chain, Layer, SplineEdges, Standardization
from skneural.layers.layer import PREDICTING
from skneural.layers.traversal import find, find_trained
from skneural.ops.pointwise import AnyActivation
from skneural.ops.types import Array
from skneural.parameters import Tree


def kan_network(
    n_in: int,
    n_out: int,
    hidden_layer_sizes: Sequence[int],
    grid_size: int,
    spline_order: int,
    base_activation: AnyActivation,
    sparsity: float,
    entropy: float,
    symbolic_edges: Sequence[str] = (),
    grid_range: Sequence[float] | None = None,
) -> Chain:
    """Build input scaling to [-1, 1], layers of spline edges, and a bias.

    Parameters
    ----------
    n_in, n_out : int
        Features in, raw scores out.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; without hidden layers, a generalized additive model.
    grid_size : int
        Pieces of each spline.
    spline_order : int
        Degree of the pieces.
    base_activation : str or ActivationFunction
        Function that each edge adds to its spline, with a learned weight.
    sparsity, entropy : float
        Strength of the penalty on edges, and weight of their entropy in it.
    symbolic_edges : sequence of str
        Edges that are named functions: numbers of the layer, of the unit they come from and of that they lead to, and
        the name, such as "0 1 0 sin".
    grid_range : (low, high) or None
        The range of the inputs, which the grids of the first layer divide evenly. None: that of the training data, to
        which they adapt.
    """
    widths = [n_in, *hidden_layer_sizes, n_out]
    named: list[list[tuple[int, int, str]]] = [[] for _ in widths[1:]]
    for edge in symbolic_edges:
        layer, source, target = place_of(edge)
        named[layer].append((source, target, edge.split()[3]))
    shared = SplineEdges(n_in, n_out, grid_size, spline_order, base_activation, sparsity, entropy)
    edges = [
        replace(shared, n_in=before, n_out=after, named=tuple(named[i]), adaptive=i > 0 or grid_range is None)
        for i, (before, after) in enumerate(itertools.pairwise(widths))
    ]
    bounds = None if grid_range is None else (grid_range[0], grid_range[1])
    standardization = Standardization(n_in, statistics="range", bounds=bounds)
    parts = {edges_name(i): layer for i, layer in enumerate(edges)}
    return Chain(standardization=standardization, **parts, bias=Bias(n_out))


def symbolic_edge(layer: int, source: int, target: int, name: str) -> str:
    """Encode an edge that is a named function as a string."""
    return f"{layer} {source} {target} {name}"


def place_of(edge: str) -> tuple[int, int, int]:
    """Layer, source and target of a `symbolic_edge`."""
    layer, source, target, _ = edge.split()
    return int(layer), int(source), int(target)


def edges_name(number: int) -> str:
    """The name of a layer of splines, of which the first has the number 0."""
    return f"edges_{number + 1}"


def edges_of(network: Layer, tree: Tree) -> list[tuple[SplineEdges, Tree]]:
    """The layers of splines, and the parameters of each."""
    return find(network, tree, SplineEdges)


def inputs_of_layers(network: Layer, tree: Tree, x: Array) -> list[Array]:
    """Inputs of every layer of splines, and the output of the last one."""
    inputs = [network["standardization"].predict(input_scaling(tree), x)]
    for layer, p in edges_of(network, tree):
        inputs.append(layer.predict(p, inputs[-1], PREDICTING))
    return inputs


def adapt_hidden_grids(network: Layer, tree: Tree, x: Array, sample_weight: Array | None) -> None:
    """Adapt the grids of hidden layers to their inputs, except for layers that are not trained."""
    h = network["standardization"].predict(input_scaling(tree), x)
    trained = [p for _, p in find_trained(network, tree, SplineEdges)]
    for i, (layer, p) in enumerate(edges_of(network, tree)):
        if i and any(p is each for each in trained):
            layer.adapt_grids(p, h, sample_weight)
        h = layer.predict(p, h)


def refined_edges(layer: SplineEdges, p: Tree, grid_size: int) -> Tree:
    """Parameters of a layer for the same functions on finer grids."""
    return layer.refined(p, grid_size)[1]


def input_scaling(tree: Tree) -> Tree:
    """Mean and scale of the features: the buffers of the first layer."""
    p: Tree = tree["standardization"]
    return p


def importances(spreads: list[Array], deviations: list[Array]) -> tuple[list[Array], list[Array]]:
    """Importance of each edge and each unit for the outputs.

    Each edge receives a share of the importance of its target: its spread, relative to the deviation of the target.

    Parameters
    ----------
    spreads : list of arrays of shape (n_in, n_out)
        Standard deviation of the output of each edge.
    deviations : list of arrays of shape (n_out,)
        Standard deviation of the target units of the edges.

    Returns
    -------
    edges : list of arrays of shape (n_in, n_out)
    units : list of arrays
        For the inputs, each hidden layer, and the outputs, whose importance is 1.
    """
    edges: list[Array] = []
    units: list[Array] = [np.ones(spreads[-1].shape[1])]
    for spread, deviation in zip(spreads[::-1], deviations[::-1], strict=True):
        share = np.divide(spread, deviation, out=np.zeros_like(spread), where=deviation > 0)
        edges.insert(0, share * units[0])
        units.insert(0, edges[0].sum(axis=1))
    return edges, units
