"""Tables of numbers and categories as X, of which more rows can be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import validate_data

from skneural.data import Container, TableRows
from skneural.inputs.categories import as_table, category_codes, checked_numbers, learn_categories
from skneural.inputs.input_kind import Expected, InputKind
from skneural.ops.types import Array


@dataclass(frozen=True)
class RestorableTable(InputKind):
    """X is (n, features): an array or a DataFrame. Numbers may be missing, and so may categories.

    What is learned: `is_categorical_`, `categories_`, and `_form`: what X was, in plain values.
    """

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        if sparse.issparse(X):
            raise TypeError(f"Sparse data was passed to {type(estimator).__name__}, which takes dense X: X.toarray().")
        X = as_table(X, estimator)
        validate_data(estimator, X, skip_check_array=True, reset=expected.reset)
        if expected.reset:
            learn_categories(estimator, X)
            estimator._form = _form_of(X, estimator.is_categorical_)
        table, dtype = _coded(estimator, X, expected)
        return TableRows(table, dtype)

    def restore(self, estimator: BaseEstimator, table: Array) -> Any:
        """A table as an array or a DataFrame, as X was given to `fit`."""
        form = estimator._form
        categories = iter(estimator.categories_)
        columns = [
            _chosen(next(categories), codes.astype(int)) if is_categorical else codes
            for codes, is_categorical in zip(table.T, estimator.is_categorical_, strict=True)
        ]
        if form["labels"] is not None:
            return _frame(columns, form)
        (dtype,) = form["dtypes"]
        return np.stack([_numbers_as(column, np.dtype(dtype)) for column in columns], axis=1)

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        return {"n_in": x.values.shape[1], "n_condition": x.condition.shape[1]}  # type: ignore[attr-defined]

    def tag(self, tags: Any) -> None:
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True


def _coded(estimator: BaseEstimator, X: Any, expected: Expected) -> tuple[Array, np.dtype[Any]]:
    """Numbers in double precision and categories by their numbers; and the precision in which to train."""
    table, is_categorical = np.empty(X.shape), estimator.is_categorical_
    dtype = expected.dtype[0] if isinstance(expected.dtype, tuple) else expected.dtype
    if not is_categorical.all():
        part = _safe_indexing(X, np.flatnonzero(~is_categorical), axis=1) if is_categorical.any() else X
        numbers = checked_numbers(part, expected.dtype, estimator)
        dtype = numbers.dtype
        rounded = dtype == np.float32 and getattr(X, "dtype", None) != np.float32
        table[:, ~is_categorical] = checked_numbers(part, np.float64, estimator) if rounded else numbers
    for j, codes in zip(np.flatnonzero(is_categorical), category_codes(estimator, X, None), strict=True):
        table[:, j] = codes
    return table, np.dtype(dtype)


def _chosen(categories: list[Any], codes: Array) -> Array:
    values = np.empty(len(categories), object)
    values[:] = categories
    return values[codes]


def _form_of(X: Any, is_categorical: Array) -> dict[str, Any]:
    """What X was, in plain values: labels and dtypes of columns, and all levels of those of categories."""
    if not hasattr(X, "iloc"):
        dtype = X.dtype if hasattr(X, "dtype") else np.asarray(X).dtype
        return {"labels": None, "dtypes": [dtype.str if dtype.kind != "O" or is_categorical.any() else "<f8"]}
    columns = [X.iloc[:, j] for j in range(X.shape[1])]
    columns = [one if told else one.infer_objects() for one, told in zip(columns, is_categorical, strict=True)]
    levels = [column.cat.categories.tolist() if hasattr(column, "cat") else None for column in columns]
    ordered = [bool(column.cat.ordered) if hasattr(column, "cat") else False for column in columns]
    dtypes = [str(column.dtype) for column in columns]
    return {"labels": X.columns.tolist(), "dtypes": dtypes, "levels": levels, "ordered": ordered}


def _frame(columns: list[Array], form: dict[str, Any]) -> Any:
    import pandas as pd

    series = []
    for column, name, levels, ordered in zip(columns, form["dtypes"], form["levels"], form["ordered"], strict=True):
        if levels is not None:
            series.append(pd.Series(pd.Categorical(column, categories=levels, ordered=ordered)))
            continue
        dtype = pd.Series([], dtype=name).dtype
        if column.dtype != object and dtype.kind in "iu":
            column = pd.array(np.rint(column), dtype="Float64") if np.isnan(column).any() else np.rint(column)
        series.append(pd.Series(column).astype(dtype))
    frame = pd.concat(series, axis=1)
    frame.columns = form["labels"]
    return frame


def _numbers_as(column: Array, dtype: np.dtype[Any]) -> Array:
    if column.dtype != object and dtype.kind in "iub":
        column = np.rint(column)
    return column.astype(dtype)
