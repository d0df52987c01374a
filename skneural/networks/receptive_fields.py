"""Receptive fields of the layers of convolutional networks."""

from __future__ import annotations

from typing import NamedTuple

from skneural.layers import (
    BatchLast,
    Branches,
    Chain,
    Convolution,
    FilterBank,
    Flatten,
    GlobalPooling,
    Layer,
    Pooling,
    RandomFlip,
    RandomRotation,
    RandomShift,
    Residual,
)
from skneural.layers.traversal import joined
from skneural.ops.window import Pair


class ReceptiveField(NamedTuple):
    """Part of the image that an element of a feature map depends on.

    Attributes
    ----------
    size : pair of int
        Height and width, in pixels.
    stride : pair of int
        Distance to the receptive field of the next element, vertically and horizontally, in pixels.
    """

    size: Pair
    stride: Pair


def receptive_fields(network: Layer) -> dict[str, ReceptiveField]:
    """Receptive field of each layer that returns feature maps, by name."""
    fields: dict[str, ReceptiveField] = {}
    _collect(network, "", ReceptiveField((1, 1), (1, 1)), fields)
    return fields


def _collect(layer: Layer, name: str, field: ReceptiveField, fields: dict[str, ReceptiveField]) -> ReceptiveField:
    """Receptive field after a layer whose input has `field`; adds those of the layer and its children to `fields`."""
    inner = [(joined(name, key), child) for key, child in layer.children().items()]
    if isinstance(layer, Chain):
        for child_name, child in inner:
            if isinstance(child, Flatten | GlobalPooling):
                break
            if not isinstance(child, RandomFlip | RandomRotation | RandomShift | BatchLast):
                field = _collect(child, child_name, field, fields)
        return field
    if isinstance(layer, Branches | Residual):
        # The widest of parallel paths counts. All have the same stride, or their outputs could not be joined.
        ends = [_collect(child, child_name, field, fields) for child_name, child in inner] or [field]
        field = ReceptiveField(_widest([end.size for end in ends]), _widest([end.stride for end in ends]))
    else:
        field = _widened(layer, field)
    fields[name] = field
    return field


def _widest(pairs: list[Pair]) -> Pair:
    return max(height for height, _ in pairs), max(width for _, width in pairs)


def _widened(layer: Layer, field: ReceptiveField) -> ReceptiveField:
    if isinstance(layer, Convolution):
        window, stride, dilation = layer.kernel_size, layer.stride, layer.dilation
    elif isinstance(layer, Pooling):
        window, stride, dilation = layer.size, layer.stride, (1, 1)
    elif isinstance(layer, FilterBank):
        window, stride, dilation = layer.size, (1, 1), (1, 1)
    else:
        return field
    height, width = (field.size[i] + (window[i] - 1) * dilation[i] * field.stride[i] for i in (0, 1))
    return ReceptiveField((height, width), (field.stride[0] * stride[0], field.stride[1] * stride[1]))
