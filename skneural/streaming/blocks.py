"""Chunks of arrays that are stored in files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

# Rows of a chunk by default: 13 MB of 50 numbers in float32.
ROWS_OF_A_CHUNK = 65_536


class RowBlocks(Sequence[tuple[Any, ...]]):
    """Consecutive rows of arrays as a sequence of chunks, each of which is read when it is used.

    Parameters
    ----------
    X : array of shape (n_samples, ...)
        Anything with `shape` and slices of rows: `numpy.memmap`, datasets of h5py, arrays of zarr.
    y : array of shape (n_samples, ...), optional
    sample_weight : array of shape (n_samples,), optional
        Only with y.
    rows : int, default=65536
        Rows of a chunk. Batches are drawn from one chunk at a time: where neighbouring rows resemble each other, chunks
        should be large.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural.streaming import RowBlocks
    >>> [len(X) for X, y in RowBlocks(np.zeros((10, 3)), np.zeros(10), rows=4)]
    [4, 4, 2]
    """

    def __init__(self, X: Any, y: Any = None, sample_weight: Any = None, *, rows: int = ROWS_OF_A_CHUNK) -> None:
        if y is None and sample_weight is not None:
            raise ValueError("sample_weight is given, but y is not: chunks are (X,), (X, y) or (X, y, sample_weight).")
        given = [part for part in (X, y, sample_weight) if part is not None]
        self._arrays = [part if hasattr(part, "shape") else np.asarray(part) for part in given]
        lengths = {array.shape[0] for array in self._arrays}
        if len(lengths) > 1:
            raise ValueError(f"X, y and sample_weight have different numbers of rows: {sorted(lengths)}.")
        if rows < 1:
            raise ValueError(f"rows must be at least 1; got {rows}.")
        self._n_rows, self._rows = lengths.pop(), rows

    def __len__(self) -> int:
        return -(-self._n_rows // self._rows)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        start = range(0, self._n_rows, self._rows)[number]
        parts = (array[start : start + self._rows] for array in self._arrays)
        return tuple(part if sparse.issparse(part) else np.asarray(part) for part in parts)
