"""Reading of arrays that are stored in files, block by block."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from skneural.data import Rows, Series
from skneural.data.stored import StoredArray, StoredRows, is_stored
from skneural.ops.blocks import slices
from skneural.readers.reader import InputSpec, ensure_none_is_nan

# Numbers of a block of rows that are checked at once.
NUMBERS_CHECKED_AT_ONCE = 1 << 19


def few_rows(X: Any, spec: InputSpec) -> tuple[Any, InputSpec]:
    """X with what is required of it, for checks of its shape and dtype; of a stored array, one row of zeros.

    The values of a stored array are checked by `stored_container`.
    """
    if not is_stored(X):
        return X, spec
    zeros = np.zeros((min(1, X.shape[0]), *X.shape[1:]), X.dtype)
    return zeros, spec._replace(rows=None, sample_weight=None)


def stored_container(
    X: Any, spec: InputSpec, sample_shape: tuple[int, ...], kind: type[Rows] | type[Series] = Rows
) -> StoredRows:
    """The samples of a stored array, none of which stays in memory, after one pass that checks their values.

    Parameters
    ----------
    X : array of shape (n_samples, ...)
        See `skneural.data.stored.is_stored`.
    spec : InputSpec
    sample_shape : tuple of int
        Shape of a sample in the container.
    kind : {Rows, Series}, default=Rows
        Container of rows in memory.

    Raises
    ------
    ValueError
        If a value is missing or infinite.
    """
    stored_dtype = spec.stored_dtype(few_rows(X, spec)[0])
    x = StoredRows(StoredArray(X), sample_shape, stored_dtype, spec.resolve(stored_dtype), kind)
    x = x if spec.rows is None else x.subset(spec.rows)
    if stored_dtype.kind == "f":
        _ensure_finite(x, spec)
    return x


def _ensure_finite(x: StoredRows, spec: InputSpec) -> None:
    """Raise if values are missing or infinite."""
    for rows in slices(len(x), max(1, NUMBERS_CHECKED_AT_ONCE // math.prod(x.sample_shape))):
        with np.errstate(over="ignore"):
            block = np.asarray(x.values[rows], x.stored_dtype)
        try:
            assert_all_finite(block, allow_nan=True, estimator_name=spec.estimator_name, input_name="X")
            ensure_none_is_nan(block, spec.estimator_name)
        except ValueError as error:
            of_samples = "" if spec.rows is None else " of weight"
            raise ValueError(f"Among the samples{of_samples} from {rows.start} on: {error}") from error
