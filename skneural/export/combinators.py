"""Chains, residual connections, branches and the like as the nodes of the layers inside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from skneural.export.graph import Converter, GraphContext, GraphValue, OnnxGraph
from skneural.export.links import add_average
from skneural.layers import (
    Branches,
    Chain,
    EncoderDecoder,
    Ensemble,
    Frozen,
    Gate,
    JoinSteps,
    Layer,
    Residual,
    Reversed,
    WithMemory,
)
from skneural.parameters import Tree


def add_chain(graph: OnnxGraph, layer: Chain, p: Tree, x: Any, context: GraphContext) -> Any:
    for name, child in layer.children().items():
        x = graph.layer(child, p[name], x, context, name)
        context = after(graph, child, context)
    return x


def after(graph: OnnxGraph, layer: Layer, context: GraphContext) -> GraphContext:
    """Context of the layer that follows: lengths change where a layer joins steps."""
    n = _n_joined(layer)
    if n == 1 or context.lengths is None:
        return context
    lengths = graph.op("Div", graph.op("Add", context.lengths, n - 1), n)
    return replace(context, lengths=lengths)


def _n_joined(layer: Layer) -> int:
    """Number of steps that a layer joins into one."""
    if isinstance(layer, JoinSteps):
        return layer.n_joined
    if isinstance(layer, Frozen):
        return _n_joined(layer.inner)
    n = 1
    if isinstance(layer, Chain):
        for child in layer.children().values():
            n *= _n_joined(child)
    return n


def add_frozen(graph: OnnxGraph, layer: Frozen, p: Tree, x: Any, context: GraphContext) -> Any:
    return graph.layer(layer.inner, p["inner"], x, context)


def add_residual(graph: OnnxGraph, layer: Residual, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    along = x if layer.shortcut is None else graph.layer(layer.shortcut, p["shortcut"], x, context, "shortcut")
    y = graph.layer(layer.inner, p["inner"], x, context, "inner")
    return y._replace(name=graph.op("Add", along.name, y.name))


def add_gate(graph: OnnxGraph, layer: Gate, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    value = graph.layer(layer.value, p["value"], x, context, "value")
    share = graph.layer(layer.gate, p["gate"], x, context, "gate")
    return value._replace(name=graph.op("Mul", value.name, share.name))


def add_branches(graph: OnnxGraph, layer: Branches, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    ys = [graph.layer(child, p[name], x, context, name) for name, child in layer.children().items()]
    first, *others = ys
    return (
        first._replace(name=graph.op("Concat", *(y.name for y in ys), axis=first.axis(layer.axis))) if others else first
    )


def add_reversed_series(graph: OnnxGraph, layer: Reversed, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    before = x._replace(name=add_reversal(graph, x, context))
    y = graph.layer(layer.inner, p["inner"], before, context, "inner")
    return y._replace(name=add_reversal(graph, y, context))


def add_reversal(graph: OnnxGraph, x: GraphValue, context: GraphContext) -> str:
    """The steps of each series in reverse, with the padding still at the end."""
    steps, batch = x.steps, 1 - x.steps
    lengths = context.lengths
    if lengths is None:
        lengths = graph.op("Expand", graph.size(x.name, steps), graph.size(x.name, batch))
    return graph.op("ReverseSequence", x.name, lengths, time_axis=steps, batch_axis=batch)


def add_encoder_decoder(
    graph: OnnxGraph, layer: EncoderDecoder, p: Tree, x: tuple[Any, Any], context: GraphContext
) -> GraphValue:
    source, target = x
    of_source = context.of_memory
    memory = graph.layer(layer.encoder, p["encoder"], source, of_source, "encoder")
    lengths = after(graph, layer.encoder, of_source).lengths
    behind = replace(context, memory_lengths=lengths)
    y: GraphValue = graph.layer(layer.decoder, p["decoder"], (target, memory), behind, "decoder")
    return y


def add_with_memory(
    graph: OnnxGraph, layer: WithMemory, p: Tree, x: tuple[GraphValue, GraphValue], context: GraphContext
) -> GraphValue:
    first, memory = x
    y = first
    for name, child in layer.children().items():
        y = graph.layer(child, p[name], (y, memory) if child.takes_memory else y, context, name)
    return y._replace(name=graph.op("Add", y.name, first.name)) if layer.residual else y


def add_ensemble(graph: OnnxGraph, layer: Ensemble, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    """Raw scores whose link is the mean of the links of all networks."""
    children = layer.children().items()
    each = [graph.layer(child, p[name], x, context, name).name for name, child in children]
    joined = graph.op("Concat", *(graph.unsqueeze(y, 1) for y in each), axis=1)
    return GraphValue(add_average(graph, joined, layer.link, 1))


COMBINATORS: dict[type[Layer], Converter] = {
    Chain: add_chain,
    Frozen: add_frozen,
    Residual: add_residual,
    Gate: add_gate,
    Branches: add_branches,
    EncoderDecoder: add_encoder_decoder,
    Ensemble: add_ensemble,
    WithMemory: add_with_memory,
    Reversed: add_reversed_series,
}
