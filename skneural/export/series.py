"""Layers of series and tokens as nodes: embeddings, positions, pooling, and changes of the order of axes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from skneural.export.graph import IMAGES, ROWS, STEPS, Context, Converter, Graph, Value, reduced_angles
from skneural.layers import (
    AttentionPooling,
    ChosenSteps,
    Embedding,
    GridPositions,
    JoinSteps,
    Layer,
    LearnedPositions,
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


def steps_first(graph: Graph, layer: StepsFirst, p: Tree, x: Value, context: Context) -> Value:
    return Value(graph.transpose(x.name, 1, 0, 2), STEPS, 3)


def rows_first(graph: Graph, layer: RowsFirst, p: Tree, x: Value, context: Context) -> Value:
    if x.axes == IMAGES:
        return Value(graph.transpose(graph.squeeze(x.name, 2), 0, 2, 1), ROWS, 3)
    return Value(graph.transpose(x.name, 1, 0, 2), ROWS, 3)


def one_step(graph: Graph, layer: OneStep, p: Tree, x: Value, context: Context) -> Value:
    return Value(graph.unsqueeze(x.name, 1), ROWS, 3)


def real_steps(graph: Graph, layer: RealSteps, p: Tree, x: Value, context: Context) -> Value:
    """All steps, as they are arranged: the number of rows would depend on the lengths."""
    return x


def mask_of_steps(graph: Graph, x: Value, context: Context) -> str | None:
    """Mask of the real steps that broadcasts to x, boolean; None if all are."""
    if context.lengths is None:
        return None
    real = graph.mask(context.lengths, graph.size(x.name, x.steps))
    return graph.unsqueeze(graph.transpose(real, 1, 0) if x.axes == STEPS else real, 2)


def join_steps(graph: Graph, layer: JoinSteps, p: Tree, x: Value, context: Context) -> Value:
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


def series_statistics(graph: Graph, x: Value, context: Context) -> tuple[str, str, str | None]:
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


def series_normalization(graph: Graph, layer: SeriesNormalization, p: Tree, x: Value, context: Context) -> Value:
    mean, deviation, real = series_statistics(graph, x, context)
    y = graph.op("Div", graph.op("Sub", x.name, mean), deviation)
    return x._replace(name=y if real is None else graph.op("Where", real, y, 0.0))


def step_pooling(graph: Graph, layer: StepPooling, p: Tree, x: Value, context: Context) -> Value:
    if layer.function == "first":
        return Value(graph.take(x.name, 0, 1))
    if layer.function == "last":
        return Value(_last_step(graph, x, context))
    real = mask_of_steps(graph, x, context)
    if layer.function == "max":
        present = x.name if real is None else graph.op("Where", real, x.name, -math.inf)
        return Value(graph.reduce("Max", present, 1))
    if real is None:
        return Value(graph.reduce("Mean", x.name, 1))
    assert context.lengths is not None
    total = graph.reduce("Sum", graph.op("Where", real, x.name, 0.0), 1)
    return Value(graph.op("Div", total, graph.unsqueeze(graph.cast(context.lengths, np.float32), 1)))


def _last_step(graph: Graph, x: Value, context: Context) -> str:
    if context.lengths is None:
        return graph.take(x.name, -1, 1)
    last = graph.unsqueeze(graph.op("Sub", context.lengths, 1), 1)
    return graph.op("GatherND", x.name, last, batch_dims=1)


def attention_pooling(graph: Graph, layer: AttentionPooling, p: Tree, x: Value, context: Context) -> Value:
    hidden = graph.op("Tanh", graph.linear(x.name, p["weight"], p["bias"]))
    scores = graph.op("MatMul", hidden, p["query"][:, np.newaxis])
    real = mask_of_steps(graph, x, context)
    scores = scores if real is None else graph.op("Where", real, scores, -math.inf)
    shares = graph.op("Softmax", scores, axis=1)
    return Value(graph.reduce("Sum", graph.op("Mul", shares, x.name), 1))


def embedding(graph: Graph, layer: Embedding, p: Tree, x: Value, context: Context) -> Value:
    return Value(graph.take(graph.constant(p["table"]), x.name, 0), ROWS, x.rank + 1)


def tied_embedding(graph: Graph, layer: TiedEmbedding, p: Tree, x: Value, context: Context) -> Value:
    vectors = Value(graph.take(graph.constant(p["table"]), x.name, 0), ROWS, x.rank + 1)
    states = graph.layer(layer.inner, p["inner"], vectors, context, "inner")
    rows = graph.layer(layer.rows, p["rows"], states, context, "rows")
    return rows._replace(name=graph.linear(rows.name, p["table"][: layer.vocabulary_size].T, p["bias"]))


def sinusoidal_positions(graph: Graph, layer: SinusoidalPositions, p: Tree, x: Value, context: Context) -> Value:
    """Sines of the position at even and cosines at odd features, of as many steps as there are."""
    n_features = graph.n_features
    frequencies = np.exp(np.arange(0, n_features, 2) * (-math.log(10000.0) / n_features))
    angles = reduced_angles(graph, graph.positions(graph.size(x.name, 1)), np.repeat(frequencies, 2)[:n_features])
    is_sine = np.arange(n_features) % 2 == 0
    table = graph.op("Where", is_sine, graph.op("Sin", angles), graph.op("Cos", angles))
    return x._replace(name=graph.op("Add", x.name, table))


def grid_positions(graph: Graph, layer: GridPositions, p: Tree, x: Value, context: Context) -> Value:
    return x._replace(name=graph.op("Add", x.name, sinusoidal_grid(layer.height, layer.width, graph.n_features, "d")))


def learned_positions(graph: Graph, layer: LearnedPositions, p: Tree, x: Value, context: Context) -> Value:
    table = graph.slice(graph.constant(p["table"]), 0, 0, graph.size(x.name, 1))
    return x._replace(name=graph.op("Add", x.name, table))


def with_class_token(graph: Graph, layer: WithClassToken, p: Tree, x: Value, context: Context) -> Value:
    token = graph.constant(p["token"][np.newaxis, np.newaxis])
    tokens = graph.op("Expand", token, graph.shape(graph.size(x.name, 0), 1, layer.n_features))
    longer = context
    if context.lengths is not None:
        longer = replace(context, lengths=graph.op("Add", context.lengths, 1))
    whole = x._replace(name=graph.op("Concat", tokens, x.name, axis=1))
    return Value(graph.take(graph.layer(layer.inner, p["inner"], whole, longer, "inner").name, 0, 1))


OF_SERIES: dict[type[Layer], Converter] = {
    AttentionPooling: attention_pooling,
    ChosenSteps: real_steps,
    Embedding: embedding,
    GridPositions: grid_positions,
    JoinSteps: join_steps,
    LearnedPositions: learned_positions,
    OneStep: one_step,
    RealSteps: real_steps,
    RowsFirst: rows_first,
    SeriesNormalization: series_normalization,
    SinusoidalPositions: sinusoidal_positions,
    StepPooling: step_pooling,
    StepsFirst: steps_first,
    TiedEmbedding: tied_embedding,
    WithClassToken: with_class_token,
}
