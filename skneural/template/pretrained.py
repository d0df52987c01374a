"""Networks that start with the layers of a fitted model of the same family, some of which may stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sklearn.frozen import FrozenEstimator

from skneural.hyperparameters import NONE, Constraint, hyperparameter
from skneural.layers import Embedding, Frozen, Layer
from skneural.layers.traversal import joined, learns, mapped
from skneural.layers.truncation import before_output
from skneural.ops.types import Array
from skneural.parameters import Tree

if TYPE_CHECKING:
    from skneural.template.estimator import NeuralEstimator

# Layers before the first one that `freeze` counts: they bring the input into the form that the others take.
UNCOUNTED = ("projection", "features")


def _is_estimator(value: object) -> bool:
    return hasattr(value.estimator if isinstance(value, FrozenEstimator) else value, "_network_builder")


def _is_freeze(value: object) -> bool:
    if isinstance(value, bool | str):
        return False
    if isinstance(value, int):
        return value >= 0
    return isinstance(value, Sequence) and all(isinstance(name, str) for name in value)


def pretrained_hyperparameter() -> Any:
    """The hyper-parameter `pretrained` of estimators that start from one of the same family."""
    return hyperparameter(
        default=None,
        constraint=NONE | Constraint("fitted estimator of the family, possibly in a FrozenEstimator", _is_estimator),
        doc="""A fitted estimator of the same family, whose layers are the initial ones, with their statistics, such as
        the scales of features. The output layer starts anew, for other classes or other targets. X and the
        hyper-parameters of the network must be such that the layers have the same shapes. Cloning, as in grid search
        and cross-validation, discards fitted weights unless the model is wrapped in `sklearn.frozen.FrozenEstimator`.
        """,
    )


def freeze_hyperparameter() -> Any:
    """The hyper-parameter `freeze` of estimators that start from one of the same family."""
    return hyperparameter(
        default=(),
        constraint=Constraint("number of layers, or names of layers", _is_freeze),
        doc="""Layers of `pretrained` that are not trained: the number of layers with weights, from the first, or names
        as in `summary`, or parts of such names in front of a dot. With a number, what precedes these layers is not
        trained either, such as an embedding of tokens.""",
    )


def model_of(pretrained: Any) -> Any:
    """The fitted model in `pretrained`, if any.

    Raises
    ------
    ValueError
        If it is not fitted.
    """
    model = pretrained.estimator if isinstance(pretrained, FrozenEstimator) else pretrained
    if model is not None and not model.__sklearn_is_fitted__():
        raise ValueError(
            f"pretrained is a {type(model).__name__} that is not fitted. If you fitted it, it was cloned, as in "
            "searches, cross-validation and pipelines: pass sklearn.frozen.FrozenEstimator(model), whose clones stay "
            "fitted."
        )
    return model


def ensure_same_family(estimator: NeuralEstimator, pretrained: Any) -> None:
    """Raise if an estimator cannot start from `pretrained`."""
    model = model_of(pretrained)
    if model is not None and getattr(type(model), "_network_builder", None) is not type(estimator)._network_builder:
        raise ValueError(
            f"pretrained is a {type(model).__name__}, whose network is of another kind than that of "
            f"{type(estimator).__name__}."
        )


def copy_layers(pretrained: Any, network: Layer, tree: Tree) -> None:
    """Copy all parameters and buffers before the output layer from a fitted model into a network.

    Raises
    ------
    ValueError
        If they have other names or shapes.
    """
    model = model_of(pretrained)
    if model is None:
        return
    given = _arrays(before_output(model._network.layer), model._parameters())
    wanted = _arrays(before_output(network), tree)
    name = next((each for each in (*wanted, *given) if _shape(given, each) != _shape(wanted, each)), None)
    if name is not None:
        raise ValueError(
            f"pretrained has other layers: {name} has the shape {_shape(given, name)} there, and "
            f"{_shape(wanted, name)} here. Set the hyper-parameters of the network, and give X, as for pretrained."
        )
    for each, array in wanted.items():
        array[...] = given[each]


def with_frozen_names(
    builder: Callable[..., Layer], arguments: dict[str, Any], hyperparameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Arguments of a network, and the names of the layers that `freeze` asks for, if any.

    Builders that take `freeze` themselves decide what it is.
    """
    freeze = hyperparameters.get("freeze")
    if not freeze or "freeze" in arguments:
        return arguments
    if hyperparameters["pretrained"] is None:
        raise ValueError(f"freeze={freeze!r} needs pretrained, the model whose layers are frozen.")
    return arguments | {"frozen": frozen_names(builder(**arguments), freeze)}


def frozen_names(network: Layer, freeze: int | Sequence[str]) -> list[str]:
    """Names of the layers that `freeze` asks for.

    Raises
    ------
    ValueError
        If there are fewer, or none of a name.
    """
    names = _layers(before_output(network))
    if not isinstance(freeze, int):
        every = _every_layer(network)
        for name in freeze:
            if name not in every:
                near = get_close_matches(name, every) or every
                raise ValueError(f"freeze: the network has no layer {name!r}; it has {', '.join(near)}.")
        return list(freeze)
    counted = [name for name, layer in names.items() if _counts(name, layer)]
    if freeze > len(counted):
        raise ValueError(
            f"freeze={freeze}, but {len(counted)} layers before the output have weights: {', '.join(counted)}."
        )
    if not freeze:
        return []
    order = list(names)
    # Normalization and bias behind the last one belong to it.
    end = order.index(counted[freeze]) if freeze < len(counted) else len(order)
    return [name for name in order[:end] if learns(names[name])]


def with_layers_frozen(network: Layer, names: Sequence[str]) -> Layer:
    """The network in which the layers of these names are not trained."""
    return mapped(network, lambda name, layer: Frozen(layer) if name in names else layer)


def _layers(network: Layer, prefix: str = "") -> dict[str, Layer]:
    """The layers of a network in their order, with those of its encoder one by one."""
    layers: dict[str, Layer] = {}
    for key, layer in network.children().items():
        name = joined(prefix, key)
        layers |= _layers(layer, name) if key == "encoder" else {name: layer}
    return layers


def _every_layer(network: Layer, prefix: str = "") -> list[str]:
    names = []
    for key, layer in network.children().items():
        names += [joined(prefix, key), *_every_layer(layer, joined(prefix, key))]
    return names


def _counts(name: str, layer: Layer) -> bool:
    """Return True for layers with a weight matrix or kernel, except those that prepare the input."""
    if isinstance(layer, Embedding) or name.split(".")[-1] in UNCOUNTED:
        return False
    return any(leaf.penalized for leaf in _declared(layer.parameters()))


def _declared(tree: Mapping[str, Any]) -> list[Any]:
    leaves: list[Any] = []
    for value in tree.values():
        leaves += _declared(value) if isinstance(value, dict) else [value] if hasattr(value, "penalized") else []
    return leaves


def _arrays(network: Layer, tree: Tree, prefix: str = "") -> dict[str, Array]:
    """Arrays of a network by name, which are the same names whether layers are frozen or not."""
    if isinstance(network, Frozen):
        return _arrays(network.inner, tree["inner"], prefix)
    children = network.children()
    arrays: dict[str, Array] = {}
    for key, value in tree.items():
        if key in children:
            arrays |= _arrays(children[key], value, joined(prefix, key))
        elif not isinstance(value, dict):
            arrays[joined(prefix, key)] = value
    return arrays


def _shape(arrays: Mapping[str, Array], name: str) -> tuple[int, ...] | None:
    return arrays[name].shape if name in arrays else None
