"""Single columns of series, token lists or graphs, as tables and meta-estimators of scikit-learn hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skneural.data.graph import Graph
from skneural.ops.types import Array


def unpacked(X: Any) -> Any:
    """The values of a single column of series, token lists or graphs, in a one-dimensional object array.

    The column is a Series or array of pandas, polars or Arrow, a table of one column, or an object array of shape (n,)
    or (n, 1). Anything else is returned as it is.
    """
    values = _values_of_column(X)
    if values is None or not len(values):
        return X
    first = values[0]
    holds_samples = isinstance(first, Graph) or (hasattr(first, "__len__") and not isinstance(first, str | bytes))
    return values if holds_samples else X


def object_array(values: Sequence[Any]) -> Array:
    """An array whose elements are the given values, whatever their shapes."""
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = value
    return array


def _values_of_column(X: Any) -> Array | None:
    """Values of a single column of objects; None if X is not one."""
    if isinstance(X, np.ndarray):
        is_column = X.dtype == object and (X.ndim == 1 or (X.ndim == 2 and X.shape[1] == 1))
        return X.ravel() if is_column else None
    shape: tuple[int, ...] = getattr(X, "shape", ())
    if len(shape) == 2 and hasattr(X, "columns"):  # after `shape`: lazy frames warn that columns take long to determine
        if shape[1] != 1:
            return None
        X = X.column(0) if hasattr(X, "column_names") else X  # tables of Arrow
    elif not hasattr(X, "to_numpy"):
        return None
    values = np.asarray(X)
    if values.dtype != object:
        is_rows = values.ndim == 2 and not hasattr(X, "columns")  # arrays of fixed size
        return object_array(list(values)) if is_rows else None
    return values.ravel()
