"""Series of unequal lengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.ops.types import Array


@dataclass(slots=True)
class Series:
    """Series of unequal lengths in one array, padded behind their ends.

    Selecting by an array of numbers copies, and pads only as far as the longest of the selected series needs.

    Parameters
    ----------
    values : array of shape (n, steps, features), or (n, steps) for tokens
        Padded with zeros.
    lengths : array of shape (n,)
        Steps of each series; at least one.
    """

    values: Array
    lengths: Array

    @classmethod
    def of(cls, flat: Array, lengths: Array) -> Series:
        """All series, given one behind the other as an array of shape (sum of lengths, ...)."""
        values = np.zeros((len(lengths), lengths.max(), *flat.shape[1:]), flat.dtype)
        values[np.arange(lengths.max()) < lengths[:, np.newaxis]] = flat
        return cls(values, lengths)

    @property
    def flat(self) -> Array:
        """All real steps, series behind series, of shape (sum of lengths, ...)."""
        steps = np.arange(self.values.shape[1])
        flat: Array = self.values[steps < self.lengths[:, np.newaxis]]
        return flat

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def dtype(self) -> Any:
        return self.values.dtype

    def __getitem__(self, rows: Any) -> Series:
        if isinstance(rows, slice):
            return Series(self.values[rows], self.lengths[rows])
        lengths = self.lengths[rows]
        return Series(self.values[rows, : lengths.max(initial=1)], lengths)


def values_and_lengths(x: Any) -> tuple[Any, Array | None]:
    """What a network takes as x, and the lengths of the series if they differ."""
    return (x.values, x.lengths) if isinstance(x, Series) else (x, None)


def longest_first(x: Any, rows: Array) -> Array:
    """The given rows, sorted by length if they are series of unequal lengths.

    Recurrences work on fewer series the later the step, for which the longest must come first. They would sort
    themselves, but here it costs no copy.
    """
    return rows[np.argsort(-x.lengths[rows], kind="stable")] if isinstance(x, Series) else rows
