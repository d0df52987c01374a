"""The types of skneural in a model, and functions of its user, which skops asks to trust before it loads a file."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np

from skneural.losses import Loss
from skneural.optimizers import Optimizer

LOADED_UNASKED = ("numpy", "scipy", "sklearn")


def trusted_types(model: Any) -> list[str]:
    """Return the types of skneural in a model, and functions of its user, as `skops.io.load` takes them.

    skops loads types of NumPy and scikit-learn without being asked. Of skneural there is one for each estimator, as
    their states are numbers, strings and arrays. A function that is a hyper-parameter, such as the `network` of
    `NetworkClassifier`, is in the file by its name, and so is the class of
    a loss or an optimizer. Trust the file of a stranger only if what it asks for,
    ``skops.io.get_untrusted_types(file=...)``, is known to you.

    Parameters
    ----------
    model : estimator
        An estimator, or one that contains others, such as a pipeline or a search; fitted or not.

    Returns
    -------
    types : list of str
        Full names of classes and functions, sorted.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skneural import MLPClassifier
    >>> from skneural.export import trusted_types
    >>> trusted_types(make_pipeline(StandardScaler(), MLPClassifier()))
    ['skneural.estimators.mlp.MLPClassifier']
    """
    types: set[str] = set()
    _collect(model, types, set())
    return sorted(types)


def _collect(value: Any, types: set[str], seen: set[int]) -> None:
    """Add the types of skneural in a value, and in the state that a file would hold."""
    if id(value) in seen or isinstance(value, str | bytes | int | float | type):
        return
    if isinstance(value, FunctionType):
        if value.__module__.split(".")[0] not in LOADED_UNASKED:
            types.add(f"{value.__module__}.{value.__qualname__}")
        return
    seen.add(id(value))
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set):
        parts = list(value)
    elif isinstance(value, np.ndarray):
        parts = value.ravel().tolist() if value.dtype == object else []
    else:
        kind = type(value)
        if kind.__module__.split(".")[0] == "skneural" or isinstance(value, Loss | Optimizer):
            types.add(f"{kind.__module__}.{kind.__qualname__}")
        state = value.__getstate__() if hasattr(value, "__dict__") else None
        parts = [state] if isinstance(state, dict) else []
    for part in parts:
        _collect(part, types, seen)
