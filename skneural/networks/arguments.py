"""What a network is built from, as plain values: the shapes of the data, and the hyper-parameters of an estimator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import numpy as np

PLAIN = (bool, int, float, str)


def arguments_of(builder: Callable[..., Any], estimator: Any, **shapes: Any) -> dict[str, Any]:
    """The arguments of a builder of networks.

    Parameters
    ----------
    builder : function
        Its annotations say what becomes of each value: numbers and strings become Python's own, a single value becomes
        a list where the builder takes a sequence, and "auto" becomes None where it takes None and no strings.
    estimator : object
        Its attributes are the hyper-parameters.
    **shapes
        Arguments that are no hyper-parameters, or differ from them.

    Returns
    -------
    arguments : dict from str to bool, int, float, str, None, or list of these
        All arguments of the builder.

    Raises
    ------
    TypeError
        If the builder takes something that is neither a shape given nor an attribute, or does not take what is given.
    """
    annotations = _annotations(builder)
    unknown = sorted(set(shapes) - set(annotations))
    if unknown:
        raise TypeError(f"{builder.__name__} does not take {', '.join(unknown)}; it takes {', '.join(annotations)}.")
    missing = sorted(name for name in annotations if name not in shapes and not hasattr(estimator, name))
    if missing:
        raise TypeError(
            f"{builder.__name__} takes {', '.join(missing)}, which {type(estimator).__name__} does not have: give it."
        )
    values = {name: shapes[name] if name in shapes else getattr(estimator, name) for name in annotations}
    return {name: plain(value, annotations[name]) for name, value in values.items()}


def plain(value: Any, annotation: Any) -> Any:
    """A value as the annotated type, which is bool, int, float or str, a sequence of one of these, or also None."""
    kinds = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    automatic = isinstance(value, str) and value == "auto" and str not in kinds
    if NoneType in kinds and (value is None or automatic):
        return None
    (kind,) = (kind for kind in kinds if kind is not NoneType)
    of_many = get_origin(kind) is Sequence
    element = get_args(kind)[0] if of_many else kind
    if element not in PLAIN or value is None:
        raise TypeError(f"{value!r} cannot become {annotation}.")
    return [element(one) for one in np.atleast_1d(value)] if of_many else element(value)


@cache
def _annotations(builder: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(builder, eval_str=True).parameters
    return {name: parameter.annotation for name, parameter in parameters.items()}
