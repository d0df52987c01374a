"""Layers of rows of features as nodes: dense layers, activations, normalizations, columns of tables, and members."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skneural.export.graph import Context, Converter, Graph, Value
from skneural.export.links import ACTIVATIONS, average
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
    TimeEmbedding,
)
from skneural.ops.segments import ranges, segment_starts
from skneural.ops.types import Array
from skneural.parameters import Tree


def along_features(x: Value, array: Array) -> Array:
    """An array with an element for each feature, in a shape that broadcasts to x."""
    return array[:, np.newaxis, np.newaxis] if x.features == 1 else array


def scaled(graph: Graph, x: Value, factor: Array, shift: Array) -> Value:
    """``factor * x + shift``, for numbers of each feature in double precision."""
    product = graph.op("Mul", x.name, along_features(x, factor))
    return x._replace(name=graph.op("Add", product, along_features(x, shift)))


def unchanged(graph: Graph, layer: Layer, p: Tree, x: Value, context: Context) -> Value:
    return x


def dense(graph: Graph, layer: Dense, p: Tree, x: Value, context: Context) -> Value:
    return x._replace(name=graph.linear(x.name, p["weight"], p.get("bias")))


def bias(graph: Graph, layer: Bias, p: Tree, x: Value, context: Context) -> Value:
    return x._replace(name=graph.op("Add", x.name, along_features(x, p["bias"])))


def bias_and_spread(graph: Graph, layer: BiasAndSpread, p: Tree, x: Value, context: Context) -> Value:
    y = graph.op("Add", x.name, p["bias"][:-1])
    spread = graph.op("Expand", graph.constant(p["bias"][-1:][np.newaxis]), graph.shape(graph.size(y, 0), 1))
    return x._replace(name=graph.op("Concat", y, spread, axis=1))


def activation(graph: Graph, layer: Activation, p: Tree, x: Value, context: Context) -> Value:
    return x._replace(name=ACTIVATIONS[layer.function](graph, x.name))


def limit(graph: Graph, layer: Limit, p: Tree, x: Value, context: Context) -> Value:
    return x._replace(name=graph.op("Clip", x.name, -layer.limit, layer.limit))


def scale(graph: Graph, layer: Scale, p: Tree, x: Value, context: Context) -> Value:
    return x._replace(name=graph.op("Mul", x.name, layer.factor))


def batch_normalization(graph: Graph, layer: BatchNormalization, p: Tree, x: Value, context: Context) -> Value:
    gamma, beta, mean, variance = (p[name].astype(np.float64) for name in ("gamma", "beta", "mean", "variance"))
    factor = gamma / np.sqrt(variance + layer.epsilon)
    return scaled(graph, x, factor, beta - mean * factor)


def standardization(graph: Graph, layer: Standardization, p: Tree, x: Value, context: Context) -> Value:
    inverse = 1.0 / p["scale"]  # in the precision of the model, as the product of two large numbers may cancel
    return scaled(graph, x, inverse, -p["mean"] * inverse)


def layer_normalization(graph: Graph, layer: LayerNormalization, p: Tree, x: Value, context: Context) -> Value:
    weights, options = (p["gamma"], p["beta"]), dict[str, Any](axis=-1, epsilon=layer.epsilon)
    if x.features == -1:
        return x._replace(name=graph.op("LayerNormalization", x.name, *weights, **options))
    y = graph.op("LayerNormalization", graph.transpose(x.name, 0, 2, 3, 1), *weights, **options)
    return x._replace(name=graph.transpose(y, 0, 3, 1, 2))


def rms_normalization(graph: Graph, layer: RMSNormalization, p: Tree, x: Value, context: Context) -> Value:
    square = graph.reduce("Mean", graph.op("Mul", x.name, x.name), x.features, keepdims=True)
    root = graph.op("Sqrt", graph.op("Add", square, layer.epsilon))
    return x._replace(name=graph.op("Mul", graph.op("Div", x.name, root), along_features(x, p["gamma"])))


def columns(graph: Graph, layer: Columns, p: Tree, x: Value, context: Context) -> Value:
    return x._replace(name=graph.take(x.name, list(layer.numbers), -1))


def missing_indicator(graph: Graph, layer: MissingIndicator, p: Tree, x: Value, context: Context) -> Value:
    return x._replace(name=graph.cast(graph.op("IsNaN", x.name), np.float32))


def fill_missing(graph: Graph, layer: FillMissing, p: Tree, x: Value, context: Context) -> Value:
    return x._replace(name=graph.op("Where", graph.op("IsNaN", x.name), 0.0, x.name))


def smooth_clip(graph: Graph, layer: SmoothClip, p: Tree, x: Value, context: Context) -> Value:
    """``x / hypot(x / bound, 1)``, whose squares are of numbers up to one, and so do not overflow."""
    ratio = graph.op("Abs", graph.op("Mul", x.name, 1 / layer.bound))
    greater = graph.op("Max", ratio, 1.0)
    parts = [graph.op("Div", each, greater) for each in (ratio, graph.constant(1.0))]
    squares = [graph.op("Mul", part, part) for part in parts]
    root = graph.op("Mul", greater, graph.op("Sqrt", graph.op("Add", *squares)))
    return x._replace(name=graph.op("Div", x.name, root))


def one_hot(graph: Graph, layer: OneHot, p: Tree, x: Value, context: Context) -> Value:
    feature = np.repeat(np.arange(len(layer.sizes)), layer.sizes)
    code = ranges(0, np.array(layer.sizes, np.intp)).astype(np.float32)
    equal = graph.op("Equal", graph.take(graph.op("Round", x.name), feature, -1), code)
    return x._replace(name=graph.cast(equal, np.float32))


def category_embedding(graph: Graph, layer: CategoryEmbedding, p: Tree, x: Value, context: Context) -> Value:
    code = graph.cast(graph.op("Round", x.name), np.int64)
    row = graph.op("Add", graph.op("Max", code, 0), segment_starts(np.array(layer.sizes, np.intp)))
    known = graph.unsqueeze(graph.cast(graph.op("GreaterOrEqual", code, 0), np.float32), 2)
    vectors = graph.op("Mul", graph.take(graph.constant(p["table"]), row, 0), known)
    return x._replace(name=graph.reshape(vectors, 0, len(layer.sizes) * layer.size))


def periodic_embedding(graph: Graph, layer: PeriodicEmbedding, p: Tree, x: Value, context: Context) -> Value:
    turns = graph.op("Add", graph.op("Mul", graph.unsqueeze(x.name, 2), p["frequency"]), p["phase"])
    waves = graph.op("Cos", graph.op("Mul", turns, 2 * math.pi))
    return _with_number(graph, waves, p["weight"], x, layer.n_features * layer.size)


def piecewise_linear_embedding(
    graph: Graph, layer: PiecewiseLinearEmbedding, p: Tree, x: Value, context: Context
) -> Value:
    edges = p["edges"]
    real = np.isfinite(edges[:, 1:])
    start, end = np.where(real, edges[:, :-1], 0.0), np.where(real, edges[:, 1:], 1.0)
    inverse = np.where(real, 1.0 / (end - start), 0.0)
    position = graph.op("Mul", graph.op("Sub", graph.unsqueeze(x.name, 2), start), inverse)
    through = graph.op("Clip", position, 0.0, 1.0)
    return _with_number(graph, through, p["weight"], x, layer.n_features * layer.size)


def _with_number(graph: Graph, encoded: str, weight: Array, x: Value, n_out: int) -> Value:
    """The linear map of the encoding of each feature, (batch, features, n), with the number itself behind it."""
    by_feature = graph.op("MatMul", graph.transpose(encoded, 1, 0, 2), weight)
    vectors = graph.transpose(by_feature, 1, 0, 2)
    y = graph.op("Concat", vectors, graph.unsqueeze(x.name, 2), axis=2)
    return x._replace(name=graph.reshape(y, 0, n_out))


def member_factors(graph: Graph, layer: MemberFactors, p: Tree, x: Value, context: Context) -> Value:
    each = x.name if x.rank == 3 else graph.unsqueeze(x.name, 1)
    return x._replace(name=graph.op("Mul", each, p["factor"]), rank=3)


def member_outputs(graph: Graph, layer: MemberOutputs, p: Tree, x: Value, context: Context) -> Value:
    by_member = graph.op("MatMul", graph.transpose(x.name, 1, 0, 2), p["weight"])
    raw = graph.op("Add", by_member, p["bias"][:, np.newaxis])
    return x._replace(name=average(graph, raw, layer.link, 0), rank=2)


def member_mean(graph: Graph, layer: MemberMean, p: Tree, x: Value, context: Context) -> Value:
    each = graph.reshape(x.name, 0, layer.n_members, layer.n_out)
    return x._replace(name=average(graph, each, "identity", 1))


def gaussian_latent(graph: Graph, layer: GaussianLatent, p: Tree, x: Value, context: Context) -> Value:
    return x._replace(name=graph.slice(x.name, 1, 0, layer.size))


def time_embedding(graph: Graph, layer: TimeEmbedding, p: Tree, x: Value, context: Context) -> Value:
    frequencies = np.geomspace(1.0, layer.fastest, layer.size // 2)
    angles = graph.op("Mul", graph.slice(x.name, -1, -1), frequencies)
    waves = [graph.op(kind, angles) for kind in ("Sin", "Cos")]
    return x._replace(name=graph.op("Concat", graph.slice(x.name, -1, 0, -1), *waves, axis=-1))


OF_ROWS: dict[type[Layer], Converter] = {
    Activation: activation,
    BatchNormalization: batch_normalization,
    Bias: bias,
    BiasAndSpread: bias_and_spread,
    CategoryEmbedding: category_embedding,
    Columns: columns,
    Dense: dense,
    Dropout: unchanged,
    FillMissing: fill_missing,
    GaussianLatent: gaussian_latent,
    LayerNormalization: layer_normalization,
    Limit: limit,
    MemberFactors: member_factors,
    MemberMean: member_mean,
    MemberOutputs: member_outputs,
    MissingIndicator: missing_indicator,
    OneHot: one_hot,
    PeriodicEmbedding: periodic_embedding,
    PiecewiseLinearEmbedding: piecewise_linear_embedding,
    RMSNormalization: rms_normalization,
    Scale: scale,
    SmoothClip: smooth_clip,
    Standardization: standardization,
    TimeEmbedding: time_embedding,
}
