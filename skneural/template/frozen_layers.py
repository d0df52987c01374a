"""Layers that are not trained: what the hyper-parameter `freeze` names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral
from typing import Any

from skneural.hyperparameters import Constraint, hyperparameter
from skneural.layers import Embedding, Frozen, Layer, MeanEmbedding
from skneural.layers.traversal import joined, learns, mapped, named
from skneural.layers.truncation import before_output
from skneural.parameters import Parameter, leaves

# Layers that `freeze` does not count: they bring the input into the form that the others take.
UNCOUNTED = ("projection", "positions", "features", "members", "embedding")

# Layers of layers that `freeze` counts one by one. All others, such as blocks, count as one.
OF_SEQUENCES = ("encoder", "class_token", "inner", "directions", "forward", "backward", "steps")
CONTAINERS = (*OF_SEQUENCES, "pixels", "unet", "levels", "level", "below")

# The network behind a block of a network for graphs, which is a part of the block.
BEHIND = "behind"

# Reduction of steps, which belongs to the task: a start without it, such as a tagger, leaves it as it is.
POOLING = "pooling"

# Blocks of both directions at the same depth count as one.
DIRECTION = re.compile(r"\bdirections\.(forward|backward)\.(steps\.)?(inner\.)?")
OF_ONE_NETWORK = re.compile(r"^networks\.network_\d+\.")


def _is_freeze(value: object) -> bool:
    if isinstance(value, bool | str):
        return False
    if isinstance(value, Integral):
        return int(value) >= 0
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def freeze_hyperparameter() -> Any:
    """The hyper-parameter `freeze` of supervised estimators."""
    return hyperparameter(
        default=(),
        constraint=Constraint("number of layers, or names of layers", _is_freeze),
        doc="""Layers of `pretrained` that are not trained and keep their statistics. A number n: the first n layers
        with weights before the output, with all that precedes them, such as an embedding of tokens; a block counts as
        one. Otherwise names of layers, as in `summary`, or parts of such names in front of a dot. ("embedding",) may
        also keep the vectors of `embedding_weights`, in families for tokens.""",
    )


def with_frozen_names(
    builder: Callable[..., Layer], arguments: dict[str, Any], hyperparameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Arguments of a network, with the names of the layers that `freeze` asks for, if any, as "frozen".

    Raises
    ------
    ValueError
        If there are no such layers.
    """
    freeze = hyperparameters.get("freeze")
    if not freeze:
        return arguments
    single = arguments | {"n_networks": 1} if "n_networks" in arguments else arguments
    names = frozen_names(builder(**single), freeze)
    return arguments | {"frozen": names} if names else arguments


def ensure_start_of_frozen(hyperparameters: Mapping[str, Any]) -> None:
    """Raise if layers are frozen that start at random."""
    freeze = hyperparameters.get("freeze")
    if freeze and hyperparameters["pretrained"] is None and not _keeps_vectors(freeze, hyperparameters):
        takes_vectors = "embedding_weights" in hyperparameters
        others = ', or, for ("embedding",), embedding_weights' if takes_vectors else ""
        raise ValueError(f"freeze={freeze!r} needs pretrained, the model whose layers are frozen{others}.")


def _keeps_vectors(freeze: int | Sequence[str], hyperparameters: Mapping[str, Any]) -> bool:
    names = freeze if isinstance(freeze, list | tuple) else ()
    return set(names) == {"embedding"} and hyperparameters.get("embedding_weights") is not None


def frozen_names(network: Layer, freeze: int | Sequence[str]) -> list[str]:
    """Names of the layers that `freeze` asks for, of which none is inside another.

    Raises
    ------
    ValueError
        If there are fewer, or none of a name.
    """
    body = before_output(network)
    names = _first(body, freeze) if isinstance(freeze, int) else _checked_names(body, freeze)
    return [name for name in names if not any(name.startswith(f"{other}.") for other in names)]


def with_layers_frozen(network: Layer, names: Sequence[str]) -> Layer:
    """The network in which the layers of these names are not trained, also those of each network of an ensemble."""

    def frozen(name: str, layer: Layer) -> Layer:
        return Frozen(layer) if OF_ONE_NETWORK.sub("", name) in names else layer

    return mapped(network, frozen) if names else network


def _checked_names(body: Layer, names: Sequence[str]) -> list[str]:
    layers = {name: layer for name, layer, _ in named(body, body.parameters()) if name}
    for name in names:
        if name not in layers:
            near = get_close_matches(name, layers) or layers
            raise ValueError(f"freeze: the network has no layer {name!r} before its output; it has {', '.join(near)}.")
    return [name for name in dict.fromkeys(names) if learns(layers[name])]


def _first(body: Layer, n: int) -> list[str]:
    """Names of the first n layers with weights, and of all that precedes them."""
    blocks: dict[str, dict[str, Layer]] = {}
    for name, layer in _layers(body):
        blocks.setdefault(_block(name), {})[name] = layer
    counted = [block for block, layers in blocks.items() if _counts(block, layers)]
    if n > len(counted):
        raise ValueError(f"freeze={n}, but {len(counted)} layers before the output have weights: {', '.join(counted)}.")
    order = list(blocks)
    # Normalization and bias behind the last one belong to it.
    end = 0 if n == 0 else order.index(counted[n]) if n < len(counted) else len(order)
    return [name for block in order[:end] for name, layer in blocks[block].items() if learns(layer)]


def _layers(network: Layer, prefix: str = "") -> Iterator[tuple[str, Layer]]:
    """The layers of a network in their order, those inside of `CONTAINERS` one by one."""
    for key, layer in network.children().items():
        name = joined(prefix, key)
        if BEHIND in layer.children():
            yield from ((joined(name, part), inner) for part, inner in layer.children().items() if part != BEHIND)
            yield from _layers(layer.children()[BEHIND], joined(name, BEHIND))
        elif key in CONTAINERS and layer.children():
            yield from _layers(layer, name)
        elif key != POOLING:
            yield name, layer


def _block(name: str) -> str:
    """Name of the block that a layer is counted with."""
    owner, _, part = name.rpartition(".")
    last = owner.rpartition(".")[2]
    return owner if last.startswith("block_") and part else DIRECTION.sub("directions.", name)


def _counts(block: str, layers: Mapping[str, Layer]) -> bool:
    """Return True for layers with a weight matrix or kernel, except those that prepare the input."""
    embeds = any(isinstance(layer, Embedding | MeanEmbedding) for layer in layers.values())
    if embeds or block.rpartition(".")[2] in UNCOUNTED:
        return False
    declared = (leaf for layer in layers.values() for _, leaf in leaves(layer.parameters()))
    return any(isinstance(leaf, Parameter) and leaf.penalized for leaf in declared)
