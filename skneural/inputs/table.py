"""Rows of features as X."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from skneural.data import Container, Rows
from skneural.inputs.input_kind import Expected, InputKind, with_dtype


@dataclass(frozen=True)
class Table(InputKind):
    """X is (n, features).

    Parameters
    ----------
    sparse : bool, default=True
        Whether it may be a sparse matrix.
    """

    sparse: bool = True

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        accepted = "csr" if self.sparse else False
        dtype, reset = expected
        return Rows(validate_data(estimator, with_dtype(X), accept_sparse=accepted, dtype=dtype, reset=reset))

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        return {"n_in": x.shape[1]}

    def tag(self, tags: Any) -> None:
        tags.input_tags.sparse = self.sparse
