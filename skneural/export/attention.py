"""Attention as products and softmax."""

from __future__ import annotations

import math

import numpy as np

from skneural.export.graph import ROWS, Converter, GraphContext, GraphValue, OnnxGraph, reduced_angles
from skneural.layers import AdditiveAttention, CrossAttention, DotAttention, Layer, SelfAttention
from skneural.ops.rotary import BASE
from skneural.ops.types import Array
from skneural.parameters import Tree


def add_self_attention(
    graph: OnnxGraph, layer: SelfAttention, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    projected = graph.linear(x.name, p["weight"], p["bias"])
    n_steps = graph.size(x.name, 1)
    query, key, value = (
        _heads(graph, part, layer.n_heads, layer.d_model)
        for part in graph.ops(3, "Split", projected, axis=-1, num_outputs=3)
    )
    if layer.rotary:
        query, key = (_rotated(graph, part, n_steps, layer.d_model // layer.n_heads) for part in (query, key))
    hidden = keys_hidden(graph, context.lengths, n_steps)
    if layer.causal:
        positions = graph.positions(n_steps)
        later = graph.op("Greater", graph.unsqueeze(positions, 0), graph.unsqueeze(positions, 1))
        hidden = later if hidden is None else graph.op("Or", hidden, later)
    attended = _attended(graph, (query, key, value), layer.d_model // layer.n_heads, hidden)
    attended = _joined(graph, attended, layer.d_model)
    return x._replace(name=graph.linear(attended, p["output_weight"], p["output_bias"]))


def add_cross_attention(
    graph: OnnxGraph, layer: CrossAttention, p: Tree, x: tuple[GraphValue, GraphValue], context: GraphContext
) -> GraphValue:
    states, memory = x
    query = _heads(graph, graph.linear(states.name, p["query_weight"], p["query_bias"]), layer.n_heads, layer.d_model)
    both = graph.linear(memory.name, p["memory_weight"], p["memory_bias"])
    key, value = (
        _heads(graph, part, layer.n_heads, layer.d_model)
        for part in graph.ops(2, "Split", both, axis=-1, num_outputs=2)
    )
    hidden = keys_hidden(graph, context.memory_lengths, graph.size(memory.name, 1))
    attended = _attended(graph, (query, key, value), layer.d_model // layer.n_heads, hidden)
    attended = _joined(graph, attended, layer.d_model)
    return GraphValue(graph.linear(attended, p["output_weight"], p["output_bias"]), ROWS, 3)


def add_additive_attention(
    graph: OnnxGraph, layer: AdditiveAttention, p: Tree, x: tuple[GraphValue, GraphValue], context: GraphContext
) -> GraphValue:
    states, memory = x
    query = graph.unsqueeze(graph.linear(states.name, p["query_weight"], p["query_bias"]), 2)
    key = graph.unsqueeze(graph.linear(memory.name, p["key_weight"]), 1)
    judged = graph.op("MatMul", graph.op("Tanh", graph.op("Add", query, key)), p["judge"][:, np.newaxis])
    return _taken(graph, graph.squeeze(judged, 3), states, memory, context)


def add_dot_attention(
    graph: OnnxGraph, layer: DotAttention, p: Tree, x: tuple[GraphValue, GraphValue], context: GraphContext
) -> GraphValue:
    states, memory = x
    query = graph.op("Mul", states.name, 1 / math.sqrt(layer.n_in))
    keys = graph.transpose(graph.linear(memory.name, p["weight"]), 0, 2, 1)
    return _taken(graph, graph.op("MatMul", query, keys), states, memory, context)


def _taken(graph: OnnxGraph, scores: str, states: GraphValue, memory: GraphValue, context: GraphContext) -> GraphValue:
    """Means of the memory, weighted by the softmax of the scores, with the states behind them."""
    hidden = keys_hidden(graph, context.memory_lengths, graph.size(memory.name, 1))
    if hidden is not None:
        scores = graph.op("Where", graph.squeeze(hidden, 1), -math.inf, scores)
    taken = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), memory.name)
    return GraphValue(graph.op("Concat", taken, states.name, axis=-1), ROWS, 3)


def keys_hidden(graph: OnnxGraph, lengths: str | None, n_keys: str) -> str | None:
    """Mask of the padding, boolean of shape (batch, 1, 1, keys); None if there is none."""
    return None if lengths is None else graph.unsqueeze(graph.op("Not", graph.mask(lengths, n_keys)), 1, 2)


def _heads(graph: OnnxGraph, x: str, n_heads: int, d_model: int) -> str:
    """(batch, steps, d_model) as (batch, heads, steps, width)."""
    return graph.transpose(graph.reshape(x, 0, 0, n_heads, d_model // n_heads), 0, 2, 1, 3)


def _attended(graph: OnnxGraph, heads: tuple[str, str, str], width: int, hidden: str | None) -> str:
    """Outputs of all heads, given their queries, keys and values, and the mask of the keys that they do not see."""
    query, key, value = heads
    query = graph.op("Mul", query, 1 / math.sqrt(width))
    scores = graph.op("MatMul", query, graph.transpose(key, 0, 1, 3, 2))
    if hidden is not None:
        scores = graph.op("Where", hidden, -math.inf, scores)
    return graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)


def _joined(graph: OnnxGraph, heads: str, d_model: int) -> str:
    """(batch, heads, steps, width) as (batch, steps, d_model)."""
    return graph.reshape(graph.transpose(heads, 0, 2, 1, 3), 0, 0, d_model)


def _rotated(graph: OnnxGraph, x: str, n_steps: str, width: int) -> str:
    """Each pair of neighbouring features, turned by an angle proportional to the position."""
    frequencies = np.repeat(BASE ** (-np.arange(0, width, 2) / width), 2)
    angles = reduced_angles(graph, graph.positions(n_steps), frequencies)
    across = graph.op("MatMul", x, _quarter_turn(width))
    return graph.op(
        "Add", graph.op("Mul", x, graph.op("Cos", angles)), graph.op("Mul", across, graph.op("Sin", angles))
    )


def _quarter_turn(width: int) -> Array:
    """Matrix by which (a, b) becomes (-b, a), for each pair of features."""
    turn = np.zeros((width, width))
    even = np.arange(0, width, 2)
    turn[even + 1, even], turn[even, even + 1] = -1.0, 1.0
    return turn


OF_ATTENTION: dict[type[Layer], Converter] = {
    AdditiveAttention: add_additive_attention,
    CrossAttention: add_cross_attention,
    DotAttention: add_dot_attention,
    SelfAttention: add_self_attention,
}
