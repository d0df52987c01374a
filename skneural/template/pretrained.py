"""Networks that start with the layers of a fitted model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.frozen import FrozenEstimator

from skneural.hyperparameters import NONE, Constraint, Number, hyperparameter
from skneural.layers import Frozen, Layer, StepPooling
from skneural.layers.traversal import joined
from skneural.layers.truncation import before_output
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.readers import ColumnEntries, Reader
from skneural.tasks import Numbers, Task
from skneural.template.columns_by_name import column_entries, further_columns, names_of_columns, placed
from skneural.template.conversions import BETWEEN_KINDS, FOLLOWING, Conversion
from skneural.template.frozen_layers import ensure_start_of_frozen

if TYPE_CHECKING:
    from skneural.template.problem import Network

# Layers that belong to the task: where `pretrained` has none, they start anew, and those that it has too many are left
# out. A tagger has no pooling, for instance.
OF_THE_TASK = {"pooling", "class_token"}

# The rest of an encoder, where a class token precedes the series: elsewhere, its layers stand in the encoder itself.
BEHIND_CLASS_TOKEN = "class_token.inner."

# Fields of layers that choose a function without a trace in the shapes of arrays, besides all strings and booleans.
CHOICES = ("function", "base", "n_heads")
# Strings and booleans that say how training starts or what it computes, and not what the network computes.
NO_CHOICES = ("initializer", "output_initializer", "hidden_start", "input_gradient", "statistics", "rows", "bias")

# Hyper-parameters that may differ from those of `pretrained`, and are not named in errors.
NOT_COMPARED = (
    "dropout",
    "word_dropout",
    "pooling",
    "augmentation",
    "sparsity",
    "entropy",
    "max_length",
    "vocabulary_size",
)


def _is_estimator(value: object) -> bool:
    return hasattr(value.estimator if isinstance(value, FrozenEstimator) else value, "_network_builder")


def pretrained_hyperparameter() -> Any:
    """The hyper-parameter `pretrained` of supervised estimators."""
    return hyperparameter(
        default=None,
        constraint=NONE | Constraint("fitted estimator of skneural, possibly in a FrozenEstimator", _is_estimator),
        doc="""A fitted estimator of the same family, for any targets, whose layers are the initial ones, with their
        statistics, such as the scales of features. The output layer starts anew, unless the classes are the same, or
        the targets are as many numbers. The hyper-parameters that give layers their shapes, and X, must be as for that
        model; MLP, TabularMLP, KAN and perceptron recognize columns of data frames by their names, and take further
        ones. An `Autoencoder` is the start of MLPs and CNNs, and a `LanguageModel` that of Transformers, recurrent
        networks and Mamba, whose X is then that of the language model. With held-out data, the start is kept if no
        epoch is better. Cloning, as in grid search and cross-validation, discards fitted weights unless the model is
        wrapped in `sklearn.frozen.FrozenEstimator`.""",
    )


def body_learning_rate_hyperparameter() -> Any:
    """The hyper-parameter `body_learning_rate` of supervised estimators."""
    return hyperparameter(
        default=None,
        constraint=NONE | Number(0, above=True),
        doc="""Initial step size of all layers before the output, which `pretrained` has trained already. Schedules
        change it in proportion. None: `learning_rate_init`. Not for lbfgs.""",
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


def ensure_possible_start(estimator: Any) -> None:
    """Raise if an estimator cannot start from its `pretrained`, or has options of a start without one."""
    hyperparameters = estimator._hyperparameters()
    ensure_start_of_frozen(hyperparameters)
    model, name = model_of(hyperparameters.get("pretrained")), type(estimator).__name__
    if model is None:
        rate = hyperparameters.get("body_learning_rate")
        if rate is not None:
            raise ValueError(f"body_learning_rate={rate} needs pretrained: without it, all layers start at random.")
        return
    builders = type(model)._network_builder, type(estimator)._network_builder
    if builders[0] is not builders[1] and builders not in BETWEEN_KINDS:
        raise ValueError(
            f"pretrained is a {type(model).__name__}, whose network is of another kind than that of {name}."
        )
    arguments = model.network_arguments_
    if arguments.get("n_networks", 1) > 1:
        setting = "n_cv=1" if hasattr(model, "n_cv") else "n_members=1"
        raise ValueError(
            f"pretrained is a {type(model).__name__} of {arguments['n_networks']} networks, and {name} starts from "
            f"one: fit it with {setting}."
        )
    if builders in BETWEEN_KINDS:
        _ensure_converted(BETWEEN_KINDS[builders], arguments, hyperparameters, type(model).__name__, name)


def _ensure_converted(
    conversion: Conversion, given: Mapping[str, Any], present: Mapping[str, Any], kind: str, name: str
) -> None:
    """Raise if hyper-parameters differ from those that a network of another kind stands for."""
    conversion.ensure(given)
    differing = {
        each: value for each, value in conversion.arguments(given).items() if _listed(present[each]) != _listed(value)
    }
    if differing:
        wanted = ", ".join(f"{each}={value!r}" for each, value in differing.items())
        here = ", ".join(f"{each}={present[each]!r}" for each in differing)
        raise ValueError(
            f"pretrained is a {kind} that was fitted with {wanted}; set the same in {name}, which has {here}."
        )


def _listed(value: Any) -> Any:
    """Sizes as a list, also a single one."""
    if isinstance(value, bool | str) or value is None:
        return value
    return np.ravel(value).tolist() if isinstance(value, int | float | list | tuple) else value


def following_arguments(estimator: Any) -> dict[str, Any]:
    """Arguments of the network that are no hyper-parameters, but follow from `pretrained`."""
    model = model_of(getattr(estimator, "pretrained", None))
    if model is None:
        return {}
    given, wanted = type(model)._network_builder, type(estimator)._network_builder
    if given is wanted:
        return {name: model.network_arguments_[name] for name in FOLLOWING.get(wanted, ())}
    return dict(BETWEEN_KINDS[given, wanted].follows)


class _Parts(NamedTuple):
    """Arrays of a network by name, before the output and in it; names are the same whether layers are frozen or not."""

    body: dict[str, Array]
    output: dict[str, Array]

    @classmethod
    def of(cls, network: Layer, tree: Tree) -> _Parts:
        body = dict(_arrays(before_output(network), tree))
        return cls(body, {name: array for name, array in _arrays(network, tree) if name not in body})


def copy_layers(estimator: Any, network: Network, tree: Tree, reader: Reader, task: Task) -> None:
    """Copy what `pretrained` has learned into a network: all before the output, and the output if the task is the same.

    Raises
    ------
    ValueError
        If layers have other names or shapes, or compute other functions.
    """
    model, builder = model_of(getattr(estimator, "pretrained", None)), type(estimator)._network_builder
    if model is None:
        return
    given, wanted = _Parts.of(model._network.layer, model._parameters()), _Parts.of(network.layer, tree)
    if type(model)._network_builder is not builder:
        conversion = BETWEEN_KINDS[type(model)._network_builder, builder]
        given = _Parts(conversion.arrays(given.body | given.output, model.network_arguments_), {})
    else:
        _ensure_same_choices(model._network.layer, network.layer)
    columns = _Columns.of(model, network, builder, reader)
    body = columns.placed(given.body, wanted.body)
    _ensure_same_shapes(body, wanted.body, _differing(model, network, estimator))
    for name, array in wanted.body.items():
        if name in body:
            array[...] = body[name]
    output = columns.placed(given.output, wanted.output)
    if has_same_task(model, task) and _shapes(output) == _shapes(wanted.output):
        for name, array in wanted.output.items():
            array[...] = output[name]
        units = task.units_since(model._task)
        if units is not None:
            network.layer.rescale_output(tree, *units)


class _Columns(NamedTuple):
    """Entries of columns in arrays, which are known by the names of the columns; none without names."""

    before: Mapping[str, ColumnEntries]
    now: Mapping[str, ColumnEntries]
    learned: Set[str]

    @classmethod
    def of(cls, model: Any, network: Network, builder: Callable[..., Layer], reader: Reader) -> _Columns:
        further = further_columns(model._reader, reader)
        if further is None:
            return cls({}, {}, set())
        now = column_entries(builder, network.arguments, reader)
        before = {
            path: each._replace(keys=[key for key in each.keys if key[0] not in further]) for path, each in now.items()
        }
        if type(model)._network_builder is builder:
            before = column_entries(builder, model.network_arguments_, model._reader)
        else:
            keys = {name: number for number, name in enumerate(names_of_columns(model._reader))}
            before = {
                path: each._replace(keys=sorted(each.keys, key=lambda key: keys[key[0]]))
                for path, each in before.items()
            }
        prefixes = tuple(f"{each}." for each in network.arguments.get("frozen", ()))
        frozen = [name for name in now if name.startswith(prefixes)]
        if further and frozen:
            raise ValueError(
                f"freeze: {frozen[0]} would not learn of columns that pretrained does not know: {', '.join(further)}. "
                "Leave them out, or freeze other layers."
            )
        return cls(before, now, set(network.layout.names))

    def placed(self, given: Mapping[str, Array], wanted: Mapping[str, Array]) -> dict[str, Array]:
        """The given arrays, with the entries of known columns at their places; weights of further columns are zero."""
        return {name: self._placed(name, array, wanted.get(name)) for name, array in given.items()}

    def _placed(self, name: str, given: Array, initial: Array | None) -> Array:
        if initial is None or name not in self.before or name not in self.now:
            return given
        zeros = name in self.learned and self.now[name].starts_at_zero
        return placed(given, initial, self.before[name], self.now[name], zeros=zeros)


def _ensure_same_shapes(given: Mapping[str, Array], wanted: Mapping[str, Array], differing: str) -> None:
    """Raise if arrays have other names or shapes, except those of `OF_THE_TASK`, which one of both may lack."""
    for name in (*wanted, *given):
        absent = name not in given or name not in wanted
        if _shape(given, name) != _shape(wanted, name) and not (absent and OF_THE_TASK & set(name.split("."))):
            raise ValueError(
                f"pretrained has other layers: {name} has the shape {_shape(given, name)} there, and "
                f"{_shape(wanted, name)} here. {differing}"
            )


def _differing(model: Any, network: Network, estimator: Any) -> str:
    """A sentence about the hyper-parameters of the network that differ from those of `pretrained`."""
    names = {field.name for field in dataclasses.fields(estimator)} - set(NOT_COMPARED)
    arguments = {name: value for name, value in model.network_arguments_.items() if name in names}
    differing = {name: value for name, value in arguments.items() if network.arguments.get(name, value) != value}
    # Members of networks are None where n_cv asks for several networks, which is what has to be set then.
    differing = {
        name: value for name, value in differing.items() if value is not None or getattr(model, name, None) is None
    }
    if hasattr(model, "n_cv") and model.n_cv != getattr(estimator, "n_cv", None):
        differing["n_cv"] = model.n_cv
    if not differing:
        return "Set the hyper-parameters of the network, and give X, as for pretrained."
    return f"For pretrained, {', '.join(f'{name}={value!r}' for name, value in differing.items())}."


def _ensure_same_choices(given: Layer, wanted: Layer) -> None:
    """Raise if layers of the same names compute different functions, such as another activation."""
    before, now = (dict(_choices(before_output(each))) for each in (given, wanted))
    name = next((name for name, value in before.items() if now.get(name, value) != value), None)
    if name is not None:
        layer, _, each = name.rpartition(".")
        raise ValueError(
            f"pretrained has other layers: {layer} has {each}={before[name]!r} there, and {now[name]!r} here."
        )


def _choices(network: Layer, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Fields of layers that choose a function, by name."""
    for key, layer in _children(network).values():
        name = joined(prefix, key) if key else prefix
        for each in dataclasses.fields(layer):
            value = getattr(layer, each.name)
            if (isinstance(value, bool | str) or each.name in CHOICES) and each.name not in NO_CHOICES:
                yield f"{name}.{each.name}".replace(BEHIND_CLASS_TOKEN, ""), value
        yield from _choices(layer, name)


def has_same_task(pretrained: Any, task: Task) -> bool:
    """Return True if the outputs of `pretrained` mean the same: equal classes, or as many numbers in known units."""
    before = model_of(pretrained)._task
    if type(before) is not type(task) or before.loss()[0].link_name != task.loss()[0].link_name:
        return False
    if isinstance(task, Numbers) and isinstance(before, Numbers):
        return before.quantiles == task.quantiles and before.moments.known == task.moments.known
    classes: list[Any] = [each.attributes().get("classes_") for each in (before, task)]
    return classes[0] is not None and np.array_equal(classes[0], classes[1])


def _children(network: Layer) -> dict[str, tuple[str, Layer]]:
    """The layers directly inside a layer, with their names; "" for those that only some tasks have between."""
    ends = isinstance(network.children().get("pooling"), StepPooling)
    inner = isinstance(network, Frozen)
    return {
        key: ("" if (inner and key == "inner") or (ends and key == "steps") else key, child)
        for key, child in network.children().items()
    }


def _arrays(network: Layer, tree: Tree, prefix: str = "") -> Iterator[tuple[str, Array]]:
    """Arrays of a network by name, which are the same names whether layers are frozen, and for all tasks."""
    inside, declared = _children(network), network.parameters()
    for key, value in tree.items():
        if key in inside:
            name, layer = inside[key]
            yield from _arrays(layer, value, joined(prefix, name) if name else prefix)
        elif key in declared:
            yield joined(prefix, key).replace(BEHIND_CLASS_TOKEN, ""), value


def _shape(arrays: Mapping[str, Array], name: str) -> tuple[int, ...] | None:
    return arrays[name].shape if name in arrays else None


def _shapes(arrays: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in arrays.items()}
