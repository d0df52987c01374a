"""Reader of tables of numbers and categories, with missing values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils import Tags

from skneural.data import Container, Rows
from skneural.data.statistics import column_quantiles
from skneural.ops.types import Array
from skneural.readers import InputSpec, Reader, TableColumns
from skneural.readers.categories import Categories, CategoryOptions, as_table, checked_numbers
from skneural.sklearn_compat import safe_indexing

UNSEEN_CATEGORY = -1  # the code of a category that was not seen in training


@dataclass(frozen=True)
class MixedTable(Reader):
    """Reader of an array or DataFrame of shape (n, features), in which numbers and categories may be missing.

    The container has numeric columns first, followed by the codes of categories.

    Attributes
    ----------
    columns : TableColumns
    categories : Categories
    offsets : array of shape (n_numbers,)
        Subtracted from numbers before they are rounded to single precision, which would lose small differences of large
        numbers, such as times.
    missing : list of int
        Numeric columns with missing values in training.
    """

    columns: TableColumns
    categories: Categories
    offsets: Array
    missing: list[int]

    @classmethod
    def learn(cls, X: object, options: CategoryOptions, spec: InputSpec) -> tuple[Self, Container]:
        X = _dense_table(X, spec)
        columns, _ = TableColumns.learn(X, spec, skip_check_array=True)
        categories = Categories.learn(X, options)
        mixed = categories.is_categorical.any()
        # A DataFrame with columns of several types has no single dtype.
        numbers_spec = spec._replace(dtype=np.float32) if mixed and hasattr(X, "columns") else spec
        numbers, offsets = _numbers(X, ~categories.is_categorical, None, numbers_spec)
        missing = np.flatnonzero(np.isnan(numbers).any(axis=0)).tolist()
        reader = cls(columns, categories, offsets, missing)
        return reader, reader._container(numbers, X)

    def read(self, X: object, spec: InputSpec) -> Container:
        X = self.columns.check(_dense_table(X, spec), spec, skip_check_array=True)
        numbers, _ = _numbers(X, ~self.categories.is_categorical, self.offsets, spec)
        return self._container(numbers, X)

    def _container(self, numbers: Array, X: object) -> Rows:
        codes = self.categories.codes(X, UNSEEN_CATEGORY)
        return Rows(np.column_stack([numbers, *codes]).astype(numbers.dtype, copy=False))

    def shapes(self) -> dict[str, Any]:
        return {
            "n_numbers": len(self.offsets),
            "missing": self.missing,
            "category_sizes": self.categories.sizes,
        }

    def attributes(self) -> dict[str, Any]:
        return {**self.columns.attributes(), **self.categories.attributes()}

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.sparse = False
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True


def _dense_table(X: object, spec: InputSpec) -> Any:
    if sparse.issparse(X):
        raise TypeError(
            f"Sparse data was passed to {spec.estimator_name}, which takes dense X: use X.toarray(), or MLPClassifier "
            "and MLPRegressor, which support sparse X."
        )
    return as_table(X, spec.estimator_name)


def _numbers(X: Any, is_number: Array, offsets: Array | None, spec: InputSpec) -> tuple[Array, Array]:
    """The numeric columns in the precision of training, and their offsets, which are learned if `offsets` is None."""
    columns, dtype = np.flatnonzero(is_number), getattr(X, "dtype", None)
    subtracted = np.zeros(len(columns)) if offsets is None else offsets
    if not len(columns):
        return np.empty((len(X), 0), spec.resolve(dtype or object)), subtracted
    part = X if is_number.all() else safe_indexing(X, columns, axis=1)
    values = checked_numbers(part, spec)
    if values.dtype != np.float32 or dtype == np.float32:
        return (values - subtracted.astype(values.dtype) if subtracted.any() else values), subtracted
    exact = checked_numbers(part, spec._replace(dtype=np.float64))
    if offsets is None:
        subtracted = column_quantiles(exact, [0.5], spec.sample_weight)[0]
    return (exact - subtracted).astype(np.float32), subtracted
