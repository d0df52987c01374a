"""Layers of images, and of series as images of height one, as nodes. Images are (batch, channels, height, width)."""

from __future__ import annotations

import math
from typing import Any

from skneural.export.graph import IMAGES, LOWEST, ROWS, STEPS, Converter, GraphContext, GraphValue, OnnxGraph
from skneural.export.rows import add_unchanged
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


def add_batch_last(graph: OnnxGraph, layer: BatchLast, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    """From rows to channels first: the order of axes in which ONNX convolves."""
    if x.rank == 3:
        return GraphValue(graph.unsqueeze(graph.transpose(x.name, 0, 2, 1), 2), IMAGES, 4)
    return GraphValue(graph.transpose(x.name, 0, 3, 1, 2), IMAGES, 4)


def add_flatten(graph: OnnxGraph, layer: Flatten, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return GraphValue(graph.reshape(graph.transpose(x.name, 0, 2, 1, 3), 0, graph.n_features))


def add_unflatten(graph: OnnxGraph, layer: Unflatten, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    images = graph.reshape(x.name, 0, layer.height, layer.channels, layer.width)
    return GraphValue(graph.transpose(images, 0, 2, 1, 3), IMAGES, 4)


def add_image_columns(
    graph: OnnxGraph, layer: ImageColumns, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    columns = graph.transpose(x.name, 3, 0, 2, 1)
    features = graph.op("Mul", graph.size(columns, 2), graph.size(columns, 3))
    shape = graph.shape(graph.size(columns, 0), graph.size(columns, 1), features)
    return GraphValue(graph.op("Reshape", columns, shape, allowzero=1), STEPS, 3)


def add_image_positions(
    graph: OnnxGraph, layer: ImagePositions, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    pixels = graph.transpose(x.name, 0, 2, 3, 1)
    n = graph.op("Mul", graph.size(pixels, 1), graph.size(pixels, 2))
    shape = graph.shape(graph.size(pixels, 0), n, graph.size(pixels, 3))
    return GraphValue(graph.op("Reshape", pixels, shape, allowzero=1), ROWS, 3)


def real_pixels(graph: OnnxGraph, x: GraphValue, context: GraphContext) -> str | None:
    """Mask of the real steps or pixels of images, boolean, in a shape that broadcasts to them; None if all are."""
    if context.padding is not None:
        height, width = (_real_along(graph, x, context, axis) for axis in (0, 1))
        return graph.op("And", graph.unsqueeze(height, 1), graph.unsqueeze(width, 0))
    return steps_mask(graph, x, context)


def steps_mask(graph: OnnxGraph, x: GraphValue, context: GraphContext) -> str | None:
    """Mask of the real steps of series that are images of height one."""
    if context.lengths is None:
        return None
    return graph.unsqueeze(graph.mask(context.lengths, graph.size(x.name, 3)), 1, 2)


def _real_along(graph: OnnxGraph, x: GraphValue, context: GraphContext, axis: int) -> str:
    """Mask along the height or the width; a pixel of a smaller feature map that is real in part is real."""
    assert context.padding is not None
    n, real, padded = graph.size(x.name, 2 + axis), context.padding.real[axis], context.padding.padded[axis]
    product = graph.op("Mul", real, n)
    n_real = graph.op("Div", graph.op("Sub", graph.op("Add", product, padded), 1), padded)
    return graph.op("Less", graph.positions(n), n_real)


def add_mask(graph: OnnxGraph, layer: Mask, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
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


def add_convolution(graph: OnnxGraph, layer: Convolution, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    return _convolved(graph, layer, p, x, 1)


def add_depthwise_convolution(
    graph: OnnxGraph, layer: DepthwiseConvolution, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    return _convolved(graph, layer, p, x, layer.channels)


def _convolved(
    graph: OnnxGraph, layer: Convolution | DepthwiseConvolution, p: Tree, x: GraphValue, group: int
) -> GraphValue:
    geometry = _geometry(layer.kernel_size, layer.stride, layer.dilation, layer.padding)
    bias = [p["bias"]] if "bias" in p else []
    return x._replace(name=graph.op("Conv", x.name, _kernel(p["kernel"]), *bias, group=group, **geometry))


def _kernel(kernel: Array) -> Array:
    """(height, width, in, out) as (out, in, height, width)."""
    return kernel.transpose(3, 2, 0, 1)


def add_transposed_convolution(
    graph: OnnxGraph, layer: TransposedConvolution, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    bias = [p["bias"]] if "bias" in p else []
    size, stride = list(layer.kernel_size), list(layer.stride)
    y = graph.op("ConvTranspose", x.name, _kernel(p["kernel"]), *bias, kernel_shape=size, strides=stride)
    for axis, n in enumerate(layer.image_size or ()):  # pixels beyond are cut off at the end
        y = graph.slice(y, 2 + axis, 0, n)
    return x._replace(name=y)


def add_filter_bank(graph: OnnxGraph, layer: FilterBank, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    geometry = _geometry(layer.size, (1, 1), (1, 1), "same")
    phases = [graph.op("Conv", x.name, _kernel(p[phase]), **geometry) for phase in ("even", "odd")]
    energy = graph.op("Add", *(graph.op("Mul", phase, phase) for phase in phases))
    return x._replace(name=graph.op("Sqrt", graph.op("Add", energy, LEAST_ENERGY)))


def add_local_response_normalization(
    graph: OnnxGraph, layer: LocalResponseNormalization, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    alpha = layer.alpha * layer.n_channels  # which ONNX divides by the number of channels
    return x._replace(
        name=graph.op("LRN", x.name, size=layer.n_channels, bias=layer.bias, alpha=alpha, beta=layer.beta)
    )


def add_pooling(graph: OnnxGraph, layer: Pooling, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    geometry = _geometry(layer.size, layer.stride, (1, 1), layer.padding)
    del geometry["dilations"]
    if layer.function == "average":
        return x._replace(name=graph.op("AveragePool", x.name, count_include_pad=0, **geometry))
    real = steps_mask(graph, x, context)
    present = x.name if real is None else graph.op("Where", real, x.name, LOWEST)
    y = graph.op("MaxPool", present, **geometry)
    return x._replace(name=y if real is None else graph.op("Where", real, y, 0.0))


def add_global_pooling(
    graph: OnnxGraph, layer: GlobalPooling, p: Tree, x: GraphValue, context: GraphContext
) -> GraphValue:
    real = steps_mask(graph, x, context)
    if layer.function == "max":
        present = x.name if real is None else graph.op("Where", real, x.name, -math.inf)
        return GraphValue(graph.reduce("Max", present, 2, 3))
    if real is None:
        return GraphValue(graph.reduce("Mean", x.name, 2, 3))
    assert context.lengths is not None
    total = graph.reduce("Sum", graph.op("Where", real, x.name, 0.0), 2, 3)
    n = graph.op("Mul", graph.size(x.name, 2), context.lengths)
    return GraphValue(graph.op("Div", total, graph.unsqueeze(graph.cast(n, "f4"), 1)))


def add_pixel_scores(graph: OnnxGraph, layer: PixelScores, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    """Scores of the pixels of each image, (batch, height, width, n_out), without padding."""
    y = graph.layer(layer.inner, p["inner"], x, context, "inner").name
    if context.padding is not None:
        for axis, n in enumerate(context.padding.real):
            y = graph.slice(y, 2 + axis, 0, n)
    return GraphValue(graph.transpose(y, 0, 2, 3, 1), ROWS, 4)


OF_IMAGES: dict[type[Layer], Converter] = {
    BatchLast: add_batch_last,
    Convolution: add_convolution,
    DepthwiseConvolution: add_depthwise_convolution,
    FilterBank: add_filter_bank,
    Flatten: add_flatten,
    GlobalPooling: add_global_pooling,
    ImageColumns: add_image_columns,
    ImagePositions: add_image_positions,
    LocalResponseNormalization: add_local_response_normalization,
    Mask: add_mask,
    PixelScores: add_pixel_scores,
    Pooling: add_pooling,
    RandomBrightness: add_unchanged,
    RandomFlip: add_unchanged,
    RandomRotation: add_unchanged,
    RandomShift: add_unchanged,
    TransposedConvolution: add_transposed_convolution,
    Unflatten: add_unflatten,
}
