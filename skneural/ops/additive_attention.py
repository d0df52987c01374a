"""Additive attention, whose scores come from a small network (Bahdanau, Cho and Bengio 2015).

    queries      projected states of the decoder                 W s     section 3.1 and appendix A.1.2
    keys         projected steps of the memory                   U h
    judge        weight vector that turns both into a score      v
    scores       v . tanh(queries + keys)                        e
    weights      softmax of the scores over the memory           alpha
    y            mean of the memory, weighted by the weights     c

The queries of all steps are known at once, so tanh is computed for arrays of shape (batch, queries, memory steps, n),
in one call for a block of series.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from skneural.ops.blocks import slices
from skneural.ops.memory import empty, empty_like
from skneural.ops.softmax import softmax
from skneural.ops.types import Array, Vjp

# Values of tanh in a block of series: a megabyte, which stays in the cache between one pass and the next.
TANH_VALUES_PER_BLOCK = 1 << 18

# Up to this many values of tanh are kept for the backward pass; more are computed again, block by block.
MOST_KEPT = 1 << 24


class AdditiveAttentionResult(NamedTuple):
    """Result of `additive_attend`.

    Attributes
    ----------
    y : array of shape (batch, queries, features of the memory)
    vjp : ``vjp(dy, d_judge) -> d_queries, d_keys, d_memory``
    weights : array of shape (batch, queries, memory steps)
        The attention weight of each step of the memory for each query.
    """

    y: Array
    vjp: Vjp
    weights: Array


def additive_attend(
    queries: Array, keys: Array, judge: Array, memory: Array, mask: Array | None = None
) -> AdditiveAttentionResult:
    """Compute for each query the mean of the memory, weighted by its attention weights.

    Parameters
    ----------
    queries : array of shape (batch, queries, n)
    keys : array of shape (batch, memory steps, n)
    judge : array of shape (n,)
    memory : array of shape (batch, memory steps, features)
    mask : boolean array of shape (batch, memory steps), optional
        True for real steps, False for padding; each series has at least one real step.

    Returns
    -------
    result : AdditiveAttentionResult
    """
    shape = (*queries.shape[:2], *keys.shape[1:])
    blocks = list(slices(shape[0], max(1, TANH_VALUES_PER_BLOCK // max(1, math.prod(shape[1:])))))
    keep = math.prod(shape) <= MOST_KEPT
    hidden = empty(shape, queries.dtype) if keep else empty((blocks[0].stop, *shape[1:]), queries.dtype)
    scores = empty(shape[:3], queries.dtype)

    def hidden_block(rows: slice) -> Array:
        """tanh(queries + keys) for a block of series, of shape (series, queries, memory steps, n)."""
        block = hidden[rows] if keep else hidden[: rows.stop - rows.start]
        np.add(queries[rows, :, np.newaxis], keys[rows, np.newaxis], out=block)
        return np.tanh(block, out=block)

    for rows in blocks:
        np.matmul(hidden_block(rows), judge, out=scores[rows])
    if mask is not None:
        scores += np.where(mask, 0.0, -math.inf).astype(scores.dtype)[:, np.newaxis]
    weights = softmax(scores)

    def vjp(dy: Array, d_judge: Array) -> tuple[Array, Array, Array]:
        d_scores = np.matmul(dy, memory.mT, out=empty_like(weights))
        d_scores -= np.einsum("bqm,bqm->bq", d_scores, weights)[..., np.newaxis]
        d_scores *= weights
        d_queries, d_keys = empty_like(queries), empty_like(keys)
        slope = empty((blocks[0].stop, *shape[1:]), queries.dtype)
        d_judge[...] = 0.0
        for rows in blocks:
            block, d_block = hidden[rows] if keep else hidden_block(rows), d_scores[rows]
            d_judge += d_block.reshape(-1) @ block.reshape(-1, shape[3])
            block_slope = np.multiply(block, block, out=slope[: len(block)])
            np.subtract(1.0, block_slope, out=block_slope)
            # One product for each query and each key: a fifth of the time of a product of all numbers and two sums.
            np.matmul(d_block[:, :, np.newaxis], block_slope, out=d_queries[rows, :, np.newaxis])
            slope_by_key = block_slope.transpose(0, 2, 1, 3)
            np.matmul(d_block.mT[:, :, np.newaxis], slope_by_key, out=d_keys[rows, :, np.newaxis])
        d_queries *= judge
        d_keys *= judge
        return d_queries, d_keys, weights.mT @ dy

    return AdditiveAttentionResult(weights @ memory, vjp, weights)
