"""Scans of state space models, and of other layers whose state an operator of ONNX does not compute, as nodes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skneural.export.graph import Converter, GraphContext, GraphValue, OnnxGraph
from skneural.export.links import ACTIVATION_NODES, add_softplus
from skneural.layers import Layer, MultiheadScan, SelectiveScan
from skneural.ops.types import Array
from skneural.parameters import Tree


class Loop(NamedTuple):
    """A loop over the steps of series.

    Attributes
    ----------
    body : OnnxGraph
        Its first input is the state, the others are a step of each series.
    after, output : str
        Values of the body: the state after the step, and what the step gives.
    state_shape, output_shape : tuple
        Their shapes, with None for the batch.
    """

    body: OnnxGraph
    after: str
    output: str
    state_shape: tuple[int | None, ...]
    output_shape: tuple[int | None, ...]


def add_scan(graph: OnnxGraph, loop: Loop, first: str, series: list[str], dtype: Any = np.float32) -> str:
    """Add a loop over the first axis of the series, and return the outputs of all steps.

    Parameters
    ----------
    graph : OnnxGraph
    loop : Loop
    first : str
        State before the first step.
    series : list of str
        Values with the steps first.
    dtype : dtype, default=float32
        Of the state and of the outputs.
    """
    for value, shape in ((loop.after, loop.state_shape), (loop.output, loop.output_shape)):
        loop.body.output(loop.body.unique("after"), value, dtype, shape)
    return graph.loop("Scan", [first, *series], loop.body, num_scan_inputs=len(series))[-1]


def add_selective_scan(
    graph: OnnxGraph, layer: SelectiveScan, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    n, rank, n_states = layer.n, layer.step_rank, layer.state_size
    value, gate = _convolved(graph, x.name, p, 0, n), graph.slice(x.name, 2, n)
    value = ACTIVATION_NODES["silu"](graph, value)
    projected = graph.linear(value, p["to_scan"])
    raw_step = graph.linear(graph.slice(projected, 2, 0, rank), p["step_weight"], p["step_bias"])
    step_size = _masked(graph, add_softplus(graph, raw_step), context)
    write, read = graph.slice(projected, 2, rank, rank + n_states), graph.slice(projected, 2, rank + n_states)
    decay_rate = -np.exp(p["log_decay"].astype(np.float64))
    scanned = _scanned(graph, step_size, value, (write, read), decay_rate)
    y = graph.op("Add", scanned, graph.op("Mul", value, p["skip"]))
    return x._replace(name=graph.op("Mul", y, ACTIVATION_NODES["silu"](graph, gate)))


def add_multihead_scan(
    graph: OnnxGraph, layer: MultiheadScan, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    """The scan of single channels, all channels of a head of which have one step size and decay."""
    n, end, n_states = layer.n, layer.n + layer.n_scanned, layer.state_size
    gate = graph.slice(x.name, 2, 0, n)
    inputs = ACTIVATION_NODES["silu"](graph, _convolved(graph, x.name, p, n, end))
    step_size = add_softplus(graph, graph.op("Add", graph.slice(x.name, 2, end), p["step_bias"]))
    channel = np.repeat(np.arange(layer.n_heads), n // layer.n_heads)
    of_channels = graph.take(_masked(graph, step_size, context), channel, 2)
    value = graph.slice(inputs, 2, 0, n)
    write, read = graph.slice(inputs, 2, n, n + n_states), graph.slice(inputs, 2, n + n_states)
    of_heads = -np.exp(p["log_decay"].astype(np.float64))
    decay_rate = np.broadcast_to(of_heads[channel], (n_states, n))
    scanned = _scanned(graph, of_channels, value, (write, read), decay_rate)
    y = graph.op("Add", scanned, graph.op("Mul", value, p["skip"][channel]))
    return x._replace(name=graph.op("Mul", y, ACTIVATION_NODES["silu"](graph, gate)))


def _convolved(graph: OnnxGraph, x: str, p: Tree, start: int, stop: int) -> str:
    """The causal convolution of some features of x, (batch, steps, features)."""
    width, channels = p["kernel"].shape
    series = graph.transpose(graph.slice(x, 2, start, stop), 0, 2, 1)
    kernel = p["kernel"].T[:, np.newaxis]
    geometry = {"kernel_shape": [width], "pads": [width - 1, 0], "group": channels}
    return graph.transpose(graph.op("Conv", series, kernel, p["kernel_bias"], **geometry), 0, 2, 1)


def _masked(graph: OnnxGraph, step_size: str, context: GraphContext) -> str:
    """Step sizes, which are zero in the padding."""
    if context.lengths is None:
        return step_size
    real = graph.unsqueeze(graph.mask(context.lengths, graph.size(step_size, 1)), 2)
    return graph.op("Where", real, step_size, 0.0)


def _scanned(graph: OnnxGraph, step_size: str, value: str, projections: tuple[str, str], decay_rate: Array) -> str:
    """Output of a `skneural.ops.selective_scan` without its direct connection.

    `step_size` and `value` are (batch, steps, channels); the projections, which write to the state of each channel and
    read it, (batch, steps, state_size); `decay_rate` is (state_size, channels).
    """
    written = graph.op("Mul", step_size, value)
    series = [graph.transpose(each, 1, 0, 2) for each in (step_size, written, *projections)]
    first = graph.op("Expand", 0.0, graph.shape(graph.size(value, 0), *decay_rate.shape))
    body = graph.body()
    state = body.input(body.unique("state"), np.float32, (None, *decay_rate.shape))
    sizes = (decay_rate.shape[1],) * 2 + (len(decay_rate),) * 2
    step, to_write, write, read = (body.input(body.unique("step"), np.float32, (None, size)) for size in sizes)
    kept = body.op("Exp", body.op("Mul", body.unsqueeze(step, 1), decay_rate))
    added = body.op("Mul", body.unsqueeze(write, 2), body.unsqueeze(to_write, 1))
    after = body.op("Add", body.op("Mul", kept, state), added)
    y = body.squeeze(body.op("MatMul", body.unsqueeze(read, 1), after), 1)
    loop = Loop(body, after, y, (None, *decay_rate.shape), (None, decay_rate.shape[1]))
    return graph.transpose(add_scan(graph, loop, first, series), 1, 0, 2)


OF_SCANS: dict[type[Layer], Converter] = {MultiheadScan: add_multihead_scan, SelectiveScan: add_selective_scan}
