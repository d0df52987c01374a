"""Arguments of network builders, as plain values: shapes of the data and hyper-parameters of an estimator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import numpy as np

PLAIN = (bool, int, float, str)


def arguments_of(builder: Callable[..., Any], hyperparameters: Mapping[str, Any], **shapes: Any) -> dict[str, Any]:
    """Collect the arguments of a network builder.

    Parameters
    ----------
    builder : function
        Values are converted to its annotations: numbers and strings to Python's types, a single value to a list where
        a sequence is annotated, and "auto" to None where None is annotated and str is not.
    hyperparameters : mapping
        Hyper-parameters of an estimator by name, some of which are arguments of the builder.
    **shapes
        Arguments that are not hyper-parameters, or that replace the hyper-parameter of the same name.

    Returns
    -------
    arguments : dict from str to bool, int, float, str, None, or list of these
        All arguments of the builder.

    Raises
    ------
    TypeError
        If an argument of the builder is neither in `shapes` nor a hyper-parameter, or one of `shapes` is no argument.
    """
    parameters = _parameters(builder)
    unknown = sorted(set(shapes) - set(parameters))
    if unknown:
        raise TypeError(f"{builder.__name__} does not take {', '.join(unknown)}; it takes {', '.join(parameters)}.")
    defaults = {name: p.default for name, p in parameters.items() if p.default is not p.empty}
    values = {**defaults, **hyperparameters, **shapes}
    missing = sorted(name for name in parameters if name not in values)
    if missing:
        raise TypeError(
            f"{builder.__name__} takes {', '.join(missing)}, which the estimator does not have as a hyper-parameter: "
            "return it from the shapes of the reader or of the task."
        )
    return {name: plain(values[name], parameter.annotation) for name, parameter in parameters.items()}


def plain(value: Any, annotation: Any) -> Any:
    """Convert a value to its annotation: bool, int, float or str, or a sequence of these, possibly or None.

    A value of another class that is annotated stays as it is.
    """
    kinds = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    brought = tuple(kind for kind in kinds if isinstance(kind, type) and kind not in (*PLAIN, NoneType))
    if isinstance(value, brought):  # a value in place of a name
        return value
    automatic = isinstance(value, str) and value == "auto" and str not in kinds
    if NoneType in kinds and (value is None or automatic):
        return None
    kind = next((kind for kind in kinds if kind is not NoneType and kind not in brought), None)
    is_sequence = get_origin(kind) is Sequence
    element = get_args(kind)[0] if is_sequence else kind
    if element not in PLAIN or value is None:
        raise TypeError(f"{value!r} cannot become {annotation}.")
    return [element(item) for item in np.atleast_1d(value)] if is_sequence else element(value)


@cache
def _parameters(builder: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(builder, eval_str=True).parameters
