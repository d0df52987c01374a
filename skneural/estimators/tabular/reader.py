"""Reader of tables of numbers, times and categories, with missing values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils import Tags

from skneural.data import Container, Rows
from skneural.data.statistics import column_quantiles
from skneural.estimators.tabular.free_text import FreeText
from skneural.ops.types import Array
from skneural.readers import Cells, InputSpec, MixedColumns, Reader
from skneural.readers.categories import CategoryOptions

UNSEEN_CATEGORY = -1  # the code of a category that was not seen in training


@dataclass(frozen=True)
class TabularOptions(CategoryOptions):
    """Hyper-parameters of the reader of tables.

    Attributes
    ----------
    known : MixedTable or None
        Reader of the model that is the start of training, which reads X, too: its layers know the codes of its
        categories and words only, and its units. None: everything is learned from X.
    """

    known: MixedTable | None = None


@dataclass(frozen=True)
class MixedTable(Reader):
    """Reader of an array or DataFrame of shape (n, features), in which numbers, times and categories may be missing.

    The container has numbers first, including those of times, followed by the codes of categories and words.

    Attributes
    ----------
    columns : MixedColumns
    offsets : array of shape (n_numbers,)
        Subtracted from numbers before they are rounded to single precision, which would lose small differences of large
        numbers, such as years.
    missing : list of int
        Numbers that are missing in some rows of training.
    texts : FreeText or None
        Words of the columns of free text, whose numbers come last; None if there are none.
    """

    columns: MixedColumns
    offsets: Array
    missing: list[int]
    texts: FreeText | None = None

    @classmethod
    def learn(cls, X: object, options: CategoryOptions, spec: InputSpec) -> tuple[Self, Container]:
        _ensure_dense(X, spec)
        if isinstance(options, TabularOptions) and isinstance(options.known, cls):
            return options.known, options.known.read(X, spec)
        columns, cells = MixedColumns.learn(X, options, spec)
        offsets = np.zeros(cells.numbers.shape[1])
        if cells.dtype != cells.numbers.dtype:
            offsets = column_quantiles(cells.numbers, [0.5], spec.sample_weight)[0]
        is_missing = np.isnan(cells.numbers)
        missing = np.flatnonzero(is_missing.any(axis=0) & ~is_missing.all(axis=0)).tolist()
        if columns.is_text is None:
            reader = cls(columns, offsets, missing)
            return reader, reader._container(cells, [])
        texts, words = FreeText.learn(list(compress(cells.columns, columns.is_text)))
        reader = cls(columns, offsets, missing, texts)
        return reader, reader._container(cells, words)

    def read(self, X: object, spec: InputSpec) -> Container:
        _ensure_dense(X, spec)
        cells = self.columns.read(X, spec)
        if self.texts is None or self.columns.is_text is None:
            return self._container(cells, [])
        return self._container(cells, self.texts.read(list(compress(cells.columns, self.columns.is_text))))

    def _container(self, cells: Cells, words: list[Array]) -> Rows:
        numbers = self._centred(cells.numbers) if self.offsets.any() else cells.numbers
        codes = self.columns.categories.codes(cells.columns, UNSEEN_CATEGORY)
        parts = [numbers.astype(cells.dtype, copy=False), *codes, *words]
        return Rows(np.column_stack(parts).astype(cells.dtype, copy=False))

    def _centred(self, numbers: Array) -> Array:
        """Numbers without their offsets; rounding errors of numbers that are equal to them are zero."""
        centred = numbers - self.offsets
        centred[np.abs(centred) <= np.finfo(numbers.dtype).eps * np.abs(self.offsets)] = 0.0
        return centred

    @property
    def learned_once(self) -> str:
        learned = ["the categories of X"] if self.columns.categories.sizes else []
        return " and ".join(learned if self.texts is None else [*learned, "the words of its texts"])

    @property
    def scaling_advice(self) -> str:
        return ""

    def shapes(self) -> dict[str, Any]:
        return {
            "n_numbers": len(self.offsets),
            "missing": self.missing,
            "category_sizes": self.columns.categories.sizes,
            "vocabulary_sizes": [] if self.texts is None else self.texts.sizes,
            "text_lengths": [] if self.texts is None else self.texts.n_words,
        }

    def attributes(self) -> dict[str, Any]:
        return self.columns.attributes()

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.sparse = False
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True


def _ensure_dense(X: object, spec: InputSpec) -> None:
    if sparse.issparse(X):
        raise TypeError(
            f"Sparse data was passed to {spec.estimator_name}, which takes dense X: use X.toarray(), or MLPClassifier "
            "and MLPRegressor, which support sparse X."
        )
