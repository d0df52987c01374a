"""Attention whose scores are made by a small network (Bahdanau, Cho and Bengio 2015).

    queries      what a decoder asks at each step    W s     section 3.1 and appendix A.1.2
    keys         what each step of a memory answers  U h
    judge        weighs how well both fit            v
    scores       v . tanh(queries + keys)            e
    weights      their softmax over the memory       alpha
    y            mean of the memory by weights       c

The queries of all steps are known at once: tanh is taken of (batch, queries, memory steps, n) in one call for some
series at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skneural.ops.memory import empty, empty_like
from skneural.ops.softmax import softmax
from skneural.ops.types import Array, Vjp

# Numbers of tanh in a block of series: a megabyte, which stays in the cache between one pass and the next.
BLOCK_ELEMENTS = 1 << 18

# Numbers of tanh up to which they are kept for the backward; more are computed again, block by block.
MOST_KEPT = 1 << 24


class AdditivelyAttended(NamedTuple):
    """What `additive_attend` gives.

    Attributes
    ----------
    y : array of shape (batch, queries, features of the memory)
    vjp : ``vjp(dy, d_judge) -> d_queries, d_keys, d_memory``
    weights : array of shape (batch, queries, memory steps)
        What each query takes from each step of the memory.
    """

    y: Array
    vjp: Vjp
    weights: Array


def additive_attend(
    queries: Array, keys: Array, judge: Array, memory: Array, mask: Array | None = None
) -> AdditivelyAttended:
    """Each query takes a mean of the memory, weighted by how well its steps fit.

    Parameters
    ----------
    queries : array of shape (batch, queries, n)
    keys : array of shape (batch, memory steps, n)
    judge : array of shape (n,)
    memory : array of shape (batch, memory steps, features)
    mask : boolean array of shape (batch, memory steps), optional
        True for steps that are there, at least one of each series.

    Returns
    -------
    attended : AdditivelyAttended
    """
    shape = (*queries.shape[:2], *keys.shape[1:])
    blocks = list(_blocks(shape))
    keep = math.prod(shape) <= MOST_KEPT
    fits = empty(shape, queries.dtype) if keep else empty((blocks[0].stop, *shape[1:]), queries.dtype)
    scores = empty(shape[:3], queries.dtype)

    def fit(rows: slice) -> Array:
        """tanh(queries + keys) of some series, of shape (series, queries, memory steps, n)."""
        block = fits[rows] if keep else fits[: rows.stop - rows.start]
        np.add(queries[rows, :, np.newaxis], keys[rows, np.newaxis], out=block)
        return np.tanh(block, out=block)

    for rows in blocks:
        np.matmul(fit(rows), judge, out=scores[rows])
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
            block, d_block = fits[rows] if keep else fit(rows), d_scores[rows]
            d_judge += d_block.reshape(-1) @ block.reshape(-1, shape[3])
            of_block = np.multiply(block, block, out=slope[: len(block)])
            np.subtract(1.0, of_block, out=of_block)
            # One product for each query and each key: a fifth of the time of a product of all numbers and two sums.
            np.matmul(d_block[:, :, np.newaxis], of_block, out=d_queries[rows, :, np.newaxis])
            by_key = of_block.transpose(0, 2, 1, 3)
            np.matmul(d_block.mT[:, :, np.newaxis], by_key, out=d_keys[rows, :, np.newaxis])
        d_queries *= judge
        d_keys *= judge
        return d_queries, d_keys, weights.mT @ dy

    return AdditivelyAttended(weights @ memory, vjp, weights)


def _blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Some series at a time."""
    n_rows = max(1, BLOCK_ELEMENTS // max(1, math.prod(shape[1:])))
    for start in range(0, shape[0], n_rows):
        yield slice(start, min(start + n_rows, shape[0]))
