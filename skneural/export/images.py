"""Layers of images, and of series as images of height one, as nodes. Images are (batch, channels, height, width)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skneural.export.graph import IMAGES, ROWS, STEPS, Context, Converter, Graph, Value
from skneural.layers import (
    BatchLast,
    Convolution,
    DepthwiseConvolution,
    FilterBank,
    Flatten,
    GlobalPooling,
    ImageColumns,
    ImagePositions,
    Layer,
    LocalResponseNormalization,
    Mask,
    PixelScores,
    Pooling,
    RandomBrightness,
    RandomFlip,
    RandomRotation,
    RandomShift,
    TransposedConvolution,
    Unflatten,
)
from skneural.ops.filters import LEAST_ENERGY
from skneural.ops.types import Array
from skneural.ops.window import Pair
from skneural.parameters import Tree

LEAST = float(np.finfo(np.float32).min)


def unchanged(graph: Graph, layer: Layer, p: Tree, x: Value, context: Context) -> Value:
    return x


def batch_last(graph: Graph, layer: BatchLast, p: Tree, x: Value, context: Context) -> Value:
    """From rows to channels first: the order of axes in which ONNX convolves."""
    if x.rank == 3:
        return Value(graph.unsqueeze(graph.transpose(x.name, 0, 2, 1), 2), IMAGES, 4)
    return Value(graph.transpose(x.name, 0, 3, 1, 2), IMAGES, 4)


def flatten(graph: Graph, layer: Flatten, p: Tree, x: Value, context: Context) -> Value:
    return Value(graph.reshape(graph.transpose(x.name, 0, 2, 1, 3), 0, graph.n_features))


def unflatten(graph: Graph, layer: Unflatten, p: Tree, x: Value, context: Context) -> Value:
    images = graph.reshape(x.name, 0, layer.height, layer.channels, layer.width)
    return Value(graph.transpose(images, 0, 2, 1, 3), IMAGES, 4)


def image_columns(graph: Graph, layer: ImageColumns, p: Tree, x: Value, context: Context) -> Value:
    columns = graph.transpose(x.name, 3, 0, 2, 1)
    features = graph.op("Mul", graph.size(columns, 2), graph.size(columns, 3))
    shape = graph.shape(graph.size(columns, 0), graph.size(columns, 1), features)
    return Value(graph.op("Reshape", columns, shape, allowzero=1), STEPS, 3)


def image_positions(graph: Graph, layer: ImagePositions, p: Tree, x: Value, context: Context) -> Value:
    pixels = graph.transpose(x.name, 0, 2, 3, 1)
    n = graph.op("Mul", graph.size(pixels, 1), graph.size(pixels, 2))
    shape = graph.shape(graph.size(pixels, 0), n, graph.size(pixels, 3))
    return Value(graph.op("Reshape", pixels, shape, allowzero=1), ROWS, 3)


def real_pixels(graph: Graph, x: Value, context: Context) -> str | None:
    """Mask of the real steps or pixels of images, boolean, in a shape that broadcasts to them; None if all are."""
    if context.padding is not None:
        height, width = (_real_along(graph, x, context, axis) for axis in (0, 1))
        return graph.op("And", graph.unsqueeze(height, 1), graph.unsqueeze(width, 0))
    return steps_mask(graph, x, context)


def steps_mask(graph: Graph, x: Value, context: Context) -> str | None:
    """Mask of the real steps of series that are images of height one."""
    if context.lengths is None:
        return None
    return graph.unsqueeze(graph.mask(context.lengths, graph.size(x.name, 3)), 1, 2)


def _real_along(graph: Graph, x: Value, context: Context, axis: int) -> str:
    """Mask along the height or the width; a pixel of a smaller feature map that is real in part is real."""
    assert context.padding is not None
    n, real, padded = graph.size(x.name, 2 + axis), context.padding.real[axis], context.padding.padded[axis]
    product = graph.op("Mul", real, n)
    n_real = graph.op("Div", graph.op("Sub", graph.op("Add", product, padded), 1), padded)
    return graph.op("Less", graph.positions(n), n_real)


def mask(graph: Graph, layer: Mask, p: Tree, x: Value, context: Context) -> Value:
    real = real_pixels(graph, x, context)
    return x if real is None else x._replace(name=graph.op("Where", real, x.name, 0.0))


def _geometry(size: Pair, stride: Pair, dilation: Pair, padding: str) -> dict[str, Any]:
    """Attributes of a convolution or pooling."""
    geometry: dict[str, Any] = {"kernel_shape": list(size), "strides": list(stride), "dilations": list(dilation)}
    reach = [d * (n - 1) for d, n in zip(dilation, size, strict=True)]
    if padding == "valid":
        return geometry
    if stride == (1, 1):  # independent of the size of the images
        before = [reach[0] // 2, reach[1] if padding == "causal" else reach[1] // 2]
        return geometry | {"pads": [*before, *(whole - part for whole, part in zip(reach, before, strict=True))]}
    return geometry | {"auto_pad": "SAME_UPPER"}


def convolution(graph: Graph, layer: Convolution, p: Tree, x: Value, context: Context) -> Value:
    return _convolved(graph, layer, p, x, 1)


def depthwise_convolution(graph: Graph, layer: DepthwiseConvolution, p: Tree, x: Value, context: Context) -> Value:
    return _convolved(graph, layer, p, x, layer.channels)


def _convolved(graph: Graph, layer: Convolution | DepthwiseConvolution, p: Tree, x: Value, group: int) -> Value:
    geometry = _geometry(layer.kernel_size, layer.stride, layer.dilation, layer.padding)
    bias = [p["bias"]] if "bias" in p else []
    return x._replace(name=graph.op("Conv", x.name, _kernel(p["kernel"]), *bias, group=group, **geometry))


def _kernel(kernel: Array) -> Array:
    """(height, width, in, out) as (out, in, height, width)."""
    return kernel.transpose(3, 2, 0, 1)


def transposed_convolution(graph: Graph, layer: TransposedConvolution, p: Tree, x: Value, context: Context) -> Value:
    bias = [p["bias"]] if "bias" in p else []
    size, stride = list(layer.kernel_size), list(layer.stride)
    y = graph.op("ConvTranspose", x.name, _kernel(p["kernel"]), *bias, kernel_shape=size, strides=stride)
    for axis, n in enumerate(layer.image_size or ()):  # pixels beyond are cut off at the end
        y = graph.slice(y, 2 + axis, 0, n)
    return x._replace(name=y)


def filter_bank(graph: Graph, layer: FilterBank, p: Tree, x: Value, context: Context) -> Value:
    geometry = _geometry(layer.size, (1, 1), (1, 1), "same")
    phases = [graph.op("Conv", x.name, _kernel(p[phase]), **geometry) for phase in ("even", "odd")]
    energy = graph.op("Add", *(graph.op("Mul", phase, phase) for phase in phases))
    return x._replace(name=graph.op("Sqrt", graph.op("Add", energy, LEAST_ENERGY)))


def local_response_normalization(
    graph: Graph, layer: LocalResponseNormalization, p: Tree, x: Value, context: Context
) -> Value:
    alpha = layer.alpha * layer.n_channels  # which ONNX divides by the number of channels
    return x._replace(
        name=graph.op("LRN", x.name, size=layer.n_channels, bias=layer.bias, alpha=alpha, beta=layer.beta)
    )


def pooling(graph: Graph, layer: Pooling, p: Tree, x: Value, context: Context) -> Value:
    geometry = _geometry(layer.size, layer.stride, (1, 1), layer.padding)
    del geometry["dilations"]
    if layer.function == "average":
        return x._replace(name=graph.op("AveragePool", x.name, count_include_pad=0, **geometry))
    real = steps_mask(graph, x, context)
    present = x.name if real is None else graph.op("Where", real, x.name, LEAST)
    y = graph.op("MaxPool", present, **geometry)
    return x._replace(name=y if real is None else graph.op("Where", real, y, 0.0))


def global_pooling(graph: Graph, layer: GlobalPooling, p: Tree, x: Value, context: Context) -> Value:
    real = steps_mask(graph, x, context)
    if layer.function == "max":
        present = x.name if real is None else graph.op("Where", real, x.name, -math.inf)
        return Value(graph.reduce("Max", present, 2, 3))
    if real is None:
        return Value(graph.reduce("Mean", x.name, 2, 3))
    assert context.lengths is not None
    total = graph.reduce("Sum", graph.op("Where", real, x.name, 0.0), 2, 3)
    n = graph.op("Mul", graph.size(x.name, 2), context.lengths)
    return Value(graph.op("Div", total, graph.unsqueeze(graph.cast(n, "f4"), 1)))


def pixel_scores(graph: Graph, layer: PixelScores, p: Tree, x: Value, context: Context) -> Value:
    """Scores of the pixels of each image, (batch, height, width, n_out), without padding."""
    y = graph.layer(layer.inner, p["inner"], x, context, "inner").name
    if context.padding is not None:
        for axis, n in enumerate(context.padding.real):
            y = graph.slice(y, 2 + axis, 0, n)
    return Value(graph.transpose(y, 0, 2, 3, 1), ROWS, 4)


OF_IMAGES: dict[type[Layer], Converter] = {
    BatchLast: batch_last,
    Convolution: convolution,
    DepthwiseConvolution: depthwise_convolution,
    FilterBank: filter_bank,
    Flatten: flatten,
    GlobalPooling: global_pooling,
    ImageColumns: image_columns,
    ImagePositions: image_positions,
    LocalResponseNormalization: local_response_normalization,
    Mask: mask,
    PixelScores: pixel_scores,
    Pooling: pooling,
    RandomBrightness: unchanged,
    RandomFlip: unchanged,
    RandomRotation: unchanged,
    RandomShift: unchanged,
    TransposedConvolution: transposed_convolution,
    Unflatten: unflatten,
}
