"""Columns of tables of numbers, times and categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.utils.validation import check_array

from skneural.ops.types import Array
from skneural.readers.categories import Categories, CategoryOptions, chosen_columns
from skneural.readers.frames import Column, columns_of, ensure_not_empty, is_frame
from skneural.readers.reader import InputSpec, TableColumns, with_dtype
from skneural.readers.times import Times


class Cells(NamedTuple):
    """A table that was read.

    Attributes
    ----------
    columns : list of Column
    numbers : array of shape (n, n_numbers)
        Numbers, followed by those of times: in single precision if X is an array of it, otherwise in double precision.
        NaN for missing values.
    dtype : dtype
        Precision of training.
    """

    columns: list[Column]
    numbers: Array
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class MixedColumns:
    """The columns of a table of numbers, times and categories, all of which may be missing.

    Attributes
    ----------
    columns : TableColumns
    categories : Categories
    times : Times
    empty : list of int
        Numbers that are missing in all rows of training. Later ones are taken for missing, too, and have no effect.
    is_text : bool array of shape (n_features,), or None
        Mask of the columns of free text; None if there are none.
    """

    columns: TableColumns
    categories: Categories
    times: Times
    empty: list[int]
    is_text: Array | None = None

    @classmethod
    def learn(cls, X: object, options: CategoryOptions, spec: InputSpec) -> tuple[Self, Cells]:
        """Learn from an array or a frame, and read it."""
        X = _as_table(X, spec)
        names, _ = TableColumns.learn(X, spec, skip_check_array=True)
        columns = columns_of(X)
        categories = Categories.learn(X, columns, options)
        is_text = chosen_columns(options.text_features, columns, "text_features") if options.text_features else None
        is_time = np.array([column.kind == "time" for column in columns]) & ~categories.is_categorical
        if is_text is not None:
            is_time &= ~is_text
        reader = cls(names, categories, Times.learn(columns, is_time), [], is_text)
        cells = reader._cells(X, columns, spec)
        return replace(reader, empty=np.flatnonzero(np.isnan(cells.numbers).all(axis=0)).tolist()), cells

    def read(self, X: object, spec: InputSpec) -> Cells:
        """Read an array or a frame with the columns that were learned."""
        X = self.columns.check(_as_table(X, spec), spec, skip_check_array=True)
        cells = self._cells(X, columns_of(X), spec)
        if self.empty:
            cells = cells._replace(numbers=cells.numbers.copy())
            cells.numbers[:, self.empty] = np.nan
        return cells

    @property
    def is_number(self) -> Array:
        """Mask of the columns that are neither categories, times nor free text."""
        mask: Array = ~(self.categories.is_categorical | self.times.is_time)
        return mask if self.is_text is None else mask & ~self.is_text

    def _cells(self, X: Any, columns: list[Column], spec: InputSpec) -> Cells:
        is_number = self.is_number
        if is_frame(X):  # with columns of several kinds, it has no precision
            dtype = spec.precision_of(X) if is_number.all() else spec.dtypes[0]
        else:
            dtype = spec.precision_of(X if X.dtype != object else X[:, is_number])
        numbers = _numbers(X, columns, is_number)
        _ensure_in_range(numbers, dtype, list(compress(columns, is_number)))
        if self.times.is_time.any():
            numbers = np.concatenate([numbers, *self.times.numbers(columns)], axis=1)
        return Cells(columns, numbers, dtype)

    def attributes(self) -> dict[str, Any]:
        """Public fitted attributes of the estimator, by name."""
        return {**self.columns.attributes(), **self.categories.attributes()}


def _as_table(X: object, spec: InputSpec) -> Any:
    """X as a frame or an array of two dimensions, neither of them empty."""
    if is_frame(X):
        ensure_not_empty(X, spec.estimator_name)
        return X
    X = np.asarray(X, dtype=object) if _has_text(X) else with_dtype(X)
    return check_array(X, dtype=None, ensure_all_finite=False, estimator=spec.estimator_name, input_name="X")


def _has_text(X: object) -> bool:
    return isinstance(X, list | tuple) and any(isinstance(value, str) for row in X for value in np.atleast_1d(row))


def _numbers(X: Any, columns: Sequence[Column], is_number: Array) -> Array:
    """The columns of numbers."""
    if not is_frame(X) and X.dtype.kind in "biuf":
        part = X if is_number.all() else X[:, is_number]
        return part if X.dtype == np.float32 else part.astype(np.float64, copy=False)
    numbers, others = np.empty((len(X), np.count_nonzero(is_number))), []
    for i, column in enumerate(compress(columns, is_number)):
        try:
            numbers[:, i] = column.numbers()
        except ValueError:
            others.append(column)
    if others:
        raise ValueError(_no_numbers(others))
    return numbers


def _no_numbers(columns: list[Column]) -> str:
    of_text = [column for column in columns if column.kind in ("text", "category")]
    if not of_text:
        column = columns[0]
        return (
            f"Column {column.label} of X holds {column.description}, which are neither numbers nor categories. Make "
            "numbers of them, such as times of day as seconds, or leave the column out."
        )
    labels, some = ", ".join(column.label for column in of_text), of_text[0].description
    named = f"Columns {labels} of X hold" if len(of_text) > 1 else f"Column {labels} of X holds"
    return (
        f"{named} {some}, and could not be converted to numbers. For categories, list them in categorical_features, "
        'or pass a DataFrame with categorical_features="from_dtype"; or leave them out.'
    )


def _ensure_in_range(numbers: Array, dtype: np.dtype[Any], columns: list[Column]) -> None:
    too_large = (np.abs(numbers) > np.finfo(dtype).max).any(axis=0)
    if too_large.any():
        raise ValueError(
            f"Column {columns[too_large.argmax()].label} of X contains infinity or a value too large for {dtype!r}."
        )
