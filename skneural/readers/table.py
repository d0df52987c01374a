"""Readers of tables of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from sklearn.utils import Tags

from skneural.data import Container, Rows
from skneural.data.stored import is_stored
from skneural.readers.reader import InputSpec, Reader, TableColumns, with_dtype
from skneural.readers.stored import few_rows, stored_container


@dataclass(frozen=True)
class DenseTable(Reader):
    """Reader of an array or DataFrame of numbers, (n_samples, n_features)."""

    columns: TableColumns

    accept_sparse: ClassVar[str | bool] = False

    @classmethod
    def learn(cls, X: object, options: None, spec: InputSpec) -> tuple[Self, Container]:
        X = X if is_stored(X) else with_dtype(X)
        columns, values = cls._checked(TableColumns.learn, X, spec)
        return cls(columns), _container(X, values, spec)

    def read(self, X: object, spec: InputSpec) -> Container:
        X = X if is_stored(X) else with_dtype(X)
        return _container(X, self._checked(self.columns.check, X, spec), spec)

    @classmethod
    def _checked(cls, check: Callable[..., Any], X: Any, spec: InputSpec) -> Any:
        """The result of a check of X, or of a row like those of a stored array."""
        X, spec = few_rows(X, spec)
        return check(X, spec, accept_sparse=cls.accept_sparse, dtype=spec.stored_dtype(X))

    @classmethod
    def selects_rows(cls, options: Any) -> bool:
        return True

    def shapes(self) -> dict[str, Any]:
        return {"n_in": self.columns.n_features}

    def attributes(self) -> dict[str, Any]:
        return self.columns.attributes()

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.sparse = bool(cls.accept_sparse)


def _container(X: Any, values: Any, spec: InputSpec) -> Container:
    """The samples of X, whose checked values are `values` if it is in memory."""
    if is_stored(X):
        return stored_container(X, spec, X.shape[1:])
    return spec.select(Rows(values, spec.resolve(values.dtype)))


@dataclass(frozen=True)
class Table(DenseTable):
    """Reader of tables that may also be sparse matrices, which stay sparse."""

    accept_sparse: ClassVar[str | bool] = "csr"
