"""Graph convolutions as nodes: messages over edges are summed by scattering them to their targets."""

from __future__ import annotations

import numpy as np

from skneural.export.graph import LOWEST, Converter, Edges, GraphContext, GraphValue, OnnxGraph
from skneural.layers import (
    GATConvolution,
    GCNConvolution,
    GINConvolution,
    GraphPooling,
    Layer,
    SAGEConvolution,
    SelectNodes,
)
from skneural.ops.graph_convolution import NEGATIVE_SLOPE
from skneural.parameters import Tree


def add_gcn_convolution(
    graph: OnnxGraph, layer: GCNConvolution, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    """Neighbours and the node itself, divided by the square roots of the degrees of both nodes."""
    projected, edges = graph.linear(x.name, p["weight"]), context.edges
    y = projected
    if edges is not None:
        missing = _missing_loops(graph, edges)
        degrees = graph.op("Add", _summed(graph, edges, graph.unsqueeze(edges.weight, 1), 1), missing)
        share = graph.op("Reciprocal", graph.op("Sqrt", degrees))
        scaled = graph.op("Mul", projected, share)
        messages = graph.op("Mul", graph.take(scaled, edges.sources, 0), graph.unsqueeze(edges.weight, 1))
        total = graph.op("Add", _summed(graph, edges, messages, layer.n_out), graph.op("Mul", scaled, missing))
        y = graph.op("Mul", total, share)
    return x._replace(name=_with_bias(graph, y, p))


def add_sage_convolution(
    graph: OnnxGraph, layer: SAGEConvolution, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    """The node itself, and the mean of its neighbours; the mean of no neighbours is zero."""
    y, edges = graph.linear(x.name, p["self_weight"]), context.edges
    if edges is not None:
        weight = graph.unsqueeze(edges.weight, 1)
        messages = graph.op("Mul", graph.take(graph.linear(x.name, p["weight"]), edges.sources, 0), weight)
        total = _summed(graph, edges, weight, 1)
        divisor = graph.op("Where", graph.op("Greater", total, 0.0), total, 1.0)
        y = graph.op("Add", y, graph.op("Div", _summed(graph, edges, messages, layer.n_out), divisor))
    return x._replace(name=_with_bias(graph, y, p))


def add_gin_convolution(
    graph: OnnxGraph, layer: GINConvolution, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    """The node itself plus its neighbours, or what edges with features make of these."""
    total, edges = x.name, context.edges
    if edges is not None:
        messages = graph.take(x.name, edges.sources, 0)
        if layer.n_edge_features:
            of_edges = graph.linear(edges.features, p["edge_weight"], p["edge_bias"])
            messages = graph.op("Relu", graph.op("Add", messages, of_edges))
        messages = graph.op("Mul", messages, graph.unsqueeze(edges.weight, 1))
        total = graph.op("Add", total, _summed(graph, edges, messages, layer.n_in))
    return x._replace(name=graph.linear(total, p["weight"], p.get("bias")))


def add_gat_convolution(
    graph: OnnxGraph, layer: GATConvolution, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    """Mean of the neighbours and the node itself, weighted by the softmax of the scores of the edges to a node."""
    y, edges = graph.linear(x.name, p["weight"]), context.edges
    if edges is not None:
        features = graph.reshape(y, 0, layer.n_heads, layer.size)
        of_source, of_target = (
            graph.reduce("Sum", graph.op("Mul", features, p[end]), 2) for end in ("source", "target")
        )
        scores = graph.op("Add", graph.take(of_source, edges.sources, 0), graph.take(of_target, edges.targets, 0))
        if layer.n_edge_features:
            scores = graph.op("Add", scores, graph.linear(edges.features, p["edge"]))
        scores = graph.op("LeakyRelu", scores, alpha=NEGATIVE_SLOPE)
        scores = graph.op("Add", scores, graph.unsqueeze(graph.op("Log", edges.weight), 1))
        loops = graph.op("LeakyRelu", graph.op("Add", of_source, of_target), alpha=NEGATIVE_SLOPE)
        loops = graph.op("Where", graph.op("Greater", _missing_loops(graph, edges), 0.0), loops, LOWEST)
        y = graph.reshape(_attended(graph, layer, edges, (scores, loops), features), 0, layer.n_heads * layer.size)
    return x._replace(name=_with_bias(graph, y, p))


def _attended(graph: OnnxGraph, layer: GATConvolution, edges: Edges, scores: tuple[str, str], features: str) -> str:
    """Outputs of all heads, (nodes, heads, size), for scores of edges and of loops that are added."""
    of_edges, of_loops = scores
    targets = graph.unsqueeze(edges.targets, 1)
    greatest = graph.op("ScatterND", of_loops, targets, of_edges, reduction="max")
    of_edges = graph.op("Exp", graph.op("Sub", of_edges, graph.take(greatest, edges.targets, 0)))
    of_loops = graph.op("Exp", graph.op("Sub", of_loops, greatest))
    total = graph.op("Add", of_loops, _summed(graph, edges, of_edges, layer.n_heads))
    messages = graph.op("Mul", graph.take(features, edges.sources, 0), graph.unsqueeze(of_edges, 2))
    weighted = _summed(graph, edges, messages, layer.n_heads, layer.size)
    weighted = graph.op("Add", weighted, graph.op("Mul", features, graph.unsqueeze(of_loops, 2)))
    return graph.op("Div", weighted, graph.unsqueeze(total, 2))


def add_graph_pooling(
    graph: OnnxGraph, layer: GraphPooling, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    """Sum, mean or maximum over the nodes of each graph; nodes that are graphs by themselves stay as they are."""
    if context.lengths is None:
        return x
    ends = graph.op("CumSum", context.lengths, 0)
    positions = graph.unsqueeze(graph.positions(graph.size(x.name, 0)), 1)
    number = graph.reduce("Sum", graph.cast(graph.op("GreaterOrEqual", positions, ends), np.int64), 1, keepdims=True)
    start = LOWEST if layer.pooling == "max" else 0.0
    shape = graph.shape(graph.size(context.lengths, 0), graph.op("Shape", x.name, start=1))
    reduction = "max" if layer.pooling == "max" else "add"
    y = graph.op("ScatterND", graph.op("Expand", start, shape), number, x.name, reduction=reduction)
    if layer.pooling == "mean":
        y = graph.op("Div", y, graph.unsqueeze(graph.cast(context.lengths, np.float32), 1))
    return x._replace(name=y)


def add_select_nodes(graph: OnnxGraph, layer: SelectNodes, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return x


def _summed(graph: OnnxGraph, edges: Edges, messages: str, *sizes: int) -> str:
    """Sum of the messages to each node, of the given sizes."""
    nothing = graph.op("Expand", 0.0, graph.shape(edges.n_nodes, *sizes))
    return graph.op("ScatterND", nothing, graph.unsqueeze(edges.targets, 1), messages, reduction="add")


def _missing_loops(graph: OnnxGraph, edges: Edges) -> str:
    """One for nodes without an edge to themselves, zero for others, (nodes, 1)."""
    is_loop = graph.unsqueeze(graph.cast(graph.op("Equal", edges.sources, edges.targets), np.float32), 1)
    nothing = graph.op("Expand", 0.0, graph.shape(edges.n_nodes, 1))
    has_loop = graph.op("ScatterND", nothing, graph.unsqueeze(edges.targets, 1), is_loop, reduction="max")
    return graph.op("Sub", 1.0, has_loop)


def _with_bias(graph: OnnxGraph, y: str, p: Tree) -> str:
    return graph.op("Add", y, p["bias"]) if "bias" in p else y


OF_GRAPHS: dict[type[Layer], Converter] = {
    GATConvolution: add_gat_convolution,
    GCNConvolution: add_gcn_convolution,
    GINConvolution: add_gin_convolution,
    GraphPooling: add_graph_pooling,
    SAGEConvolution: add_sage_convolution,
    SelectNodes: add_select_nodes,
}
