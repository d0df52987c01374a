"""Traversal of the layers of a network and their parameters.

This module and `skneural.layers.truncation` are the only ones that depend on how layers are nested.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from skneural.data.samples import Samples
from skneural.layers.combinators import Branches, Chain, Gate, Residual, Reversed
from skneural.layers.embedding import Embedding, MeanEmbedding
from skneural.layers.encoder_decoder import EncoderDecoder, WithMemory
from skneural.layers.ensemble import Ensemble
from skneural.layers.frozen import Frozen
from skneural.layers.layer import PREDICTING, AnyShape, Context, Layer, LayerInput
from skneural.layers.pixels import PixelScores
from skneural.ops.types import Array, Arrays
from skneural.parameters import Parameter, Tree, leaves

AnyLayer = TypeVar("AnyLayer", bound=Layer)


def named(network: Layer, tree: Tree, name: str = "") -> Iterator[tuple[str, Layer, Tree]]:
    """Yield name, layer and parameters of the network and of every layer inside, in the order of computation.

    The name of the network is "". Layers precede the layers inside them, whose names they prefix, as in
    ``"encoder.dense_1"``; they also prefix the names of parameters.
    """
    yield name, network, tree
    for key, child in network.children().items():
        yield from named(child, tree[key], joined(name, key))


def joined(name: str, child: str) -> str:
    """Full name of the layer `child` inside the layer `name`."""
    return f"{name}.{child}" if name else child


def find(network: Layer, tree: Tree, kind: type[AnyLayer]) -> list[tuple[AnyLayer, Tree]]:
    """All layers of one class with their parameters, at any depth, in the order of computation."""
    return [(layer, p) for _, layer, p in named(network, tree) if isinstance(layer, kind)]


def find_trained(network: Layer, tree: Tree, kind: type[AnyLayer]) -> list[tuple[AnyLayer, Tree]]:
    """All layers of one class that are not inside a `Frozen`, as `find` returns them."""
    if isinstance(network, Frozen):
        return []
    inside = [each for key, child in network.children().items() for each in find_trained(child, tree[key], kind)]
    return [(network, tree), *inside] if isinstance(network, kind) else inside


def mapped(network: Layer, function: Callable[[str, Layer], Layer], name: str = "") -> Layer:
    """Replace every layer by ``function(name, layer)``, inner layers first."""
    children = {key: mapped(child, function, joined(name, key)) for key, child in network.children().items()}
    return function(name, network.with_children(children) if children else network)


def without_input_gradient(network: AnyLayer) -> AnyLayer:
    """Set ``input_gradient=False`` in the first layer with parameters on each path from the input, and before it.

    That product costs as much as the gradient of the layer's weights, and training does not need it.
    """
    if getattr(network, "input_gradient", False):
        return dataclasses.replace(network, input_gradient=False)  # type: ignore[call-arg]
    children = network.children()
    if isinstance(network, Chain):
        first = next((i for i, child in enumerate(children.values()) if learns(child)), 0)
        # Of those before the first, frozen layers may be at any depth.
        before = {name: mapped(children[name], _without_gradient) for name in list(children)[:first]}
        network, changed = cast(AnyLayer, network.with_children(before)), list(children)[first : first + 1]
    elif isinstance(network, EncoderDecoder):  # the memory needs a gradient for the encoder
        changed = ["encoder"]
    elif isinstance(network, Branches | Ensemble | Residual | Gate | Reversed | PixelScores):
        changed = list(children)
    else:
        return network
    return cast(AnyLayer, network.with_children({name: without_input_gradient(children[name]) for name in changed}))


def _without_gradient(name: str, layer: Layer) -> Layer:
    stops = getattr(layer, "input_gradient", False)
    return dataclasses.replace(layer, input_gradient=False) if stops else layer  # type: ignore[call-arg]


def rows_read(network: Layer, x: Any, name: str = "") -> dict[str, Array]:
    """Tokens that embeddings look up for the input x, by the path of their table.

    Tables are missing here if they do not belong to the first layer of a network, of an encoder or of a decoder.
    """
    if isinstance(network, Embedding | MeanEmbedding):
        return {joined(name, "table"): x}
    if isinstance(network, Chain | WithMemory) and network.parts:
        first, layer = network.parts[0]
        return rows_read(layer, x, joined(name, first))
    if isinstance(network, EncoderDecoder):
        source, target = x
        encoder, decoder = joined(name, "encoder"), joined(name, "decoder")
        return rows_read(network.encoder, source, encoder) | rows_read(network.decoder, target, decoder)
    return {}


def learns(layer: Layer) -> bool:
    """Return whether a layer has parameters; buffers are not learned."""
    return any(isinstance(leaf, Parameter) for _, leaf in leaves(layer.parameters()))


def adapt_network(network: Layer, tree: Tree, samples: Samples, *, further: bool = False) -> None:
    """Call `adapt` of every layer that defines it, in the order of computation.

    The outputs of the layers before are computed only if a later layer adapts to them. `further` samples are those of
    a training that continues.
    """
    _adapt(network, tree, LayerInput(samples, further=further))


def _adapt(layer: Layer, p: Tree, inputs: LayerInput) -> None:
    children = {name: child for name, child in layer.children().items() if _adapts(child)}
    if isinstance(layer, Frozen):  # its buffers are those of another model
        return
    if type(layer).adapt is not Layer.adapt:
        layer.adapt(p, inputs)
    elif isinstance(layer, Chain):
        for name, child in layer.children().items():
            if not children:
                return
            if children.pop(name, None) is not None:
                _adapt(child, p[name], inputs)
            inputs = inputs.after(child, p[name])
    elif isinstance(layer, Branches | Ensemble | Residual | Gate):
        for name, child in children.items():
            _adapt(child, p[name], inputs)
    elif isinstance(layer, EncoderDecoder) and children.keys() == {"encoder"}:
        _adapt(layer.encoder, p["encoder"], inputs.of_source())
    elif children:
        raise NotImplementedError(
            f"{', '.join(children)} of {type(layer).__name__} adapts to training data, but only chains, branches, "
            "residuals, gates and encoders hand the data on to the layers inside of them."
        )


def _adapts(layer: Layer) -> bool:
    return type(layer).adapt is not Layer.adapt or any(map(_adapts, layer.children().values()))


def layer_outputs(network: Layer, tree: Tree, x: Array) -> dict[str, Array]:
    """Outputs of all layers except chains for the input x, by name, in the order of computation."""
    probed, seen = _probed(network)
    probed.predict(tree, x)
    return seen


def output_shapes(network: Layer, x_shape: AnyShape) -> dict[str, AnyShape]:
    """Output shapes of all layers except chains, by name, in the order of computation."""
    probed, seen = _probed(network)
    probed.shape(x_shape)
    return seen


def shape_of(x: Arrays) -> Any:
    """Shape of an input; a tuple of shapes for a pair."""
    return tuple(map(shape_of, x)) if isinstance(x, tuple) else x.shape


def _probed(network: Layer) -> tuple[Layer, dict[str, Any]]:
    """Wrap all layers in probes, except chains and, if it has layers inside, the network itself; with the records."""
    seen: dict[str, Any] = {}

    def probe(name: str, layer: Layer) -> Layer:
        whole = not name and layer.children()
        return layer if isinstance(layer, Chain) or whole else _Probe(layer, name, seen)

    return mapped(network, probe), seen


@dataclass(frozen=True)
class _Probe(Layer):
    """Wrapper of a layer that records its output or the shape of its output."""

    inner: Layer
    name: str
    seen: dict[str, Any]

    @property
    def takes_memory(self) -> bool:  # type: ignore[override]
        return self.inner.takes_memory

    def predict(self, p: Tree, x: Arrays, context: Context = PREDICTING) -> Any:
        self.seen[self.name] = self.inner.predict(p, x, context)
        return self.seen[self.name]

    def shape(self, x_shape: AnyShape) -> AnyShape:
        self.seen[self.name] = self.inner.shape(x_shape)
        return self.seen[self.name]
