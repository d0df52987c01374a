"""Reader of tables of numbers, times and categories, with missing values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils import Tags

from skneural.data import Container, Rows
from skneural.data.statistics import column_quantiles
from skneural.estimators.tabular.free_text import FreeText
from skneural.estimators.tabular.network import CATEGORY_SIZE, MOST_ONE_HOT, TEXT_SIZE
from skneural.ops.types import Array
from skneural.readers import Cells, ColumnEntries, InputSpec, MixedColumns, Reader
from skneural.readers.categories import CategoryOptions
from skneural.readers.frames import is_frame, labels_of
from skneural.readers.times import N_NUMBERS
from skneural.template.columns_by_name import further_columns

KINDS_OF_COLUMNS = ("categories", "times", "texts")

# Arrays of the layers of numbers, which have an entry for each of them.
OF_NUMBERS = {
    "standardization": ("mean", "scale", "deviation", "weight"),
    "embedding": ("frequency", "phase", "weight", "edges"),
}

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
        known = options.known if isinstance(options, TabularOptions) else None
        if known is not None and not known._meets_further(X):
            return cls._like(known), known.read(X, spec)
        columns, cells = MixedColumns.learn(X, options, spec)
        offsets = np.zeros(cells.numbers.shape[1])
        if cells.dtype != cells.numbers.dtype:
            offsets = column_quantiles(cells.numbers, [0.5], spec.sample_weight)[0]
        is_missing = np.isnan(cells.numbers)
        missing = np.flatnonzero(is_missing.any(axis=0) & ~is_missing.all(axis=0)).tolist()
        texts, words = None, list[Array]()
        if columns.is_text is not None:
            texts, words = FreeText.learn(list(compress(cells.columns, columns.is_text)))
        reader = cls(columns, offsets, missing, texts)
        if known is None:
            return reader, reader._container(cells, words)
        reader = cls._like(with_known_columns(reader, known, spec.estimator_name))
        return reader, reader.read(X, spec)

    @classmethod
    def _like(cls, other: MixedTable) -> Self:
        return cls(other.columns, other.offsets, other.missing, other.texts)

    def read(self, X: object, spec: InputSpec) -> Container:
        _ensure_dense(X, spec)
        cells = self.columns.read(X, spec)
        if self.texts is None or self.columns.is_text is None:
            return self._container(cells, [])
        return self._container(cells, self.texts.read(list(compress(cells.columns, self.columns.is_text))))

    def _meets_further(self, X: object) -> bool:
        """Return True if X has named columns, and others than those that were learned, or in another order."""
        return self.columns.columns.names is not None and is_frame(X) and labels_of(X) != self.names

    @property
    def names(self) -> list[Any]:
        """Names of the columns; their numbers if they have none."""
        names = self.columns.columns.names
        return list(range(self.columns.columns.n_features)) if names is None else names.tolist()

    @property
    def slots(self) -> list[tuple[Any, int]]:
        """Column of each number of a row, and which of the numbers of this column it is."""
        numbers = [(name, 0) for name in compress(self.names, self.columns.is_number)]
        times = compress(self.names, self.columns.times.is_time)
        return numbers + [(name, number) for name in times for number in range(N_NUMBERS)]

    def column_entries(self, arguments: Mapping[str, Any]) -> dict[str, ColumnEntries]:
        slots, mixed = self.slots, self.columns
        size = 1 if arguments["embedding"] is None else arguments["embedding_size"]
        categories = zip(compress(self.names, mixed.categories.is_categorical), mixed.categories.sizes, strict=True)
        few, many = _entries_of_categories(list(categories))
        features: list[tuple[Any, ...]] = [(*slot, entry) for slot in slots for entry in range(size)]
        features += [(*slots[number], "missing") for number in self.missing]
        features += few + [(name, entry) for name in dict(many) for entry in range(CATEGORY_SIZE)]
        texts = [] if mixed.is_text is None else list(compress(self.names, mixed.is_text))
        features += [(name, entry) for name in texts for entry in range(TEXT_SIZE)]
        first = "hidden_1.dense.weight" if arguments["hidden_layer_sizes"] else "output.weight"
        of_members = not arguments["hidden_layer_sizes"] and arguments["n_members"] != 1
        of_numbers = (f"features.numbers.{layer}.{array}" for layer, arrays in OF_NUMBERS.items() for array in arrays)
        return {
            first: ColumnEntries(int(of_members), features),
            # Not zero, as the weights behind them are: none of both would have a gradient.
            "members.factor": ColumnEntries(1, features, starts_at_zero=False),
            "features.many_categories.embedding.table": ColumnEntries(0, many, starts_at_zero=False),
            **{path: ColumnEntries(0, list(slots), starts_at_zero=False) for path in of_numbers},
        }

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


def with_known_columns(reader: MixedTable, known: MixedTable, estimator_name: str) -> MixedTable:
    """A reader that reads the columns that another one knows, by their names, as that one does.

    Raises
    ------
    ValueError
        If columns are missing, or are of another kind.
    """
    further_columns(known, reader)  # raises if columns are missing
    masks = [_kinds(each) for each in (known, reader)]
    changed = [name for name, kind in masks[0].items() if masks[1][name] != kind]
    if changed:
        raise ValueError(
            f"{estimator_name} starts from a model for which other columns held {' or '.join(KINDS_OF_COLUMNS)}: "
            f"{', '.join(map(str, changed))}."
        )
    slots, place = reader.slots, {slot: number for number, slot in enumerate(reader.slots)}
    offsets = reader.offsets.copy()
    offsets[[place[slot] for slot in known.slots]] = known.offsets

    def numbers(new: list[int], theirs: list[int]) -> list[int]:
        further = [number for number in new if slots[number] not in known.slots]
        return sorted(further + [place[known.slots[number]] for number in theirs])

    columns, before = reader.columns, known.columns
    lists = dict(zip(compress(known.names, before.categories.is_categorical), before.categories.values, strict=True))
    present = zip(compress(reader.names, columns.categories.is_categorical), columns.categories.values, strict=True)
    categories = replace(columns.categories, values=[lists.get(name, values) for name, values in present])
    columns = replace(columns, categories=categories, empty=numbers(columns.empty, before.empty))
    return MixedTable(columns, offsets, numbers(reader.missing, known.missing), _with_known_texts(reader, known))


def _entries_of_categories(sizes: list[tuple[Any, int]]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Columns and numbers of the categories: of those that are one-hot, and of those that are embedded."""
    each = [(name, number, size) for name, size in sizes for number in range(size)]
    few: list[tuple[Any, ...]] = [(name, number) for name, number, size in each if size <= MOST_ONE_HOT]
    return few, [(name, number) for name, number, size in each if size > MOST_ONE_HOT]


def _kinds(reader: MixedTable) -> dict[Any, tuple[bool, ...]]:
    columns = reader.columns
    is_text = np.zeros(len(reader.names), bool) if columns.is_text is None else columns.is_text
    masks = zip(columns.categories.is_categorical, columns.times.is_time, is_text, strict=True)
    return {name: tuple(map(bool, each)) for name, each in zip(reader.names, masks, strict=True)}


def _with_known_texts(reader: MixedTable, known: MixedTable) -> FreeText | None:
    """The words of columns of free text, of which those that are known come first, in their order."""
    if known.texts is None or reader.texts is None:
        return reader.texts
    before, now = ([name for name, kind in _kinds(each).items() if kind[2]] for each in (known, reader))
    n = len(before)
    if before != now[:n]:
        raise ValueError(f"Columns of free text must come in the order of pretrained: {', '.join(before)}.")
    vocabularies, n_words = reader.texts.vocabularies[n:], reader.texts.n_words[n:]
    return FreeText(known.texts.vocabularies + vocabularies, known.texts.n_words + n_words)


def _ensure_dense(X: object, spec: InputSpec) -> None:
    if sparse.issparse(X):
        raise TypeError(
            f"Sparse data was passed to {spec.estimator_name}, which takes dense X: use X.toarray(), or MLPClassifier "
            "and MLPRegressor, which support sparse X."
        )
