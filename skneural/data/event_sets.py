"""Series of sets: zero-one arrays that say which classes occur at each step, such as the keys of a piano."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.data.object_columns import unpacked
from skneural.ops.types import Array


def read_sets(X: Any, name: str = "X") -> list[Array] | None:
    """One array of bytes, (steps, classes), for each series; None if X is no array of three axes or list of matrices.

    Raises
    ------
    ValueError
        If series differ in their numbers of classes, one is empty, or a value is neither zero nor one.
    """
    X = unpacked(X)
    if getattr(X, "ndim", 1) != 3 and not (isinstance(X, list | tuple | np.ndarray) and len(X) and _is_matrix(X[0])):
        return None
    series = [np.asarray(each) for each in X]
    for i, each in enumerate(series):
        if each.ndim != 2 or not len(each) or each.shape[1:] != series[0].shape[1:]:
            raise ValueError(
                f"{name}[{i}] has shape {each.shape}, and {name}[0] has {series[0].shape}. Series of sets are "
                "(steps, classes), of one step or more, with equally many classes."
            )
        other = None if each.dtype == bool else next(iter(each[(each != 0) & (each != 1)]), None)
        if other is not None:
            raise ValueError(
                f"{name}[{i}] has the value {other}. Series of sets are one where a class occurs at a step, and zero "
                "elsewhere."
            )
    return [each.astype(np.uint8) for each in series]


def _is_matrix(series: Any) -> bool:
    if isinstance(series, list | tuple):
        return len(series) > 0 and isinstance(series[0], list | tuple | np.ndarray)
    return getattr(series, "ndim", 0) == 2
