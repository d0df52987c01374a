"""Arithmetic on segments: consecutive rows that belong together, such as the steps of a series or the edges of a node.

lengths    number of rows in each segment; segments may be empty
starts     first row of each segment
offsets    the starts, followed by the number of rows of all segments: the `indptr` of a CSR matrix
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skneural.ops.types import Array


def segment_offsets(lengths: Array) -> Array:
    """Offsets of shape (segments + 1,) of segments that follow each other."""
    return np.concatenate([[0], np.cumsum(lengths)])


def segment_starts(lengths: Array) -> Array:
    """First row of each segment, where segments follow each other."""
    return np.cumsum(lengths) - lengths


def ranges(starts: Array | int, lengths: Array) -> Array:
    """Concatenation of ``arange(start, start + length)`` over all segments.

    Parameters
    ----------
    starts : integer array of shape (segments,), or int
        With 0, the result is the position of each row within its segment.
    lengths : integer array of shape (segments,)

    Returns
    -------
    rows : integer array of shape (sum of the lengths,)
    """
    return np.arange(lengths.sum()) + np.repeat(starts - segment_starts(lengths), lengths)


def sum_segments(x: Array, lengths: Array, dtype: npt.DTypeLike | None = None) -> Array:
    """Sum of the rows of each segment, zero for an empty segment.

    Parameters
    ----------
    x : array of shape (rows, ...)
        The rows of all segments, one segment after the other.
    lengths : integer array of shape (segments,)
    dtype : dtype or None, default=None
        Data type of the sums; None for that of x.

    Returns
    -------
    sums : array of shape (segments, ...)
    """
    filled = lengths > 0
    if filled.all():
        return np.add.reduceat(x, segment_starts(lengths), axis=0, dtype=dtype)
    # `reduceat` would give the first row of the next segment for an empty one.
    sums = np.zeros((len(lengths), *x.shape[1:]), x.dtype if dtype is None else dtype)
    if filled.any():
        sums[filled] = np.add.reduceat(x, segment_starts(lengths)[filled], axis=0, dtype=dtype)
    return sums
