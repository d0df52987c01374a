"""The table from classes of layers to the functions that add their nodes, and the raw scores of networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from skneural.export.attention import OF_ATTENTION
from skneural.export.combinators import COMBINATORS
from skneural.export.graph import Converter, GraphValue, OnnxGraph
from skneural.export.graphs import OF_GRAPHS
from skneural.export.images import OF_IMAGES
from skneural.export.inputs import Input
from skneural.export.recurrences import OF_RECURRENCES
from skneural.export.rows import OF_ROWS
from skneural.export.scans import OF_SCANS
from skneural.export.series import OF_SERIES
from skneural.export.splines import OF_SPLINES
from skneural.layers import Layer
from skneural.layers.recurrent import Recurrent
from skneural.layers.traversal import find
from skneural.parameters import Tree

CONVERTERS: dict[type[Layer], Converter] = {
    **COMBINATORS,
    **OF_ATTENTION,
    **OF_GRAPHS,
    **OF_IMAGES,
    **OF_RECURRENCES,
    **OF_ROWS,
    **OF_SCANS,
    **OF_SERIES,
    **OF_SPLINES,
}


def add_network(graph: OnnxGraph, network: Layer, tree: Tree, given: Input) -> str:
    """Add the nodes of a network, and return its output.

    onnxruntime ends the process where a recurrent operator is given no rows, so that it is given at least one.
    """
    if not find(network, tree, Recurrent):
        return _output(graph.layer(network, tree, given.x, given.context))
    first = given.x if isinstance(given.x, GraphValue) else next(iter(given.x))
    n = graph.size(first.name, 0)
    missing = graph.op("Sub", [1], graph.op("Min", n, [1]))

    def padded(x: Any) -> Any:
        """Rows, and a row of zeros behind them if there are none."""
        if isinstance(x, GraphValue):
            zero = graph.op("CastLike", 0, x.name)
            return x._replace(name=graph.op("Pad", x.name, graph.op("Concat", [0], missing, axis=0), zero, [0]))
        return tuple(map(padded, x))

    def with_a_length(lengths: str | None) -> str | None:
        return None if lengths is None else graph.op("Max", padded(GraphValue(lengths)).name, 1)

    context = replace(
        given.context,
        lengths=with_a_length(given.context.lengths),
        memory_lengths=with_a_length(given.context.memory_lengths),
    )
    return graph.slice(_output(graph.layer(network, tree, padded(given.x), context)), 0, 0, n)


def _output(y: GraphValue) -> str:
    return y.name
