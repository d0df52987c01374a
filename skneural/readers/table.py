"""Readers of tables of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from sklearn.utils import Tags

from skneural.data import Container, Rows
from skneural.readers.reader import InputSpec, Reader, TableColumns, with_dtype


@dataclass(frozen=True)
class DenseTable(Reader):
    """Reader of an array or DataFrame of numbers, (n_samples, n_features)."""

    columns: TableColumns

    accept_sparse: ClassVar[str | bool] = False

    @classmethod
    def learn(cls, X: object, options: None, spec: InputSpec) -> tuple[Self, Container]:
        X = with_dtype(X)
        columns, values = TableColumns.learn(X, spec, accept_sparse=cls.accept_sparse, dtype=spec.stored_dtype(X))
        return cls(columns), spec.select(Rows(values, spec.resolve(values.dtype)))

    def read(self, X: object, spec: InputSpec) -> Container:
        X = with_dtype(X)
        values = self.columns.check(X, spec, accept_sparse=self.accept_sparse, dtype=spec.stored_dtype(X))
        return spec.select(Rows(values, spec.resolve(values.dtype)))

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


@dataclass(frozen=True)
class Table(DenseTable):
    """Reader of tables that may also be sparse matrices, which stay sparse."""

    accept_sparse: ClassVar[str | bool] = "csr"
