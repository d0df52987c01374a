"""Beginnings of networks: all layers up to a named one, or up to the input of the output layer.

They take the parameters of the whole network, and compute only what their output depends on.
"""

from __future__ import annotations

from collections.abc import Sequence

from skneural.layers.axes import RealSteps
from skneural.layers.combinators import Branches, Chain, Gate, Residual
from skneural.layers.dense import Bias, BiasAndSpread
from skneural.layers.ensemble import Ensemble
from skneural.layers.layer import Layer
from skneural.layers.pixels import PixelScores
from skneural.layers.traversal import learns, mapped

# Layers that give each layer inside the same input, and join their outputs.
PARALLEL = (Branches, Ensemble, Residual, Gate)


def up_to(network: Layer, path: Sequence[str]) -> Layer:
    """The network up to the layer of this path, such as ``["encoder", "block_1"]``, whose output it returns.

    Layers around that one which transform its output, such as `Reversed` and `WithClassToken`, still do.
    """
    if not path:
        return network
    name, *rest = path
    inner = up_to(network[name], rest)
    if isinstance(network, Chain):
        names = [each for each, _ in network.parts]
        return Chain(dict(network.parts[: names.index(name)]) | {name: inner})
    return Chain({name: inner}) if isinstance(network, PARALLEL) else network.with_children({name: inner})


def before_output(network: Layer) -> Layer:
    """The network up to the input of its output layer.

    The output layer is the one named "output", or the last one that learns more than a bias. Networks of an `Ensemble`
    have one each, and their inputs are concatenated. Of a network with a linear path beside it, the path is left out.
    """
    if isinstance(network, Ensemble):
        return Branches({name: before_output(child) for name, child in network.parts})
    if isinstance(network, PixelScores):
        return network.with_children({"inner": before_output(network.inner)})
    if isinstance(network, Residual) and network.shortcut is not None:
        return Chain(inner=before_output(network.inner))
    if not isinstance(network, Chain):
        return Chain()
    parts = dict(network.parts)
    names = list(parts)
    candidates = [name for name in names if learns(parts[name]) and not isinstance(parts[name], Bias | BiasAndSpread)]
    if not candidates:
        return Chain()
    last = "output" if "output" in parts else candidates[-1]
    start = {name: parts[name] for name in names[: names.index(last)]}
    return Chain(start if last == "output" else start | {last: before_output(parts[last])})


def without_joined_steps(network: Layer) -> Layer:
    """The network without the layers that concatenate the steps of all series."""
    return mapped(network, lambda name, layer: Chain() if isinstance(layer, RealSteps) else layer)
