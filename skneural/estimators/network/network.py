"""Networks of functions that users bring: the arguments of the functions, and checks of what they return."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from skneural.hyperparameters import python_value
from skneural.layers import Layer
from skneural.ops.dimension import Dimension

PREFIX = "network__"  # of the names of hyper-parameters that are arguments of the function

AnyNetwork = Callable[..., object]


def function_name(network: AnyNetwork) -> str:
    """Name of a function or class, or of the class of another callable."""
    return getattr(network, "__qualname__", type(network).__qualname__)


def arguments_of_function(
    network: AnyNetwork, shapes: Mapping[str, Any], hyperparameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Collect the arguments of a function that returns a network.

    Parameters
    ----------
    network : function
    shapes : mapping from str to int
        Of these, the function is given those that it has parameters for.
    hyperparameters : mapping from str to object
        Further arguments, without `PREFIX`.

    Raises
    ------
    ValueError
        If one of `hyperparameters` is a shape or no argument of the function, or an argument without a default is
        missing; the message lists the hyper-parameters that there are.
    """
    parameters = inspect.signature(network).parameters
    by_name = [
        name for name, each in parameters.items() if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    ]
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    valid = [PREFIX + name for name in by_name if name not in shapes]
    listed = f"Its hyper-parameters are {', '.join(valid) or 'none'}{', and any others' if takes_any else ''}."
    owner = function_name(network)
    given_shapes = sorted(set(hyperparameters) & set(shapes))
    if given_shapes:
        raise ValueError(f"{PREFIX}{given_shapes[0]} follows from the data, and cannot be set. {listed}")
    unknown = [] if takes_any else sorted(set(hyperparameters) - set(by_name))
    if unknown:
        raise ValueError(f"{owner} takes no {', '.join(unknown)}: {PREFIX}{unknown[0]} is unknown. {listed}")
    # With the defaults of today, so that a model in a file keeps its network when they change.
    arguments = {
        name: parameters[name].default for name in by_name if parameters[name].default is not inspect.Parameter.empty
    }
    arguments |= {name: value for name, value in shapes.items() if name in by_name}
    arguments |= {name: python_value(value) for name, value in hyperparameters.items()}
    required = [name for name, each in parameters.items() if each.default is each.empty and name in by_name]
    missing = [name for name in required if name not in arguments]
    if missing:
        raise ValueError(
            f"{owner} requires {', '.join(missing)}, which is not among the shapes of this kind of X, "
            f"{', '.join(shapes)}: set {PREFIX}{missing[0]}, or give it a default. {listed}"
        )
    return arguments


def network_of_function(
    network: AnyNetwork, x_shape: Sequence[int | str], n_out: int, arguments: Mapping[str, Any]
) -> Layer:
    """Call a function that returns a network, and compare the output shape that its layers declare.

    Parameters
    ----------
    network : function
    x_shape : sequence of int and str
        Shape of X, with names for sizes that differ between batches.
    n_out : int
        Number of raw scores.
    arguments : mapping from str to object
        From `arguments_of_function`.

    Raises
    ------
    TypeError
        If the function returns something else than a layer.
    ValueError
        If layers do not fit X or each other, or the output has another shape than (n, n_out).
    """
    layer = network(**arguments)
    owner = function_name(network)
    if not isinstance(layer, Layer):
        raise TypeError(
            f"{owner} must return a network, that is a layer of skneural.layers such as Chain, or of a class derived "
            f"from Layer; it returned {layer!r:.200}, of type {type(layer).__name__}."
        )
    shape = tuple(Dimension(size) if isinstance(size, str) else size for size in x_shape)
    try:
        output = layer.shape(shape)
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise ValueError(f"The layers that {owner} returns do not fit X of shape {in_words(shape)}: {error}") from error
    if in_words(output) != in_words((shape[0], n_out)):
        raise ValueError(
            f"The network that {owner} returns has an output of shape {in_words(output)} for X of shape "
            f"{in_words(shape)}; it must be ({shape[0]}, {n_out}), raw scores, with n_out={n_out} for these data, such "
            "as those of a last layer Dense(..., n_out). A layer that changes the shape must define the method shape."
        )
    return layer


def in_words(shape: Any) -> str:
    """A shape as in a sentence: (n, 4)."""
    return f"({', '.join(map(str, shape))})" if isinstance(shape, tuple | list) else repr(shape)
