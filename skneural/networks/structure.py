"""The layers of a network by name: what each of them puts out, and how much of the input it sees."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from skneural.layers import (
    PREDICTING,
    BatchLast,
    Branches,
    Chain,
    Context,
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
from skneural.ops.types import Array
from skneural.ops.window import Pair
from skneural.parameters import Tree


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


def layer_outputs(network: Layer, p: Tree, x: Array) -> dict[str, Array]:
    """What every layer puts out for the input x, in the order in which they are computed."""
    seen: dict[str, Array] = {}
    probed = _mapped(network, lambda name, layer: layer if isinstance(layer, Chain) else _Probe(layer, name, seen))
    probed.predict(p, x)
    return seen


def receptive_fields(network: Layer) -> dict[str, ReceptiveField]:
    """The receptive field of every layer that makes feature maps: up to the one that makes rows of them."""
    found: dict[str, ReceptiveField] = {}
    _follow(network, "", ReceptiveField((1, 1), (1, 1)), found)
    return found


def named_layers(network: Layer, p: Tree) -> dict[str, tuple[Layer, Tree]]:
    """Every layer and its parameters by name."""
    return {name: (layer, p_layer) for name, layer, p_layer in _walk(network, p, "")}


@dataclass(frozen=True)
class _Probe(Layer):
    """Another layer, whose output is noted."""

    inner: Layer
    name: str
    seen: dict[str, Array]

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        self.seen[self.name] = self.inner.predict(p, x, context)
        return self.seen[self.name]


def _children(layer: Layer, name: str) -> Iterator[tuple[str, int | None, str, Layer]]:
    """Field, place in it, name and value of each layer inside of a layer."""
    prefix = f"{name}." if name else ""
    counts: Counter[str] = Counter()
    for field in dataclasses.fields(layer):
        value = getattr(layer, field.name)
        if isinstance(value, Layer):
            yield field.name, None, prefix + field.name, value
        elif isinstance(value, tuple):
            for i, child in enumerate(value):
                if isinstance(child, Layer):
                    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(child).__name__).lower()
                    counts[kind] += 1
                    yield field.name, i, f"{prefix}{kind}_{counts[kind]}", child


def _mapped(layer: Layer, function: Callable[[str, Layer], Layer], name: str = "") -> Layer:
    """The same network with ``function(name, layer)`` in the place of every layer, inner ones first."""
    changes: dict[str, Any] = {}
    for field, place, child_name, child in _children(layer, name):
        child = _mapped(child, function, child_name)
        changes[field] = child if place is None else (*changes.get(field, ()), child)
    return function(name, dataclasses.replace(layer, **changes) if changes else layer)


def _walk(layer: Layer, p: Tree, name: str) -> Iterator[tuple[str, Layer, Tree]]:
    yield name, layer, p
    for field, place, child_name, child in _children(layer, name):
        yield from _walk(child, p[field] if place is None else p[place], child_name)


def _follow(layer: Layer, name: str, field: ReceptiveField, found: dict[str, ReceptiveField]) -> ReceptiveField:
    children = list(_children(layer, name))
    if isinstance(layer, Chain):
        for _, _, child_name, child in children:
            if isinstance(child, Flatten | GlobalPooling):
                break
            if not isinstance(child, RandomFlip | RandomShift | BatchLast):
                field = _follow(child, child_name, field, found)
        return field
    if isinstance(layer, Branches | Residual):
        # Of several ways through, the widest counts; all have the same stride, or they could not be joined.
        ends = [_follow(child, child_name, field, found) for _, _, child_name, child in children] or [field]
        field = ReceptiveField(
            *(tuple(map(max, *pairs)) if len(pairs) > 1 else pairs[0] for pairs in zip(*ends, strict=True))
        )
    else:
        field = _widened(layer, field)
    found[name] = field
    return field


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
