"""Series of equal or unequal lengths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from skneural.data.container import BatchInfo, Container
from skneural.data.targets import Selection
from skneural.ops.blocks import slices
from skneural.ops.types import Array


class Series(Container):
    """Series of numbers or tokens in one array, padded at the end where lengths differ.

    Selection by an array of indices copies the series, and pads to the longest of the selected ones.

    Parameters
    ----------
    values : array of shape (samples, steps, features), or (samples, steps) for tokens
        Padded with zeros.
    lengths : array of shape (samples,) or None, default=None
        Number of steps of each series, at least one; None if all have as many as `values`.
    """

    def __init__(self, values: Array, lengths: Array | None = None) -> None:
        self.values = values
        self.lengths = lengths
        self.dtype = values.dtype

    @classmethod
    def of(cls, flat: Array, lengths: Array) -> Series:
        """Make series from an array of shape (sum of lengths, ...) in which they are concatenated."""
        values = np.zeros((len(lengths), lengths.max(), *flat.shape[1:]), flat.dtype)
        values[np.arange(lengths.max()) < lengths[:, np.newaxis]] = flat
        return cls(values, lengths)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Selection) -> Series:
        if self.lengths is None:
            return Series(self.values[rows] if isinstance(rows, slice) else self.values.take(rows, axis=0))
        if isinstance(rows, slice):
            return Series(self.values[rows], self.lengths[rows])
        lengths = self.lengths[rows]
        return Series(self.values[rows, : lengths.max(initial=1)], lengths)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def symbolic_shape(self) -> tuple[int | str, ...]:
        return ("n", "steps", *self.values.shape[2:])

    @property
    def original(self) -> Any:
        return self if self.lengths is not None else self.values

    @property
    def n_steps(self) -> Array:
        """Number of steps of each series, also if all are of equal length."""
        return np.full(len(self), self.values.shape[1]) if self.lengths is None else self.lengths

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return self.values, BatchInfo(self.lengths)

    def batch_order(self, rows: Array) -> Array:
        """Sort by decreasing length, so that recurrences process fewer series at later steps.

        Recurrent layers would sort unsorted series themselves, but here it costs no copy.
        """
        return rows if self.lengths is None else rows[np.argsort(-self.lengths[rows], kind="stable")]

    def blocks(self, n_rows: int) -> Iterator[Selection]:
        """Blocks of series of similar length."""
        if self.lengths is None or len(self) <= n_rows:
            yield from super().blocks(n_rows)
        else:
            order = self.batch_order(np.arange(len(self)))
            yield from (order[rows] for rows in slices(len(order), n_rows))
