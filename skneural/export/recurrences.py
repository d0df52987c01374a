"""Recurrent layers as nodes: operators of ONNX where they compute the same function, otherwise a scan of the steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.export.combinators import add_reversal
from skneural.export.graph import STEPS, Converter, GraphContext, GraphValue, OnnxGraph
from skneural.export.scans import Loop, add_scan
from skneural.layers import GRU, LSTM, Elman, IndRNN, Jordan, Layer, StartedByMemory
from skneural.ops.types import Array
from skneural.parameters import Tree


def add_lstm(graph: OnnxGraph, layer: LSTM, p: Tree, x: Any, context: GraphContext) -> GraphValue:
    def ordered(array: Array) -> Array:
        """Gates in ONNX's order: input, output, forget, candidate."""
        output, input_gate, forget, candidate = np.split(array, 4, axis=-1)
        return np.concatenate([input_gate, output, forget, candidate], axis=-1)

    weights = [ordered(p[name]) for name in ("inputs", "recurrent", "bias")]
    return _walked(graph, "LSTM", layer, weights, x, context)


def add_gru(graph: OnnxGraph, layer: GRU, p: Tree, x: Any, context: GraphContext) -> GraphValue:
    """With the reset gate after the product: ``linear_before_reset``."""
    reset, update, candidate = np.split(p["inputs"], 3, axis=-1)
    of_recalled, of_reset, of_update = np.split(p["recurrent"], 3, axis=-1)
    recalled_bias, reset_bias, update_bias, candidate_bias = np.split(p["bias"], 4)
    none = np.zeros(2 * layer.n_out)
    weights = [
        np.concatenate([update, reset, candidate], axis=-1),
        np.concatenate([of_update, of_reset, of_recalled], axis=-1),
        np.concatenate([update_bias, reset_bias, candidate_bias, none, recalled_bias]),
    ]
    return _walked(graph, "GRU", layer, weights, x, context, linear_before_reset=1)


def add_elman(graph: OnnxGraph, layer: Elman, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    weights = [p["inputs"], p["recurrent"], p["bias"]]
    return _walked(graph, "RNN", layer, weights, x, context, activations=["Tanh"])


def add_indrnn(graph: OnnxGraph, layer: IndRNN, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    """A scan of the steps: with ONNX's operator, the weight of each unit would become a matrix."""
    before = add_reversal(graph, x, context) if layer.reverse else x.name
    projected = graph.linear(before, p["inputs"], p["bias"])
    body = graph.body()
    state, step = (body.input(body.unique(name), np.float32, (None, layer.n_out)) for name in ("state", "step"))
    after = body.op("Relu", body.op("Add", body.op("Mul", state, p["recurrent"]), step))
    return _scanned(graph, layer, body, (after, after), projected, context)


def _walked(
    graph: OnnxGraph, kind: str, layer: Any, weights: list[Array], given: Any, context: GraphContext, **attributes: Any
) -> GraphValue:
    """An operator of ONNX over all steps. In reverse, each series is turned around before and after it."""
    x, states = _with_first_state(graph, layer, given)
    inputs, recurrent, bias = weights
    if len(bias) < 2 * recurrent.shape[1]:  # ONNX adds a second bias
        bias = np.concatenate([bias, np.zeros(2 * recurrent.shape[1] - len(bias))])
    before = add_reversal(graph, x, context) if layer.reverse else x.name
    lengths = "" if context.lengths is None else graph.cast(context.lengths, np.int32)
    operands: list[Any] = [before, inputs.T[np.newaxis], recurrent.T[np.newaxis], bias[np.newaxis], lengths, *states]
    while not isinstance(operands[-1], np.ndarray) and not operands[-1]:  # inputs that are left out
        del operands[-1]
    y = GraphValue(graph.squeeze(graph.op(kind, *operands, hidden_size=layer.n_out, **attributes), 1), STEPS, 3)
    return y._replace(name=add_reversal(graph, y, context)) if layer.reverse else y


def _with_first_state(graph: OnnxGraph, layer: Any, given: Any) -> tuple[GraphValue, list[str]]:
    """The series, and the states before the first step, (1, batch, n_out) each; none if they are zero."""
    if isinstance(given, GraphValue):
        return given, []
    x, first = given  # (batch, n_state)
    n_states = layer.n_state // layer.n_out
    parts = graph.ops(n_states, "Split", first, axis=1, num_outputs=n_states) if n_states > 1 else [first]
    return x, [graph.unsqueeze(part, 0) for part in parts]


def add_started_by_memory(
    graph: OnnxGraph, layer: StartedByMemory, p: Tree, x: tuple[GraphValue, GraphValue], context: GraphContext
) -> GraphValue:
    series, memory = x
    first = graph.layer(layer.first, p["first"], memory, context.of_memory, "first")
    result: GraphValue = graph.layer(layer.cell, p["cell"], (series, first.name), context, "cell")
    return result


def add_jordan(graph: OnnxGraph, layer: Jordan, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    """A scan of the steps, whose state is the output before."""
    before = add_reversal(graph, x, context) if layer.reverse else x.name
    projected = graph.linear(before, p["inputs"], p["bias"])
    body = graph.body()
    state, step = (body.input(body.unique(name), np.float32, (None, layer.n_out)) for name in ("state", "step"))
    hidden = body.op("Tanh", body.op("Add", body.linear(state, p["recurrent"]), step))
    output = body.op("Tanh", body.linear(hidden, p["outputs"], p["output_bias"]))
    return _scanned(graph, layer, body, (output, output), projected, context)


def _scanned(
    graph: OnnxGraph,
    layer: IndRNN | Jordan,
    body: OnnxGraph,
    ends: tuple[str, str],
    projected: str,
    context: GraphContext,
) -> GraphValue:
    """Outputs of all steps of a scan that begins with zeros; `ends` are the state and the output of a step."""
    first = graph.op("Expand", 0.0, graph.shape(graph.size(projected, 1), layer.n_out))
    loop = Loop(body, *ends, (None, layer.n_out), (None, layer.n_out))
    y = GraphValue(add_scan(graph, loop, first, [projected]), STEPS, 3)
    return y._replace(name=add_reversal(graph, y, context)) if layer.reverse else y


OF_RECURRENCES: dict[type[Layer], Converter] = {
    Elman: add_elman,
    GRU: add_gru,
    IndRNN: add_indrnn,
    Jordan: add_jordan,
    LSTM: add_lstm,
    StartedByMemory: add_started_by_memory,
}
