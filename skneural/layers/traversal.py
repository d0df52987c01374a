"""Walking over a network and the parameters of its layers: the only place that knows how layers stand in layers."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from skneural.layers.combinators import Branches, Chain, Gate, Residual, Reversed
from skneural.layers.layer import PREDICTING, AnyShape, Context, Layer
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree, leaves

AnyLayer = TypeVar("AnyLayer", bound=Layer)


class Child(NamedTuple):
    """A layer inside of another: the field that holds it, its place if that is a tuple, and its name in the network."""

    field: str
    place: int | None
    name: str
    layer: Layer


def children(layer: Layer, name: str = "") -> Iterator[Child]:
    """The layers directly inside of a layer that is called `name`.

    Fields give their names to single layers; of several layers in a tuple, those of each class are counted from 1, as
    in ``"convolution_2"``. The name of the outer layer stands before, as in ``"residual_1.inner"``.
    """
    prefix = f"{name}." if name else ""
    counts: Counter[str] = Counter()
    for field in dataclasses.fields(layer):
        value = getattr(layer, field.name)
        if isinstance(value, Layer):
            yield Child(field.name, None, prefix + field.name, value)
        elif isinstance(value, tuple):
            for place, child in enumerate(value):
                if isinstance(child, Layer):
                    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(child).__name__).lower()
                    counts[kind] += 1
                    yield Child(field.name, place, f"{prefix}{kind}_{counts[kind]}", child)


def named(network: Layer, tree: Tree, name: str = "") -> Iterator[tuple[str, Layer, Tree]]:
    """Name, layer and parameters of the network itself and of every layer inside, in the order of computing.

    The name of the network is "". A layer comes before those inside of it.
    """
    yield name, network, tree
    for child in children(network, name):
        yield from named(child.layer, tree[child.field if child.place is None else child.place], child.name)


def find(network: Layer, tree: Tree, kind: type[AnyLayer]) -> list[tuple[AnyLayer, Tree]]:
    """The layers of one class and the parameters of each, wherever they stand, in the order of computing."""
    return [(layer, p) for _, layer, p in named(network, tree) if isinstance(layer, kind)]


def mapped(network: Layer, function: Callable[[str, Layer], Layer], name: str = "") -> Layer:
    """The same network with ``function(name, layer)`` in the place of every layer, inner ones first."""
    changes: dict[str, Any] = {}
    for child in children(network, name):
        new = mapped(child.layer, function, child.name)
        if child.place is None:
            changes[child.field] = new
        else:
            others = changes.get(child.field, getattr(network, child.field))
            changes[child.field] = (*others[: child.place], new, *others[child.place + 1 :])
    return function(name, dataclasses.replace(network, **changes) if changes else network)


def without_input_gradient(network: AnyLayer) -> AnyLayer:
    """The same network with the first layer that learns, on each way into it, told to skip dx.

    That product costs as much as the gradient of the layer's weights, and training has no use for it.
    """
    changes: dict[str, Any] = {}
    if isinstance(network, Chain):
        first = next((i for i, layer in enumerate(network.layers) if learns(layer)), None)
        if first is not None:
            layers = list(network.layers)
            layers[first] = without_input_gradient(layers[first])
            changes["layers"] = tuple(layers)
    elif isinstance(network, Branches):
        changes["branches"] = tuple(map(without_input_gradient, network.branches))
    elif isinstance(network, Residual | Gate | Reversed):
        changes = {child.field: without_input_gradient(child.layer) for child in children(network)}
    elif getattr(network, "input_gradient", False):
        changes["input_gradient"] = False
    return dataclasses.replace(network, **changes) if changes else network


def learns(layer: Layer) -> bool:
    """Whether a layer has parameters; buffers alone are not learned."""
    return any(isinstance(leaf, Parameter) for _, leaf in leaves(layer.parameters()))


def layer_outputs(network: Layer, tree: Tree, x: Array) -> dict[str, Array]:
    """What every layer but chains puts out for the input x, by name, in the order in which they are computed."""
    seen: dict[str, Array] = {}
    probed = mapped(network, lambda name, layer: layer if isinstance(layer, Chain) else _Probe(layer, name, seen))
    probed.predict(tree, x)
    return seen


def output_shapes(network: Layer, x_shape: AnyShape, name: str = "") -> dict[str, AnyShape]:
    """The shape of what every layer but chains puts out, by name, in the order in which they are computed."""
    shapes: dict[str, AnyShape] = {}
    inner_shape = network.inner_shape(x_shape)
    for child in children(network, name):
        shapes |= output_shapes(child.layer, inner_shape, child.name)
        if isinstance(network, Chain):
            inner_shape = child.layer.shape(inner_shape)
    return shapes if isinstance(network, Chain) else shapes | {name: network.shape(x_shape)}


@dataclass(frozen=True)
class _Probe(Layer):
    """Another layer, whose output is noted."""

    inner: Layer
    name: str
    seen: dict[str, Array]

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        self.seen[self.name] = self.inner.predict(p, x, context)
        return self.seen[self.name]
