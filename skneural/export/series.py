"""Layers of series and tokens as nodes: embeddings, positions, pooling, and changes of the order of axes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from skneural.export.graph import IMAGES, ROWS, STEPS, Converter, GraphContext, GraphValue, OnnxGraph, reduced_angles
from skneural.layers import (
    AttentionPooling,
    ChosenSteps,
    Embedding,
    GridPositions,
    JoinSteps,
    Layer,
    LearnedPositions,
    MeanEmbedding,
    OneStep,
    RealSteps,
    RowsFirst,
    SeriesNormalization,
    SinusoidalPositions,
    StepPooling,
    StepsFirst,
    TiedEmbedding,
    WithClassToken,
)
from skneural.ops.normalize_series import LEAST_SHARE_OF_SIZE
from skneural.ops.positions import sinusoidal_grid
from skneural.parameters import Tree


def add_steps_first(graph: OnnxGraph, layer: StepsFirst, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return GraphValue(graph.transpose(x.name, 1, 0, 2), STEPS, 3)


def add_rows_first(graph: OnnxGraph, layer: RowsFirst, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    if x.axes == IMAGES:
        return GraphValue(graph.transpose(graph.squeeze(x.name, 2), 0, 2, 1), ROWS, 3)
    return GraphValue(graph.transpose(x.name, 1, 0, 2), ROWS, 3)


def add_one_step(graph: OnnxGraph, layer: OneStep, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return GraphValue(graph.unsqueeze(x.name, 1), ROWS, 3)


def add_real_steps(graph: OnnxGraph, layer: RealSteps, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    """All steps, as they are arranged: the number of rows would depend on the lengths."""
    return x


def mask_of_steps(graph: OnnxGraph, x: GraphValue, context: GraphContext) -> str | None:
    """Mask of the real steps that broadcasts to x, boolean; None if all are."""
    if context.lengths is None:
        return None
    real = graph.mask(context.lengths, graph.size(x.name, x.steps))
    return graph.unsqueeze(graph.transpose(real, 1, 0) if x.axes == STEPS else real, 2)


def add_join_steps(graph: OnnxGraph, layer: JoinSteps, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    real = mask_of_steps(graph, x, context)
    known = x.name if real is None else graph.op("Where", real, x.name, 0.0)
    n, joined = graph.size(known, x.steps), layer.n_joined
    n_after = graph.op("Div", graph.op("Add", n, joined - 1), joined)
    missing = graph.op("Sub", graph.op("Mul", n_after, joined), n)
    nothing = graph.constant([0])
    whole = graph.op("Pad", known, graph.op("Concat", nothing, missing, axis=0), 0.0, [x.steps])
    features = graph.op("Mul", graph.size(x.name, 2), joined)
    batch = graph.size(x.name, 1 - x.steps)
    if x.axes == STEPS:
        parts = graph.op("Reshape", whole, graph.shape(n_after, joined, batch, graph.size(x.name, 2)), allowzero=1)
        whole, shape = graph.transpose(parts, 0, 2, 1, 3), graph.shape(n_after, batch, features)
    else:
        shape = graph.shape(batch, n_after, features)
    return x._replace(name=graph.op("Reshape", whole, shape, allowzero=1))


def add_series_statistics(graph: OnnxGraph, x: GraphValue, context: GraphContext) -> tuple[str, str, str | None]:
    """Mean and deviation of each feature of each series, (batch, 1, features), and the mask of the real steps."""
    real = mask_of_steps(graph, x, context)
    if real is None:
        n = graph.cast(graph.size(x.name, 1), np.float32)
        known = x.name
    else:
        assert context.lengths is not None
        n = graph.unsqueeze(graph.cast(context.lengths, np.float32), 1, 2)
        known = graph.op("Where", real, x.name, 0.0)
    mean = graph.op("Div", graph.reduce("Sum", known, 1, keepdims=True), n)
    centred = graph.op("Sub", x.name, mean)
    centred = centred if real is None else graph.op("Where", real, centred, 0.0)
    squares = graph.reduce("Sum", graph.op("Mul", centred, centred), 1, keepdims=True)
    deviation = graph.op("Sqrt", graph.op("Div", squares, n))
    least = graph.op("Mul", graph.op("Abs", mean), LEAST_SHARE_OF_SIZE)
    return mean, graph.op("Where", graph.op("Greater", deviation, least), deviation, 1.0), real


def add_series_normalization(
    graph: OnnxGraph, layer: SeriesNormalization, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    mean, deviation, real = add_series_statistics(graph, x, context)
    y = graph.op("Div", graph.op("Sub", x.name, mean), deviation)
    return x._replace(name=y if real is None else graph.op("Where", real, y, 0.0))


def add_step_pooling(graph: OnnxGraph, layer: StepPooling, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    if layer.function == "first":
        return GraphValue(graph.take(x.name, 0, 1))
    if layer.function == "last":
        return GraphValue(_last_step(graph, x, context))
    real = mask_of_steps(graph, x, context)
    if layer.function == "max":
        present = x.name if real is None else graph.op("Where", real, x.name, -math.inf)
        return GraphValue(graph.reduce("Max", present, 1))
    if real is None:
        return GraphValue(graph.reduce("Mean", x.name, 1))
    assert context.lengths is not None
    total = graph.reduce("Sum", graph.op("Where", real, x.name, 0.0), 1)
    return GraphValue(graph.op("Div", total, graph.unsqueeze(graph.cast(context.lengths, np.float32), 1)))


def _last_step(graph: OnnxGraph, x: GraphValue, context: GraphContext) -> str:
    if context.lengths is None:
        return graph.take(x.name, -1, 1)
    last = graph.unsqueeze(graph.op("Sub", context.lengths, 1), 1)
    return graph.op("GatherND", x.name, last, batch_dims=1)


def add_attention_pooling(
    graph: OnnxGraph, layer: AttentionPooling, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    hidden = graph.op("Tanh", graph.linear(x.name, p["weight"], p["bias"]))
    scores = graph.op("MatMul", hidden, p["query"][:, np.newaxis])
    real = mask_of_steps(graph, x, context)
    scores = scores if real is None else graph.op("Where", real, scores, -math.inf)
    shares = graph.op("Softmax", scores, axis=1)
    return GraphValue(graph.reduce("Sum", graph.op("Mul", shares, x.name), 1))


def add_embedding(graph: OnnxGraph, layer: Embedding, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return GraphValue(graph.take(graph.constant(p["table"]), x.name, 0), ROWS, x.rank + 1)


def add_mean_embedding(
    graph: OnnxGraph, layer: MeanEmbedding, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    vectors = graph.take(graph.constant(p["table"]), x.name, 0)
    if context.lengths is None:
        return GraphValue(graph.reduce("Mean", vectors, 1))
    real = graph.mask(context.lengths, graph.size(x.name, 1))
    total = graph.reduce("Sum", graph.op("Where", graph.unsqueeze(real, 2), vectors, 0.0), 1)
    count = graph.cast(graph.op("Max", context.lengths, 1), np.float32)
    return GraphValue(graph.op("Div", total, graph.unsqueeze(count, 1)))


def add_tied_embedding(
    graph: OnnxGraph, layer: TiedEmbedding, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    vectors = GraphValue(graph.take(graph.constant(p["table"]), x.name, 0), ROWS, x.rank + 1)
    states = graph.layer(layer.inner, p["inner"], vectors, context, "inner")
    rows = graph.layer(layer.rows, p["rows"], states, context, "rows")
    return rows._replace(name=graph.linear(rows.name, p["table"][: layer.vocabulary_size].T, p["bias"]))


def add_sinusoidal_positions(
    graph: OnnxGraph, layer: SinusoidalPositions, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    """Sines of the position at even and cosines at odd features, of as many steps as there are."""
    n_features = graph.n_features
    frequencies = np.exp(np.arange(0, n_features, 2) * (-math.log(10000.0) / n_features))
    angles = reduced_angles(graph, graph.positions(graph.size(x.name, 1)), np.repeat(frequencies, 2)[:n_features])
    is_sine = np.arange(n_features) % 2 == 0
    table = graph.op("Where", is_sine, graph.op("Sin", angles), graph.op("Cos", angles))
    return x._replace(name=graph.op("Add", x.name, table))


def add_grid_positions(
    graph: OnnxGraph, layer: GridPositions, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    return x._replace(name=graph.op("Add", x.name, sinusoidal_grid(layer.height, layer.width, graph.n_features, "d")))


def add_learned_positions(
    graph: OnnxGraph, layer: LearnedPositions, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    table = graph.slice(graph.constant(p["table"]), 0, 0, graph.size(x.name, 1))
    return x._replace(name=graph.op("Add", x.name, table))


def add_with_class_token(
    graph: OnnxGraph, layer: WithClassToken, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    token = graph.constant(p["token"][np.newaxis, np.newaxis])
    tokens = graph.op("Expand", token, graph.shape(graph.size(x.name, 0), 1, layer.n_features))
    longer = context
    if context.lengths is not None:
        longer = replace(context, lengths=graph.op("Add", context.lengths, 1))
    whole = x._replace(name=graph.op("Concat", tokens, x.name, axis=1))
    return GraphValue(graph.take(graph.layer(layer.inner, p["inner"], whole, longer, "inner").name, 0, 1))


OF_SERIES: dict[type[Layer], Converter] = {
    AttentionPooling: add_attention_pooling,
    ChosenSteps: add_real_steps,
    Embedding: add_embedding,
    MeanEmbedding: add_mean_embedding,
    GridPositions: add_grid_positions,
    JoinSteps: add_join_steps,
    LearnedPositions: add_learned_positions,
    OneStep: add_one_step,
    RealSteps: add_real_steps,
    RowsFirst: add_rows_first,
    SeriesNormalization: add_series_normalization,
    SinusoidalPositions: add_sinusoidal_positions,
    StepPooling: add_step_pooling,
    StepsFirst: add_steps_first,
    TiedEmbedding: add_tied_embedding,
    WithClassToken: add_with_class_token,
}
