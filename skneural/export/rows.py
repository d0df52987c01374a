"""Layers of rows of features as nodes: dense layers, activations, normalizations, columns of tables, and members."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skneural.export.graph import Converter, GraphContext, GraphValue, OnnxGraph
from skneural.export.links import add_average, add_function
from skneural.layers import (
    Activation,
    BatchNormalization,
    Bias,
    BiasAndSpread,
    CategoryEmbedding,
    Columns,
    Dense,
    Dropout,
    FillMissing,
    GaussianLatent,
    Layer,
    LayerNormalization,
    Limit,
    MemberFactors,
    MemberMean,
    MemberOutputs,
    MissingIndicator,
    OneHot,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    RMSNormalization,
    Scale,
    SmoothClip,
    Standardization,
    TextEmbedding,
    TimeEmbedding,
)
from skneural.ops.segments import ranges, segment_starts
from skneural.ops.types import Array
from skneural.parameters import Tree


def along_features(x: GraphValue, array: Array) -> Array:
    """An array with an element for each feature, in a shape that broadcasts to x."""
    return array[:, np.newaxis, np.newaxis] if x.features == 1 else array


def scaled(graph: OnnxGraph, x: GraphValue, factor: Array, shift: Array) -> GraphValue:
    """``factor * x + shift``, for numbers of each feature in double precision."""
    product = graph.op("Mul", x.name, along_features(x, factor))
    return x._replace(name=graph.op("Add", product, along_features(x, shift)))


def add_unchanged(graph: OnnxGraph, layer: Layer, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return x


def add_dense(graph: OnnxGraph, layer: Dense, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return x._replace(name=graph.linear(x.name, p["weight"], p.get("bias")))


def add_feature_bias(graph: OnnxGraph, layer: Bias, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return x._replace(name=graph.op("Add", x.name, along_features(x, p["bias"])))


def add_bias_and_spread(
    graph: OnnxGraph, layer: BiasAndSpread, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    y = graph.op("Add", x.name, p["bias"][:-1])
    spread = graph.op("Expand", graph.constant(p["bias"][-1:][np.newaxis]), graph.shape(graph.size(y, 0), 1))
    return x._replace(name=graph.op("Concat", y, spread, axis=1))


def add_activation(graph: OnnxGraph, layer: Activation, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return x._replace(name=add_function(graph, layer.function, x.name))


def add_limit(graph: OnnxGraph, layer: Limit, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return x._replace(name=graph.op("Clip", x.name, -layer.limit, layer.limit))


def add_scale(graph: OnnxGraph, layer: Scale, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return x._replace(name=graph.op("Mul", x.name, layer.factor))


def add_batch_normalization(
    graph: OnnxGraph, layer: BatchNormalization, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    gamma, beta, mean, variance = (p[name].astype(np.float64) for name in ("gamma", "beta", "mean", "variance"))
    factor = gamma / np.sqrt(variance + layer.epsilon)
    return scaled(graph, x, factor, beta - mean * factor)


def add_standardization(
    graph: OnnxGraph, layer: Standardization, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    inverse = 1.0 / p["scale"]  # in the precision of the model, as the product of two large numbers may cancel
    return scaled(graph, x, inverse, -p["mean"] * inverse)


def add_layer_normalization(
    graph: OnnxGraph, layer: LayerNormalization, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    weights, options = (p["gamma"], p["beta"]), dict[str, Any](axis=-1, epsilon=layer.epsilon)
    if x.features == -1:
        return x._replace(name=graph.op("LayerNormalization", x.name, *weights, **options))
    y = graph.op("LayerNormalization", graph.transpose(x.name, 0, 2, 3, 1), *weights, **options)
    return x._replace(name=graph.transpose(y, 0, 3, 1, 2))


def add_rms_normalization(
    graph: OnnxGraph, layer: RMSNormalization, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    square = graph.reduce("Mean", graph.op("Mul", x.name, x.name), x.features, keepdims=True)
    root = graph.op("Sqrt", graph.op("Add", square, layer.epsilon))
    return x._replace(name=graph.op("Mul", graph.op("Div", x.name, root), along_features(x, p["gamma"])))


def add_columns(graph: OnnxGraph, layer: Columns, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return x._replace(name=graph.take(x.name, list(layer.numbers), -1))


def add_missing_indicator(
    graph: OnnxGraph, layer: MissingIndicator, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    return x._replace(name=graph.cast(graph.op("IsNaN", x.name), np.float32))


def add_fill_missing(graph: OnnxGraph, layer: FillMissing, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return x._replace(name=graph.op("Where", graph.op("IsNaN", x.name), 0.0, x.name))


def add_smooth_clip(graph: OnnxGraph, layer: SmoothClip, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    """``x / hypot(x / bound, 1)``, whose squares are of numbers up to one, and so do not overflow."""
    ratio = graph.op("Abs", graph.op("Mul", x.name, 1 / layer.bound))
    greater = graph.op("Max", ratio, 1.0)
    parts = [graph.op("Div", each, greater) for each in (ratio, graph.constant(1.0))]
    squares = [graph.op("Mul", part, part) for part in parts]
    root = graph.op("Mul", greater, graph.op("Sqrt", graph.op("Add", *squares)))
    return x._replace(name=graph.op("Div", x.name, root))


def add_one_hot(graph: OnnxGraph, layer: OneHot, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    feature = np.repeat(np.arange(len(layer.sizes)), layer.sizes)
    code = ranges(0, np.array(layer.sizes, np.intp)).astype(np.float32)
    equal = graph.op("Equal", graph.take(graph.op("Round", x.name), feature, -1), code)
    return x._replace(name=graph.cast(equal, np.float32))


def add_category_embedding(
    graph: OnnxGraph, layer: CategoryEmbedding, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    code = graph.cast(graph.op("Round", x.name), np.int64)
    row = graph.op("Add", graph.op("Max", code, 0), segment_starts(np.array(layer.sizes, np.intp)))
    known = graph.unsqueeze(graph.cast(graph.op("GreaterOrEqual", code, 0), np.float32), 2)
    vectors = graph.op("Mul", graph.take(graph.constant(p["table"]), row, 0), known)
    return x._replace(name=graph.reshape(vectors, 0, len(layer.sizes) * layer.size))


def add_text_embedding(
    graph: OnnxGraph, layer: TextEmbedding, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    word = graph.cast(graph.op("Round", x.name), np.int64)
    known = graph.cast(graph.op("GreaterOrEqual", word, 0), np.float32)
    vectors = graph.op(
        "Mul", graph.take(graph.constant(p["table"]), graph.op("Max", word, 0), 0), graph.unsqueeze(known, 2)
    )
    n_words = graph.op("Max", graph.reduce("Sum", known, 1, keepdims=True), 1.0)
    return x._replace(name=graph.op("Div", graph.reduce("Sum", vectors, 1, keepdims=False), n_words))


def add_periodic_embedding(
    graph: OnnxGraph, layer: PeriodicEmbedding, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    turns = graph.op("Add", graph.op("Mul", graph.unsqueeze(x.name, 2), p["frequency"]), p["phase"])
    waves = graph.op("Cos", graph.op("Mul", turns, 2 * math.pi))
    return _with_number(graph, waves, p["weight"], x, layer.n_features * layer.size)


def add_piecewise_linear_embedding(
    graph: OnnxGraph, layer: PiecewiseLinearEmbedding, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    edges = p["edges"]
    real = np.isfinite(edges[:, 1:])
    start, end = np.where(real, edges[:, :-1], 0.0), np.where(real, edges[:, 1:], 1.0)
    inverse = np.where(real, 1.0 / (end - start), 0.0)
    position = graph.op("Mul", graph.op("Sub", graph.unsqueeze(x.name, 2), start), inverse)
    through = graph.op("Clip", position, 0.0, 1.0)
    return _with_number(graph, through, p["weight"], x, layer.n_features * layer.size)


def _with_number(graph: OnnxGraph, encoded: str, weight: Array, x: GraphValue, n_out: int) -> GraphValue:
    """The linear map of the encoding of each feature, (batch, features, n), with the number itself behind it."""
    by_feature = graph.op("MatMul", graph.transpose(encoded, 1, 0, 2), weight)
    vectors = graph.transpose(by_feature, 1, 0, 2)
    y = graph.op("Concat", vectors, graph.unsqueeze(x.name, 2), axis=2)
    return x._replace(name=graph.reshape(y, 0, n_out))


def add_member_factors(
    graph: OnnxGraph, layer: MemberFactors, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    each = x.name if x.rank == 3 else graph.unsqueeze(x.name, 1)
    return x._replace(name=graph.op("Mul", each, p["factor"]), rank=3)


def add_member_outputs(
    graph: OnnxGraph, layer: MemberOutputs, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    by_member = graph.op("MatMul", graph.transpose(x.name, 1, 0, 2), p["weight"])
    raw = graph.op("Add", by_member, p["bias"][:, np.newaxis])
    return x._replace(name=add_average(graph, raw, layer.link, 0), rank=2)


def add_member_mean(graph: OnnxGraph, layer: MemberMean, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    each = graph.reshape(x.name, 0, layer.n_members, layer.n_out)
    return x._replace(name=add_average(graph, each, "identity", 1))


def add_gaussian_latent(
    graph: OnnxGraph, layer: GaussianLatent, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    return x._replace(name=graph.slice(x.name, 1, 0, layer.size))


def add_time_embedding(
    graph: OnnxGraph, layer: TimeEmbedding, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    frequencies = np.geomspace(1.0, layer.fastest, layer.size // 2)
    angles = graph.op("Mul", graph.slice(x.name, -1, -1), frequencies)
    waves = [graph.op(kind, angles) for kind in ("Sin", "Cos")]
    return x._replace(name=graph.op("Concat", graph.slice(x.name, -1, 0, -1), *waves, axis=-1))


OF_ROWS: dict[type[Layer], Converter] = {
    Activation: add_activation,
    BatchNormalization: add_batch_normalization,
    Bias: add_feature_bias,
    BiasAndSpread: add_bias_and_spread,
    CategoryEmbedding: add_category_embedding,
    Columns: add_columns,
    Dense: add_dense,
    Dropout: add_unchanged,
    FillMissing: add_fill_missing,
    GaussianLatent: add_gaussian_latent,
    LayerNormalization: add_layer_normalization,
    Limit: add_limit,
    MemberFactors: add_member_factors,
    MemberMean: add_member_mean,
    MemberOutputs: add_member_outputs,
    MissingIndicator: add_missing_indicator,
    OneHot: add_one_hot,
    PeriodicEmbedding: add_periodic_embedding,
    PiecewiseLinearEmbedding: add_piecewise_linear_embedding,
    RMSNormalization: add_rms_normalization,
    Scale: add_scale,
    SmoothClip: add_smooth_clip,
    TextEmbedding: add_text_embedding,
    Standardization: add_standardization,
    TimeEmbedding: add_time_embedding,
}
