"""Weighted means, deviations and quantiles of training data."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from skneural.data.container import Container
from skneural.data.targets import Selection
from skneural.ops.moments import RunningMoments, weighted_quantiles
from skneural.ops.types import Array

# Rows, and at most how many of their numbers, are held in double precision at once: a thousand images of 224 x 224
# pixels in three colours would take 1.2 GB.
ROWS_AT_ONCE = 1024
NUMBERS_AT_ONCE = 1 << 17

# Quantiles and ranges of fewer samples say little.
FEW_SAMPLES = 32


def channel_moments(x: Container, sample_weight: Array | None) -> RunningMoments:
    """Weighted moments over all axes but the last.

    Parameters
    ----------
    x : Container of arrays (samples, ..., channels)
        Padding does not count.
    sample_weight : array of shape (samples,) or None
    """

    def blocks() -> Iterator[tuple[Array, Array]]:
        for rows in blocks_of_rows(x):
            values, batch_info = x[rows].as_batch()
            yield rows_of_channels(values, batch_info.lengths, None if sample_weight is None else sample_weight[rows])

    return block_moments(blocks())


def blocks_of_rows(x: Container, n_rows: int | None = None) -> Iterator[Selection]:
    """Selections of at most `n_rows` samples; where samples are padded, of about as many steps.

    None: as many as are held in double precision at once.
    """
    if x.padded_lengths is not None:
        return x.blocks(max(1, (n_rows or ROWS_AT_ONCE) // x.typical_length))
    return x.blocks(n_rows or max(1, min(ROWS_AT_ONCE, NUMBERS_AT_ONCE // math.prod(x.shape[1:]))))


def rows_of_channels(x: Array, lengths: Array | None, sample_weight: Array | None) -> tuple[Array, Array]:
    """Each step or pixel of each sample as a row, and the weight of each row: zero for padding.

    Parameters
    ----------
    x : array of shape (samples, ..., channels)
    lengths : integer array of shape (samples,) or None
        Steps of each sample.
    sample_weight : array of shape (samples,) or None

    Returns
    -------
    values : array of shape (rows, channels)
    weight : array of shape (rows,)
        In double precision.
    """
    values = x.reshape(len(x), -1, x.shape[-1])
    weight = np.ones(values.shape[:2])
    if lengths is not None:
        weight *= np.arange(values.shape[1]) < lengths[:, np.newaxis]
    if sample_weight is not None:
        weight *= sample_weight[:, np.newaxis]
    return values.reshape(-1, values.shape[-1]), weight.ravel()


def block_moments(blocks: Iterable[tuple[Array, Array]]) -> RunningMoments:
    """Weighted moments of each column over blocks of rows, each with its weights; see `rows_of_channels`.

    One block at a time is held in double precision.
    """

    def moments_of(values: Array, weight: Array) -> RunningMoments:
        moments = RunningMoments.of(values, weight)
        moments.deviation[moments.deviation < np.finfo(values.dtype).tiny] = 0.0  # their inverse is not finite
        return moments

    return functools.reduce(RunningMoments.joined, itertools.starmap(moments_of, blocks))


def column_quantiles(values: Array, shares: Sequence[float] | Array, weight: Array | None) -> Array:
    """Quantiles of each column without missing numbers, (shares, columns); zeros for a column without numbers."""
    quantiles = np.zeros((len(shares), values.shape[1]))
    for j, column in enumerate(values.T.astype(np.float64)):
        present = ~np.isnan(column)
        if present.any():
            quantiles[:, j] = weighted_quantiles(column[present], shares, None if weight is None else weight[present])
    return quantiles


def robust_scale(values: Array, weight: Array | None) -> tuple[Array, Array]:
    """Median and interquartile range of each column; half the range where that is zero, infinity for constants.

    Numbers that differ by one rounding error are constant.
    """
    least, low, median, high, greatest = column_quantiles(values, [0.0, 0.25, 0.5, 0.75, 1.0], weight)
    precision = np.finfo(values.dtype)
    least_scale = np.maximum(precision.eps * np.abs(median), precision.tiny)
    scale = np.where(high - low > least_scale, high - low, greatest / 2 - least / 2)
    return median, np.where(scale > least_scale, scale, np.inf)
