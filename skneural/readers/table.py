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
        columns, values = TableColumns.learn(with_dtype(X), spec, accept_sparse=cls.accept_sparse)
        return cls(columns), Rows(values)

    def read(self, X: object, spec: InputSpec) -> Container:
        return Rows(self.columns.check(with_dtype(X), spec, accept_sparse=self.accept_sparse))

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
