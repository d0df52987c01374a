"""Series of equal or unequal lengths."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from skneural.data.container import BatchInfo, Container
from skneural.data.targets import Selection
from skneural.ops.segments import segment_starts
from skneural.ops.types import Array


class Series(Container):
    """Series of numbers or tokens in one array: of equal lengths, or padded at the end.

    Parameters
    ----------
    values : array of shape (samples, steps, features), or (samples, steps) for tokens
    lengths : array of shape (samples,) or None, default=None
        Number of steps of each series, at least one; None if all have as many as `values`.
    dtype : dtype or None, default=None
        Precision of batches, see `Rows`; None for the dtype of `values`.
    """

    def __init__(self, values: Array, lengths: Array | None = None, dtype: np.dtype[Any] | None = None) -> None:
        self.values = values
        self.lengths = lengths
        self.dtype = values.dtype if dtype is None else np.dtype(dtype)

    @staticmethod
    def of(flat: Array, lengths: Array, dtype: np.dtype[Any] | None = None) -> Series:
        """Make series from an array of shape (sum of lengths, ...) in which they are concatenated."""
        if (lengths == lengths[0]).all():
            return Series(flat.reshape(len(lengths), lengths[0], *flat.shape[1:]), None, dtype)
        return FlatSeries(flat, segment_starts(lengths), lengths, dtype=dtype)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Selection) -> Series:
        if self.lengths is None:
            values = self.values[rows] if isinstance(rows, slice) else self.values.take(rows, axis=0)
            return Series(values, None, self.dtype)
        if isinstance(rows, slice):
            return Series(self.values[rows], self.lengths[rows], self.dtype)
        lengths = self.lengths[rows]
        return Series(self.values[rows, : lengths.max(initial=1)], lengths, self.dtype)

    def subset(self, rows: Array) -> Container:
        if type(self) is not Series or self.lengths is not None or not self.values.flags.c_contiguous:
            return self[rows]
        n_steps, flat = self.shape[1], self.values.reshape(-1, *self.shape[2:])
        return FlatSeries(flat, n_steps * rows, np.full(len(rows), n_steps), dtype=self.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of series, of steps of the longest one, and of features."""
        return self.values.shape

    @property
    def symbolic_shape(self) -> tuple[int | str, ...]:
        return ("n", "steps", *self.shape[2:])

    @property
    def original(self) -> Any:
        return self if self.lengths is not None else self.values

    @property
    def n_steps(self) -> Array:
        """Number of steps of each series, also if all are of equal length."""
        return np.full(len(self), self.shape[1]) if self.lengths is None else self.lengths

    @property
    def padded_lengths(self) -> Array | None:
        return self.lengths

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return self.values.astype(self.dtype, copy=False), BatchInfo(self.lengths)

    def batch_order(self, rows: Array) -> Array:
        """Sort by decreasing length, so that recurrences process fewer series at later steps.

        Recurrent layers would sort unsorted series themselves, but here it costs no copy.
        """
        return rows if self.lengths is None else rows[np.argsort(-self.lengths[rows], kind="stable")]


class FlatSeries(Series):
    """Series of unequal lengths, stored one after the other and padded only in batches.

    Selections refer to the same steps, without copies.

    Parameters
    ----------
    steps : array of shape (steps of all series, features), or (steps of all series,) for tokens
    starts, n_steps : integer arrays of shape (samples,)
        Index of the first step of each series, and its number of steps.
    width : int or None, default=None
        Number of steps to which series are padded; None for that of the longest.
    dtype : dtype or None, default=None
        Precision of batches, see `Rows`; None for the dtype of `steps`.
    """

    def __init__(
        self,
        steps: Array,
        starts: Array,
        n_steps: Array,
        width: int | None = None,
        dtype: np.dtype[Any] | None = None,
    ) -> None:
        self.steps = steps
        self.starts = starts
        self.width = width
        self._n_steps = n_steps
        self.lengths = None if (n_steps == self.shape[1]).all() else n_steps
        self.dtype = steps.dtype if dtype is None else np.dtype(dtype)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: Selection) -> Self:
        return self._with_samples(self.starts[rows], self._n_steps[rows], self.width)

    def _with_samples(self, starts: Array, n_steps: Array, width: int | None) -> Self:
        """Other samples of the same steps."""
        return type(self)(self.steps, starts, n_steps, width, self.dtype)

    @property
    def values(self) -> Array:  # type: ignore[override]
        """The series in one array, padded with zeros."""
        return self._in_one_array(self.steps)

    def _in_one_array(self, steps: Array) -> Array:
        if self.lengths is None:
            return steps.take(self.starts[:, np.newaxis] + np.arange(self.shape[1]), axis=0)
        values = np.zeros((*self.shape[:2], *steps.shape[1:]), steps.dtype)
        for row, start, n in zip(values, self.starts, self._n_steps, strict=True):
            row[:n] = steps[start : start + n]
        return values

    @property
    def shape(self) -> tuple[int, ...]:
        width = int(self._n_steps.max(initial=1)) if self.width is None else self.width
        return (len(self), width, *self.steps.shape[1:])

    @property
    def original(self) -> Any:
        return self

    @property
    def n_steps(self) -> Array:
        return self._n_steps

    def with_common_width(self) -> Self:
        return self._with_samples(self.starts, self._n_steps, self.shape[1])
