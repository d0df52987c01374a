"""Mean and deviation of each channel of the training data, for the layer that takes them out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skneural.data import Container, Samples
from skneural.layers import Layer, Standardization
from skneural.layers.traversal import find
from skneural.ops.types import Array
from skneural.parameters import Tree

# Rows whose numbers are held in double precision at once.
ROWS_AT_ONCE = 1024


def set_standardization(network: Layer, tree: Tree, samples: Samples) -> None:
    """Fill the buffers of the network's `Standardization`, if it has one."""
    for _, p in find(network, tree, Standardization):
        p["mean"][...], p["scale"][...] = channel_moments(samples.x, samples.sample_weight)


def channel_moments(x: Container, sample_weight: Array | None) -> tuple[Array, Array]:
    """Weighted mean and standard deviation over everything but the last axis; one for the deviation of constants.

    Parameters
    ----------
    x : Container of arrays (samples, ..., channels)
        What stands behind the end of a series does not count.
    sample_weight : array of shape (samples,) or None
    """
    total, n = np.zeros(x.shape[-1]), 0.0
    for values, weight in _blocks(x, sample_weight):
        total = total + weight @ values
        n += weight.sum()
    mean = total / n
    squares = sum(weight @ (values - mean) ** 2 for values, weight in _blocks(x, sample_weight))
    deviation = np.sqrt(squares / n)
    rounding = 10 * np.finfo(x.dtype).eps * np.abs(mean)
    return mean, np.where(deviation > rounding, deviation, 1.0)


def _blocks(x: Container, sample_weight: Array | None) -> Iterator[tuple[Array, Array]]:
    """Blocks of X as (places, channels) in double precision, with the weight of each place."""
    for start in range(0, len(x), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        values, known = x[rows].as_batch()
        values = values.reshape(len(values), -1, values.shape[-1]).astype(np.float64)
        weight = np.ones(values.shape[:2])
        if known.lengths is not None:
            weight *= np.arange(values.shape[1]) < known.lengths[:, np.newaxis]
        if sample_weight is not None:
            weight *= sample_weight[rows, np.newaxis]
        yield values.reshape(-1, values.shape[-1]), weight.ravel()
