"""Distinct series in an order that does not depend on that of the samples.

A series that occurs twice is one of twice the weight. So weights are equivalent to repetitions in everything random,
and a prediction of a series by a model of the others does not know its double.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from skneural.data import Container
from skneural.data.statistics import blocks_of_rows
from skneural.ops.types import Array

DIGEST_BYTES = 8


class Distinct(NamedTuple):
    """Distinct series.

    Attributes
    ----------
    x : Container
    y : array of shape (series, outputs)
        Weighted mean of the targets of equal series.
    weight : array of shape (series,)
        Sum of the weights of equal series.
    keys : integer array of shape (series,)
        Random numbers that depend on the values alone, in ascending order.
    """

    x: Container
    y: Array
    weight: Array
    keys: Array


def distinct_series(x: Container, y: Array, weight: Array) -> Distinct:
    """Merge equal series, and leave out those without weight.

    Parameters
    ----------
    x : Container
    y : array of shape (samples, outputs)
    weight : array of shape (samples,)
    """
    coarse, exact = _digests(x)
    kept = np.flatnonzero(weight)
    order = kept[np.lexsort((exact[kept], coarse[kept]))]
    new = np.ones(len(order), bool)
    new[1:] = (coarse[order][1:] != coarse[order][:-1]) | (exact[order][1:] != exact[order][:-1])
    starts = np.flatnonzero(new)
    total = np.add.reduceat(weight[order], starts)
    mean = np.add.reduceat(weight[order, np.newaxis] * y[order], starts) / total[:, np.newaxis]
    first = order[starts]
    return Distinct(x.subset(first), mean, total, coarse[first])


def _digests(x: Container) -> tuple[Array, Array]:
    """Two digests of each series: of its values in single precision, which orders series, and of its values."""
    coarse, exact = (np.empty(len(x), np.uint64) for _ in range(2))
    everything = np.arange(len(x))
    for rows in blocks_of_rows(x):
        values, batch_info = x[rows].as_batch()
        values = values + 0.0  # no negative zeros
        lengths = np.full(len(values), values.shape[1]) if batch_info.lengths is None else batch_info.lengths
        with np.errstate(over="ignore"):
            single = values.astype(np.float32)
        for row, *series, length in zip(everything[rows], single, values, lengths, strict=True):
            coarse[row], exact[row] = (_digest(part[:length]) for part in series)
    return coarse, exact


def _digest(values: Array) -> int:
    return int.from_bytes(blake2b(values.tobytes(), digest_size=DIGEST_BYTES).digest(), "little")
