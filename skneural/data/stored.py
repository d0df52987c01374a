"""Rows of arrays that are stored in files, and read when they are needed."""

from __future__ import annotations

import math
import mmap
from functools import cached_property
from typing import Any

import numpy as np

from skneural.data.container import BatchInfo, Container, Rows
from skneural.data.series import Series
from skneural.data.targets import Selection
from skneural.ops.blocks import slices
from skneural.ops.types import Array

# Bytes between two rows that are read rather than skipped: a disk reads a megabyte in the time of one more access.
BYTES_READ_THROUGH = 1 << 16

# Bytes of a run of rows that are in memory at once, of which not all may be needed.
BYTES_AT_ONCE = 1 << 23

# Bytes that the system is asked for at once, of which it would leave out what is beyond its limit.
BYTES_ASKED_FOR = 1 << 20

# Rows of a run from which on it is read as a slice: HDF5 reads 200 scattered rows by their numbers in 2 ms, and slices
# of one row in 65 ms.
ROWS_OF_A_RUN = 16


def is_array_object(X: object) -> bool:
    """Return True for an array of a library that keeps its numbers elsewhere, such as in a file.

    It has a shape, a dtype of NumPy, and slices of rows. Arrays in memory describe it by an interface, frames have
    columns, and nodes of a graph have its edges.
    """
    in_memory = (
        "__array_interface__",
        "__dlpack__",
        "__cuda_array_interface__",
        "iloc",
        "columns",
        "tocsr",
    )
    parts = ("shape", "ndim", "__getitem__")
    # Of the class: a lazy table of polars warns where its columns are asked for.
    if isinstance(X, np.ndarray | Container) or any(hasattr(type(X), name) for name in in_memory):
        return False
    if hasattr(X, "adjacency"):
        return False
    return isinstance(getattr(X, "dtype", None), np.dtype) and all(hasattr(X, name) for name in parts)


def is_stored(X: Any) -> bool:
    """Return True for an array of numbers, of at least two axes, whose rows are read when they are selected.

    It is a `numpy.memmap`, a dataset of h5py, an array of zarr, or another one of `is_array_object`.
    """
    return (isinstance(X, np.memmap) or is_array_object(X)) and X.ndim > 1 and X.dtype.kind in "biuf"


class StoredArray:
    """Rows of a stored array by number; to a user, and to `is_stored`, an array like the whole one.

    Parameters
    ----------
    array : array of shape (n, ...)
        As in `is_stored`.
    rows : range or integer array of shape (samples,), optional
        Numbers of the rows; None for all.
    """

    def __init__(self, array: Any, rows: range | Array | None = None) -> None:
        self.array = array
        self.rows = range(array.shape[0]) if rows is None else rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.array.shape[1:])

    @property
    def ndim(self) -> int:
        return len(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = self.array.dtype
        return dtype

    def select(self, rows: Selection) -> StoredArray:
        """Some of the rows, of which nothing is read."""
        if isinstance(rows, slice):
            return StoredArray(self.array, self.rows[rows])
        if isinstance(self.rows, range):  # never as an array of all numbers: there may be a billion
            numbers = np.flatnonzero(rows) if rows.dtype == bool else rows
            return StoredArray(self.array, self.rows.start + self.rows.step * numbers.astype(np.intp))
        return StoredArray(self.array, self.rows[rows])

    def __getitem__(self, rows: Selection) -> Array:
        """Read rows."""
        selected = self.select(rows).rows
        if isinstance(selected, range) and selected.step == 1:
            return np.asarray(self.array[selected.start : selected.stop])
        numbers = np.arange(selected.start, selected.stop, selected.step) if isinstance(selected, range) else selected
        if not len(numbers):
            return np.empty((0, *self.shape[1:]), self.dtype)
        if isinstance(self.array, np.ndarray):
            return _taken(self.array, numbers)
        ascending, places = np.unique(numbers, return_inverse=True)
        values = _read(self.array, ascending)
        return values if np.array_equal(ascending, numbers) else values.take(places, axis=0)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self[:], dtype=dtype)


def _taken(array: Array, rows: Array) -> Array:
    """Rows of a memory map, in any order.

    For a page that is not in memory, the system reads those around it, too: as much as 8 MB, which is set by the disk.
    Of a file that was not in memory, 40 scattered rows a second were read so, and 3200 if it was told to read single
    pages. Where there are long runs, it is asked for all of them at once.
    """
    values = np.asarray(array)
    mapping: Any = getattr(array, "_mmap", None)
    steps = np.diff(rows) * bytes_of_row(array)
    ends = np.flatnonzero(np.abs(steps) > BYTES_READ_THROUGH)
    if not len(ends) or not hasattr(mapping, "madvise"):
        return values.take(rows, axis=0)
    mapping.madvise(mmap.MADV_RANDOM)
    try:
        if values.flags.c_contiguous and (steps > 0).all() and len(rows) >= ROWS_OF_A_RUN * (len(ends) + 1):
            _ask_for(mapping, values, rows[np.append(0, ends + 1)], rows[np.append(ends, -1)])
        return values.take(rows, axis=0)  # twice as fast as indexing
    finally:
        mapping.madvise(mmap.MADV_NORMAL)


def _ask_for(mapping: mmap.mmap, values: Array, starts: Array, ends: Array) -> None:
    """Let the system read runs of rows of a memory map, from a first to a last one, all at the same time."""
    n_row = bytes_of_row(values)
    first = values.ctypes.data - np.frombuffer(mapping, np.uint8).ctypes.data  # place of the first row in the file
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        run = slice((first + start * n_row) // mmap.PAGESIZE * mmap.PAGESIZE, first + (end + 1) * n_row)
        for part in slices(run.stop - run.start, BYTES_ASKED_FOR):
            mapping.madvise(mmap.MADV_WILLNEED, run.start + part.start, part.stop - part.start)


def bytes_of_row(array: Any) -> int:
    """Bytes of a row, at least one."""
    return max(1, math.prod(array.shape[1:]) * array.dtype.itemsize)


def _read(array: Any, rows: Array) -> Array:
    """Rows of ascending numbers, in long runs if they are close together."""
    n_row = bytes_of_row(array)
    most_gap, most_rows = (max(1, n_bytes // n_row) for n_bytes in (BYTES_READ_THROUGH, BYTES_AT_ONCE))
    runs = np.split(rows, np.flatnonzero(np.diff(rows) > most_gap) + 1)
    if len(rows) < ROWS_OF_A_RUN * len(runs):
        return _scattered(array, rows)
    values = np.empty((len(rows), *array.shape[1:]), array.dtype)
    n_read = 0
    for run in runs:
        for part in slices(int(run[-1] - run[0]) + 1, most_rows):
            first, last = np.searchsorted(run, (run[0] + part.start, run[0] + part.stop))
            if first < last:
                block = np.asarray(array[int(run[first]) : int(run[last - 1]) + 1])
                values[n_read : n_read + last - first] = block[run[first:last] - run[first]]
                n_read += last - first
    return values


def _scattered(array: Any, rows: Array) -> Array:
    """Rows of ascending numbers, one by one."""
    try:
        return np.asarray(array.oindex[rows] if hasattr(array, "oindex") else array[rows])
    except (TypeError, IndexError):  # an array that has slices only
        return np.concatenate([np.asarray(array[row : row + 1]) for row in rows.tolist()])


class StoredRows(Container):
    """Rows of a stored array, of equal shape: of a table, images or series.

    A slice and a `subset` refer to rows without reading them; an array of indices reads them, into the container that
    holds such rows in memory.

    Parameters
    ----------
    values : StoredArray
    sample_shape : tuple of int
        Shape of a sample in the container, to which its numbers are arranged.
    stored_dtype, dtype : dtype
        Dtype of the rows in memory, and the precision of batches; see `Rows`.
    kind : {Rows, Series}, default=Rows
        Container of rows in memory.
    """

    def __init__(
        self,
        values: StoredArray,
        sample_shape: tuple[int, ...],
        stored_dtype: np.dtype[Any],
        dtype: np.dtype[Any],
        kind: type[Rows] | type[Series] = Rows,
    ) -> None:
        self.values = values
        self.sample_shape = sample_shape
        self.stored_dtype = stored_dtype
        self.dtype = dtype
        self.kind = kind

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Selection) -> Container:
        return self.subset(rows) if isinstance(rows, slice) else self._in_memory(self.values[rows])

    def subset(self, rows: Selection) -> StoredRows:
        return StoredRows(self.values.select(rows), self.sample_shape, self.stored_dtype, self.dtype, self.kind)

    def _in_memory(self, values: Array) -> Container:
        with np.errstate(over="ignore"):  # readers raise an error of values that are too large
            values = np.ascontiguousarray(values, self.stored_dtype).reshape(len(values), *self.sample_shape)
        return Rows(values, self.dtype) if self.kind is Rows else Series(values, None, self.dtype)

    @cached_property
    def _copy(self) -> Container:
        """All rows in memory, for computations that need them at once: of a block, or of a few."""
        return self._in_memory(self.values[:])

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), *self.sample_shape)

    @property
    def n_steps(self) -> Array:
        """Number of steps of each series."""
        return np.full(len(self), self.shape[1])

    @property
    def symbolic_shape(self) -> tuple[int | str, ...]:
        return self._in_memory(np.zeros((1, *self.values.shape[1:]), self.values.dtype)).symbolic_shape

    @property
    def original(self) -> Any:
        return self.values

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return self._copy.as_batch()
