"""Fixed random kernels with a linear model.

Shares count steps at which an output exceeds a threshold, and so a difference in the last digit may change them by a
step. So outputs are computed with the operations of `skneural.ops.fixed_kernels`, in their order and precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.export.graph import OnnxGraph
from skneural.export.inputs import Form, read_series
from skneural.export.outputs import TASKS
from skneural.ops.fixed_kernels import CENTRE, N_KERNELS, PLACES, SIZE, FixedKernels
from skneural.ops.types import Array


def add_rocket(graph: OnnxGraph, model: Any, form: Form) -> None:
    """Predictions from the shares of steps at which the outputs of kernels exceed their biases."""
    given = read_series(graph, model._reader, form)
    lengths = given.context.lengths
    x = _standardized(graph, model, given.x.name, lengths)
    n_steps = graph.size(x, 2)
    if lengths is None:
        lengths = graph.op("Expand", n_steps, graph.size(x, 1))
    kernels, shares, start = model._kernels, [], 0
    for number, n_biases in enumerate(kernels.n_biases.tolist()):
        stop = start + N_KERNELS * n_biases
        with graph.inside(f"dilation_{kernels.dilations[number]}"):
            shares.append(_shares(graph, kernels, number, kernels.biases[start:stop], x, lengths, n_steps))
        start = stop
    features = graph.transpose(graph.op("Concat", *shares, axis=0), 1, 0)
    dtype = np.dtype(model._dtype)
    weight, bias = (graph.constant(each, dtype) for each in (model.coef_.T, model.intercept_))
    raw = graph.op("Add", graph.op("MatMul", graph.cast(features, dtype), weight), bias)
    TASKS[type(model._task)](graph, model._task, graph.cast(raw, np.float32), given)


def _standardized(graph: OnnxGraph, model: Any, x: str, lengths: str | None) -> str:
    """Series of shape (channels, n, steps), zero after the end."""
    greatest, dtype = model._range_of_channels()
    moments = [graph.constant(each, np.float64) for each in (model._moments.mean, model._moments.scale)]
    x = graph.op("Div", graph.op("Sub", graph.cast(x, np.float64), moments[0]), moments[1])
    x = graph.op("Clip", x, *(graph.constant(limit, np.float64) for limit in (-greatest, greatest)))
    x = graph.transpose(graph.cast(x, dtype), 2, 0, 1)
    if lengths is None:
        return x
    return graph.op("Where", graph.mask(lengths, graph.size(x, 2)), x, graph.constant(0.0, dtype))


def _shares(
    graph: OnnxGraph, kernels: FixedKernels, number: int, biases: Array, x: str, lengths: str, n_steps: str
) -> str:
    """Shares of the features of a dilation, of shape (features, n)."""
    dilation, n_biases = int(kernels.dilations[number]), int(kernels.n_biases[number])
    outputs = _outputs(graph, x, kernels.channels[number], dilation, n_steps, biases.dtype)
    edges = np.where(kernels.padded[number], 0, CENTRE * dilation)[:, np.newaxis]
    position = graph.unsqueeze(graph.positions(n_steps), 0)
    after = graph.op("Not", graph.op("Less", position, edges))
    ends = graph.op("Sub", graph.unsqueeze(lengths, 0), edges)
    before = graph.op("Less", graph.unsqueeze(position, 0), graph.unsqueeze(ends, 2))
    valid = graph.op("And", graph.unsqueeze(after, 1), before)
    thresholds = graph.constant(biases.reshape(N_KERNELS, n_biases, 1, 1), biases.dtype)
    above = graph.op("Greater", graph.unsqueeze(outputs, 1), thresholds)
    counted = graph.cast(graph.op("And", above, graph.unsqueeze(valid, 1)), np.float32)
    count = graph.reduce("Sum", counted, 3)
    n_valid = graph.cast(graph.op("Max", graph.op("Sub", ends, edges), 1), np.float32)
    shares = graph.op("Div", count, graph.unsqueeze(n_valid, 1))
    return graph.op("Reshape", shares, graph.shape(N_KERNELS * n_biases, graph.size(x, 1)), allowzero=1)


def _outputs(graph: OnnxGraph, x: str, channels: Array, dilation: int, n_steps: str, dtype: np.dtype[Any]) -> str:
    """A third of the output of each kernel, of shape (84, n, steps)."""
    edge, several = CENTRE * dilation, channels.shape[1] > 1
    # One more channel, of zeros, for kernels that sum fewer channels than others.
    pads = [0, 0, edge, int(several), 0, edge]
    padded = graph.op("Pad", x, pads, graph.constant(0.0, dtype))
    starts = range(0, SIZE * dilation, dilation)
    taps = [graph.slice(padded, 2, start, graph.op("Add", n_steps, start)) for start in starts]
    total = taps[0]
    for tap in taps[1:]:
        total = graph.op("Add", total, tap)
    third = graph.op("Div", total, graph.constant(3.0, dtype))
    joined = graph.op("Concat", *taps, axis=0)
    places = np.array(PLACES).T
    if not several:
        i, j, k = (graph.take(joined, each, 0) for each in places)
        return graph.op("Add", graph.op("Add", i, j), graph.op("Sub", k, third))
    n_channels = channels.shape[1]
    output = ""
    for slot in range(int(channels.sum(axis=1).max())):
        channel = _chosen(channels, slot)
        thirds = graph.take(third, channel, 0)
        output = graph.op("Sub", output, thirds) if output else graph.op("Neg", thirds)
        for each in places:
            output = graph.op("Add", output, graph.take(joined, each * (n_channels + 1) + channel, 0))
    return output


def _chosen(channels: Array, slot: int) -> Array:
    """The channel that each kernel sums as its first, second or later one; behind the last one if there is none."""
    rank = np.cumsum(channels, axis=1)
    is_it = channels & (rank == slot + 1)
    return np.where(is_it.any(axis=1), is_it.argmax(axis=1), channels.shape[1])
