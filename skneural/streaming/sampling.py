"""A random sample of rows from chunks that are seen one after another."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skneural.ops.types import Array
from skneural.readers.frames import columns_of, is_frame, labels_of
from skneural.streaming.chunks import Chunk

# Different values of a column from which on rows with new ones are not kept for their sake: such a column holds names
# or texts rather than categories.
MOST_VALUES = 1000


class _Part(NamedTuple):
    """Rows of a chunk, with their random numbers, and marks of those that are kept for their values."""

    numbers: Array
    has_new_value: Array
    chunk: Chunk

    def take(self, kept: Array) -> _Part:
        """The rows that a boolean array marks."""
        return _Part(self.numbers[kept], self.has_new_value[kept], self.chunk.take(kept))


class RowSample:
    """Rows of all chunks so far, each equally likely, in the order of the chunks.

    Each row has a random number, and those with the smallest ones are kept. In addition, the first row of each class,
    and of each value of a column that does not hold numbers, is kept, so that all of them are known.

    Parameters
    ----------
    size : int
        Number of rows, without those that are kept for their values. If there are no more rows than that, all are kept.
    rng : numpy.random.Generator
    classes : bool
        Whether y holds classes.
    """

    def __init__(self, size: int, rng: np.random.Generator, *, classes: bool) -> None:
        self._size, self._rng, self._classes = size, rng, classes
        self._parts: list[_Part] = []
        self._n_kept = 0
        self._seen: dict[Any, set[Any]] = {}  # values of each column
        self._seen_classes: set[Any] = set()
        self.n_samples = 0

    def add(self, chunk: Chunk) -> None:
        """Add rows; those that are not kept are forgotten."""
        self._append(self._rng.random(chunk.n_samples), chunk)
        self.n_samples += chunk.n_samples

    def merge(self, other: RowSample) -> None:
        """Add the rows of another sample, which has seen other rows."""
        for part in other._parts:
            self._append(part.numbers, part.chunk)
        self.n_samples += other.n_samples

    def chunk(self) -> Chunk:
        """The kept rows, as one chunk."""
        self.drop()
        chunks = [part.chunk for part in self._parts if len(part.numbers)]
        return Chunk(*(joined_rows(rows) for rows in zip(*chunks, strict=True)))

    def drop(self) -> None:
        """Forget all rows but those of the sample."""
        numbers = np.concatenate([part.numbers for part in self._parts])
        is_random = ~np.concatenate([part.has_new_value for part in self._parts])
        limit = 1.0
        if np.count_nonzero(is_random) > self._size:
            limit = np.partition(numbers[is_random], self._size - 1)[self._size - 1]
        self._parts = [part.take((part.numbers <= limit) | part.has_new_value) for part in self._parts]
        self._n_kept = sum(len(part.numbers) for part in self._parts)

    def _append(self, numbers: Array, chunk: Chunk) -> None:
        has_new_value = np.zeros(len(numbers), bool)
        has_new_value[self._rows_of_new_values(chunk)] = True
        self._parts.append(_Part(numbers, has_new_value, chunk))
        self._n_kept += len(numbers)
        if self._n_kept > 2 * self._size:
            self.drop()

    def _rows_of_new_values(self, chunk: Chunk) -> list[int]:
        """The first row of each class, and of each value of a column, that no chunk before had."""
        rows: list[int] = []
        if is_frame(chunk.X):
            for label, column in zip(labels_of(chunk.X), columns_of(chunk.X), strict=True):
                if not column.holds_numbers:
                    rows += self._rows_of_new(self._seen.setdefault(label, set()), column.objects, MOST_VALUES)
        if self._classes and chunk.y is not None:
            rows += self._rows_of_new(self._seen_classes, chunk.y, math.inf)
        return rows

    def _rows_of_new(self, seen: set[Any], values: Any, most: float) -> Iterator[int]:
        for row, value in _first_rows(values):
            if len(seen) >= most:
                return
            each = value.tolist() if isinstance(value, np.ndarray) else value
            new = set(each) - seen if isinstance(each, list) else {each} - seen
            if new:
                seen |= new
                yield row


def _first_rows(values: Any) -> Iterator[tuple[int, Any]]:
    """Rows and values; of an array, only the first row of each value: a loop over 65 000 labels takes 6 ms, this 1."""
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype != object:
        different, rows = np.unique(values, return_index=True)
        return iter(zip(rows.tolist(), different, strict=True))
    return iter(enumerate(values))


def joined_rows(parts: Sequence[Any]) -> Any:
    """Rows of several parts of one kind, one after another; None if there are none."""
    first, *others = parts
    if first is None or not others:
        return first
    if sparse.issparse(first):
        return sparse.vstack(parts, format="csr")
    library = type(first).__module__.split(".")[0]
    if library in ("pandas", "polars"):
        concat = sys.modules[library].concat
        return concat(parts, ignore_index=True) if library == "pandas" else concat(parts)
    if library == "pyarrow":
        return sys.modules["pyarrow"].concat_tables(parts)
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    return [row for part in parts for row in part]
