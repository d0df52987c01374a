"""Reader of tables of numbers, times and categories that restores generated rows to the form of X."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils import Tags

from skneural.data import Container, Rows
from skneural.estimators.diffusion.form import TableForm
from skneural.ops.types import Array
from skneural.readers import Cells, InputSpec, MixedColumns, Reader
from skneural.readers.categories import CategoryOptions


@dataclass(frozen=True)
class RestorableTable(Reader):
    """Reader of an array or DataFrame of shape (n, features), in which numbers, times and categories may be missing.

    The container holds numbers, including those of times, followed by the codes of categories, in double precision.

    Attributes
    ----------
    columns : MixedColumns
    form : TableForm
    """

    columns: MixedColumns
    form: TableForm

    @classmethod
    def learn(cls, X: Any, options: CategoryOptions, spec: InputSpec) -> tuple[Self, Container]:
        _ensure_dense(X, spec)
        columns, cells = MixedColumns.learn(X, options, spec)
        reader = cls(columns, TableForm.learn(X, cells.columns, columns.categories.is_categorical))
        return reader, reader._container(cells)

    def read(self, X: object, spec: InputSpec) -> Container:
        _ensure_dense(X, spec)
        return self._container(self.columns.read(X, spec))

    def _container(self, cells: Cells) -> Rows:
        codes = self.columns.categories.codes(cells.columns, None)
        return Rows(np.column_stack([cells.numbers.astype(np.float64, copy=False), *codes]), cells.dtype)

    @property
    def n_categories(self) -> Array:
        """Number of categories of each column of the container; zero for numbers."""
        n_numbers = np.count_nonzero(self.columns.is_number) + self.columns.times.n_numbers
        return np.array([0] * n_numbers + self.columns.categories.sizes, dtype=int)

    @property
    def learned_once(self) -> str:
        return "the categories of X" if self.columns.categories.sizes else ""

    def restore(self, x: Container) -> Any:
        """Rows of numbers and codes as an array or a DataFrame, like the X of `fit`."""
        assert isinstance(x, Rows)
        is_categorical, times = self.columns.categories.is_categorical, self.columns.times
        n_plain = np.count_nonzero(self.columns.is_number)
        numbers, of_times, codes = np.split(x.values, [n_plain, n_plain + times.n_numbers], axis=1)
        columns: list[Any] = [None] * len(is_categorical)
        for mask, restored in (
            (self.columns.is_number, list(numbers.T)),
            (times.is_time, times.restore(of_times)),
            (is_categorical, map(_decoded, self.columns.categories.values, codes.T.astype(int))),
        ):
            for number, column in zip(np.flatnonzero(mask), restored, strict=True):
                columns[number] = column
        return self.form.restore(columns)

    @property
    def scaling_advice(self) -> str:
        return ""

    def shapes(self) -> dict[str, Any]:
        return {}  # the task encodes the columns

    def attributes(self) -> dict[str, Any]:
        return self.columns.attributes()

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True


def _ensure_dense(X: object, spec: InputSpec) -> None:
    if sparse.issparse(X):
        raise TypeError(f"Sparse data was passed to {spec.estimator_name}, which takes dense X: use X.toarray().")


def _decoded(categories: list[Any], codes: Array) -> Array:
    values = np.empty(len(categories), object)
    values[:] = categories
    return values[codes]
