"""How much of an image each layer of a convolutional network sees."""

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
    RandomShift,
    Residual,
)
from skneural.layers.traversal import children
from skneural.ops.window import Pair


class ReceptiveField(NamedTuple):
    """The part of the input that one output of a layer depends on; both are (height, width) in pixels.

    Attributes
    ----------
    size : pair of int
    stride : pair of int
        From the field of one output to that of its neighbour.
    """

    size: Pair
    stride: Pair


def receptive_fields(network: Layer) -> dict[str, ReceptiveField]:
    """The receptive field of every layer that makes feature maps: up to the one that makes rows of them."""
    found: dict[str, ReceptiveField] = {}
    _follow(network, "", ReceptiveField((1, 1), (1, 1)), found)
    return found


def _follow(layer: Layer, name: str, field: ReceptiveField, found: dict[str, ReceptiveField]) -> ReceptiveField:
    inner = list(children(layer, name))
    if isinstance(layer, Chain):
        for child in inner:
            if isinstance(child.layer, Flatten | GlobalPooling):
                break
            if not isinstance(child.layer, RandomFlip | RandomShift | BatchLast):
                field = _follow(child.layer, child.name, field, found)
        return field
    if isinstance(layer, Branches | Residual):
        # Of several ways through, the widest counts; all have the same stride, or they could not be joined.
        ends = [_follow(child.layer, child.name, field, found) for child in inner] or [field]
        field = ReceptiveField(_widest([end.size for end in ends]), _widest([end.stride for end in ends]))
    else:
        field = _widened(layer, field)
    found[name] = field
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
