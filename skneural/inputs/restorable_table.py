"""Tables of numbers and categories as X, of which more rows can be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_categorical_features, check_array, validate_data

from skneural.data import Container, TableRows
from skneural.hyperparameters import NONE, Choice, Constraint, declare, hyperparameter
from skneural.inputs.input_kind import Expected, InputKind, with_dtype
from skneural.ops.types import Array

MISSING = None  # stands among categories for what is missing


def _are_columns(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


@declare
class RestorableTableFields:
    """The hyper-parameter of `RestorableTable`."""

    categorical_features: str | Sequence[Any] | None = hyperparameter(
        "from_dtype",
        Choice("from_dtype") | Constraint("array-like of bool, int or str", _are_columns) | NONE,
        """Which columns hold categories: "from_dtype" for those of a DataFrame that hold categories, strings, objects
        or truth values; a mask, column numbers or column names; None for none.""",
    )

    attributes_doc = {
        "is_categorical_": ("ndarray of shape (n_features_in_,)", "Which columns hold categories."),
        "categories_": (
            "list of lists",
            "The categories of each such column, as seen in training; None, at the end, stands for missing ones.",
        ),
    }


@dataclass(frozen=True)
class RestorableTable(InputKind):
    """X is (n, features): an array or a DataFrame. Numbers may be missing, and so may categories.

    What is learned: `is_categorical_`, `categories_`, and `_form`: what X was, in plain values.
    """

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        if sparse.issparse(X):
            raise TypeError(f"Sparse data was passed to {type(estimator).__name__}, which takes dense X: X.toarray().")
        X = with_dtype(X)
        is_categorical = _categorical_columns(estimator, X) if expected.reset else estimator.is_categorical_
        if not is_categorical.any():
            dtypes = expected.dtype
            numbers = validate_data(estimator, X, dtype=dtypes, reset=expected.reset, ensure_all_finite="allow-nan")
            table, dtype = _exactly(X, numbers), numbers.dtype
        else:
            validate_data(estimator, X, reset=expected.reset, skip_check_array=True)
            if expected.reset:
                columns = [_column(X, j) for j in np.flatnonzero(is_categorical).tolist()]
                estimator.categories_ = [_categories(column) for column in columns]
            table, dtype = _coded(estimator, X, is_categorical, expected)
        if expected.reset:
            estimator.is_categorical_ = is_categorical
            estimator.categories_ = estimator.categories_ if is_categorical.any() else []
            estimator._form = _form_of(X, is_categorical)
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


def _categorical_columns(estimator: BaseEstimator, X: Any) -> Array:
    """Which columns hold categories."""
    asked, n = estimator.categorical_features, np.shape(X)[1] if np.ndim(X) == 2 else 0
    if isinstance(asked, str):
        if not hasattr(X, "dtypes"):
            return np.zeros(n, bool)
        words = ("category", "object", "string", "str", "bool", "boolean")
        return np.array([str(dtype) in words for dtype in X.dtypes], bool)
    mask = _check_categorical_features(X, asked)
    return np.zeros(n, bool) if mask is None else mask


def _exactly(X: Any, numbers: Array) -> Array:
    """Numbers in double precision, as they were before they were rounded to single precision."""
    if numbers.dtype == np.float32 and getattr(X, "dtype", None) != np.float32:
        return check_array(X, dtype=np.float64, ensure_all_finite="allow-nan")
    return numbers.astype(np.float64)


def _coded(estimator: BaseEstimator, X: Any, is_categorical: Array, expected: Expected) -> tuple[Array, Any]:
    """Numbers as they are, categories by their numbers; and the precision in which to train."""
    table, dtype = np.empty((len(X), X.shape[1])), expected.dtype
    if isinstance(dtype, tuple):
        dtype = dtype[0]
    if not is_categorical.all():
        part = X.iloc[:, ~is_categorical] if hasattr(X, "iloc") else X[:, ~is_categorical]
        numbers = check_array(part, dtype=expected.dtype, ensure_all_finite="allow-nan", estimator=estimator)
        table[:, ~is_categorical], dtype = _exactly(part, numbers), numbers.dtype
    for j, categories in zip(np.flatnonzero(is_categorical).tolist(), estimator.categories_, strict=True):
        table[:, j] = _codes(_column(X, j), categories, j)
    return table, np.dtype(dtype)


def _column(X: Any, j: int) -> Any:
    return X.iloc[:, j] if hasattr(X, "iloc") else X[:, j]


def _values(column: Any) -> tuple[list[Any], Array]:
    """The values of a column as Python's own, and which are missing."""
    if hasattr(column, "isna"):
        return column.tolist(), column.isna().to_numpy()
    values = column.tolist()
    return values, np.array([value is None or value != value for value in values], bool)


def _categories(column: Any) -> list[Any]:
    """Those that occur, in their order; None at the end if some are missing."""
    values, missing = _values(column)
    seen = {value for value, absent in zip(values, missing, strict=True) if not absent}
    levels = (
        column.cat.categories.tolist()
        if hasattr(column, "cat")
        else sorted(seen, key=lambda one: (str(type(one)), one))
    )
    return [level for level in levels if level in seen] + ([MISSING] if missing.any() else [])


def _codes(column: Any, categories: list[Any], j: int) -> Array:
    values, missing = _values(column)
    number = {category: i for i, category in enumerate(categories)}
    try:
        return np.array([number[MISSING if absent else v] for v, absent in zip(values, missing, strict=True)], float)
    except KeyError as error:
        raise ValueError(
            f"Column {j} of X has the category {error}, which was not seen in training: {categories}."
        ) from None


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
