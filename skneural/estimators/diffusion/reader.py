"""Reader of tables of numbers and categories that restores generated rows to the form of X."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils import Tags

from skneural.data import Container, Rows
from skneural.estimators.diffusion.container import TableRows
from skneural.ops.types import Array
from skneural.readers import InputSpec, Reader, TableColumns
from skneural.readers.categories import Categories, CategoryOptions, as_table, checked_numbers
from skneural.sklearn_compat import safe_indexing


@dataclass(frozen=True)
class TableForm:
    """Container type, column labels and dtypes of X, as plain values.

    Attributes
    ----------
    labels : list or None
        Labels of the columns of a pandas DataFrame; None for arrays.
    dtypes : list of str
        The dtype of each column; a single one for arrays.
    levels : list of (list or None)
        All categories of each column with categorical dtype, including those that do not occur; None for others.
    ordered : list of bool
        Whether the categories of each column are ordered.
    """

    labels: list[Any] | None
    dtypes: list[str]
    levels: list[list[Any] | None]
    ordered: list[bool]

    @classmethod
    def learn(cls, X: Any, is_categorical: Array) -> Self:
        if not hasattr(X, "iloc"):
            dtype = X.dtype if hasattr(X, "dtype") else np.asarray(X).dtype
            return cls(None, [dtype.str if dtype.kind != "O" or is_categorical.any() else "<f8"], [], [])
        columns = [X.iloc[:, j] for j in range(X.shape[1])]
        columns = [c if known else c.infer_objects() for c, known in zip(columns, is_categorical, strict=True)]
        levels = [column.cat.categories.tolist() if hasattr(column, "cat") else None for column in columns]
        ordered = [bool(column.cat.ordered) if hasattr(column, "cat") else False for column in columns]
        return cls(X.columns.tolist(), [str(column.dtype) for column in columns], levels, ordered)

    @property
    def unbounded(self) -> bool:
        """True if the columns can hold any number."""
        return self.labels is None and np.dtype(self.dtypes[0]).kind == "f"

    def restore(self, columns: list[Array]) -> Any:
        """An array or a DataFrame of the given columns."""
        if self.labels is not None:
            return self._frame(columns)
        (dtype,) = self.dtypes
        return np.stack([_numbers_as(column, np.dtype(dtype)) for column in columns], axis=1)

    def _frame(self, columns: list[Array]) -> Any:
        import pandas as pd

        series = []
        for column, name, levels, ordered in zip(columns, self.dtypes, self.levels, self.ordered, strict=True):
            if levels is not None:
                series.append(pd.Series(pd.Categorical(column, categories=levels, ordered=ordered)))
                continue
            dtype = pd.Series([], dtype=name).dtype
            if column.dtype != object and dtype.kind in "iu":
                column = pd.array(np.rint(column), dtype="Float64") if np.isnan(column).any() else np.rint(column)
            series.append(pd.Series(column).astype(dtype))
        frame = pd.concat(series, axis=1)
        frame.columns = self.labels
        return frame


@dataclass(frozen=True)
class RestorableTable(Reader):
    """Reader of an array or DataFrame of shape (n, features), in which numbers and categories may be missing.

    The container holds numbers and the codes of categories in double precision, in the order of the columns.

    Attributes
    ----------
    columns : TableColumns
    categories : Categories
    form : TableForm
    """

    columns: TableColumns
    categories: Categories
    form: TableForm

    @classmethod
    def learn(cls, X: Any, options: CategoryOptions, spec: InputSpec) -> tuple[Self, Container]:
        X = _dense_table(X, spec)
        columns, _ = TableColumns.learn(X, spec, skip_check_array=True)
        categories = Categories.learn(X, options)
        reader = cls(columns, categories, TableForm.learn(X, categories.is_categorical))
        return reader, reader._container(X, spec)

    def read(self, X: object, spec: InputSpec) -> Container:
        return self._container(self.columns.check(_dense_table(X, spec), spec, skip_check_array=True), spec)

    def _container(self, X: Any, spec: InputSpec) -> TableRows:
        table, dtype, is_categorical = np.empty(X.shape), spec.dtypes[0], self.categories.is_categorical
        if not is_categorical.all():
            part = safe_indexing(X, np.flatnonzero(~is_categorical), axis=1) if is_categorical.any() else X
            numbers = checked_numbers(part, spec)
            dtype = numbers.dtype
            rounded = dtype == np.float32 and getattr(X, "dtype", None) != np.float32
            exact = checked_numbers(part, spec._replace(dtype=np.float64)) if rounded else numbers
            table[:, ~is_categorical] = exact
        for j, codes in zip(np.flatnonzero(is_categorical), self.categories.codes(X, None), strict=True):
            table[:, j] = codes
        return TableRows(table, dtype)

    def restore(self, x: Container) -> Any:
        """Rows of numbers and codes as an array or a DataFrame, like the X of `fit`."""
        assert isinstance(x, Rows)
        values = iter(self.categories.values)
        columns = [
            _decoded(next(values), column.astype(int)) if is_categorical else column
            for column, is_categorical in zip(x.values.T, self.categories.is_categorical, strict=True)
        ]
        return self.form.restore(columns)

    def shapes(self) -> dict[str, Any]:
        return {}  # the task encodes the columns

    def attributes(self) -> dict[str, Any]:
        return {**self.columns.attributes(), **self.categories.attributes()}

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True


def _dense_table(X: object, spec: InputSpec) -> Any:
    if sparse.issparse(X):
        raise TypeError(f"Sparse data was passed to {spec.estimator_name}, which takes dense X: use X.toarray().")
    return as_table(X, spec.estimator_name)


def _decoded(categories: list[Any], codes: Array) -> Array:
    values = np.empty(len(categories), object)
    values[:] = categories
    return values[codes]


def _numbers_as(column: Array, dtype: np.dtype[Any]) -> Array:
    if column.dtype != object and dtype.kind in "iub":
        column = np.rint(column)
    return column.astype(dtype)
