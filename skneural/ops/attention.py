"""Scaled dot-product attention over several heads (Vaswani et al. 2017).

    q, k, v      queries, keys, values                   Q, K, V             section 3.2.1
    width        features of a head                      d_k
    scores       scaled products of queries and keys     Q K^T / sqrt(d_k)
    weights      softmax of the scores over the keys
    log_sum      logarithm of the denominator            L                   Dao et al. 2022 (FlashAttention), 3.1

Heads have the shape (batch, heads, steps, width). They are usually views of arrays of shape (batch, steps, heads,
width), which BLAS accepts as they are: contiguous copies of them made no product faster.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skneural.ops.blocks import slices
from skneural.ops.memory import empty, empty_like
from skneural.ops.types import Array, Vjp

# Up to this many queries, the weights are kept for the backward pass; for longer series they are computed again, block
# by block.
BLOCK_SIZE = 128

# Weights in a block of series: a megabyte. Smaller blocks, which fit into the inner caches, were no faster.
ATTENTION_WEIGHTS_PER_BLOCK = 1 << 18

# Scores between -SAFE_SCORE and SAFE_SCORE need no subtraction of the maximum: their exponentials and the sums of these
# are far from the limits of float32. The minimum and the maximum of all scores take 0.05 ms where the maximum of each
# row takes 0.56.
SAFE_SCORE = 50.0

# (queries, number of keys) -> factors of the weights, (batch, heads, queries, keys). Calls with equal arguments return
# equal factors.
WeightDropout = Callable[[slice, int], Array]


class AttentionResult(NamedTuple):
    """Result of `attend`.

    Attributes
    ----------
    y : array of shape (batch, queries, heads * width of values)
    vjp : ``vjp(dy, dq, dk, dv) -> None``
        Fills dq, dk and dv, which may be strided like q, k and v.
    weights : callable
        Returns the attention weights without dropout, of shape (batch, heads, queries, keys).
    """

    y: Array
    vjp: Vjp
    weights: Callable[[], Array]


def attend(
    q: Array,
    k: Array,
    v: Array,
    *,
    mask: Array | None = None,
    causal: bool = False,
    block_size: int = BLOCK_SIZE,
    dropout: WeightDropout | None = None,
) -> AttentionResult:
    """Compute for each query the mean of the values, weighted by the softmax of its products with the keys.

    Memory grows with ``block_size * keys``: a block holds some queries and all of their keys, so that the softmax is
    computed in a single pass. If there are several blocks, the backward pass computes their weights again.

    Parameters
    ----------
    q : array of shape (batch, heads, queries, width)
    k : array of shape (batch, heads, keys, width)
    v : array of shape (batch, heads, keys, width of values)
    mask : boolean array of shape (batch, keys), optional
        True for real keys, False for padding. The output of a query without any real key is zero.
    causal : bool, default=False
        If True, query i attends only to the keys up to i.
    block_size : int, default=128
        Number of queries in a block.
    dropout : callable, optional
        See `WeightDropout`.

    Returns
    -------
    result : AttentionResult
    """
    (batch, n_heads, n_queries, width), n_keys = q.shape, k.shape[2]
    scale = 1.0 / math.sqrt(width)
    scored = _ScaledQueries(np.multiply(q, scale, out=empty(q.shape, q.dtype)), k, _bias(mask, q.dtype), causal)
    keep = n_queries <= block_size
    y = empty((batch, n_queries, n_heads, v.shape[-1]), q.dtype)
    y_heads = y.transpose(0, 2, 1, 3)
    blocks = list(_blocks(q.shape, n_keys, causal, block_size, dropout is not None))
    kept: list[tuple[Array, Array | None]] = []
    for block in blocks:
        weights, log_sum = scored.weights(block)
        factor = None if dropout is None else dropout(block.queries, block.n_keys)
        np.matmul(_dropped(weights, factor), block.keys(v), out=block.of(y_heads))
        kept.append((weights, factor) if keep else (log_sum, None))

    def vjp(dy: Array, dq: Array, dk: Array, dv: Array) -> None:
        dy = dy.reshape(y.shape).transpose(0, 2, 1, 3)
        total = np.einsum("bhqw,bhqw->bhq", dy, y_heads)[..., np.newaxis]  # the sum of d_weights * weights
        for block, (weights, factor) in zip(blocks, kept, strict=True):
            if not keep:
                weights = scored.weights_again(block, log_sum=weights)
                factor = None if dropout is None else dropout(block.queries, block.n_keys)
            d_block, first = block.of(dy), block.queries.stop == n_queries
            _add_product(block.keys(dv), _dropped(weights, factor).mT, d_block, first)
            d_scores = np.matmul(d_block, block.keys(v).mT, out=empty_like(weights))
            if factor is not None:
                d_scores *= factor
            d_scores -= block.of(total)
            d_scores *= weights
            np.matmul(d_scores, block.keys(k), out=block.of(dq))
            _add_product(block.keys(dk), d_scores.mT, block.of(scored.q), first)
        dq *= scale

    return AttentionResult(y.reshape(batch, n_queries, -1), vjp, lambda: scored.all_weights(blocks))


def attend_one(q: Array, k: Array, v: Array, mask: Array | None = None) -> Array:
    """Attention of a single query of each series, without a backward pass.

    Parameters
    ----------
    q : array of shape (batch, heads, width)
    k, v : arrays of shape (batch, heads, keys, width)
    mask : boolean array of shape (batch, keys), optional

    Returns
    -------
    y : array of shape (batch, heads * width)
    """
    return attend(q[:, :, np.newaxis], k, v, mask=mask).y[:, 0]


class _Block(NamedTuple):
    """A block of queries of a block of series, and the number of keys that they attend to."""

    rows: slice
    queries: slice
    n_keys: int

    def of(self, array: Array) -> Array:
        """The part of an array of queries."""
        return array[self.rows, :, self.queries]

    def keys(self, array: Array) -> Array:
        """The part of an array of keys."""
        return array[self.rows, :, : self.n_keys]


def _blocks(q_shape: tuple[int, ...], n_keys: int, causal: bool, block_size: int, all_rows: bool) -> Iterator[_Block]:
    """Blocks of queries, from the last to the first.

    The last queries attend to all keys, so that their gradients fill the arrays to which the others are added.
    """
    batch, n_heads, n_queries, _ = q_shape
    for queries in reversed(list(slices(n_queries, block_size))):
        n_visible = queries.stop if causal else n_keys
        n_rows = max(ATTENTION_WEIGHTS_PER_BLOCK // max((queries.stop - queries.start) * n_visible * n_heads, 1), 1)
        n_rows = batch if all_rows else n_rows  # dropout is drawn for all rows of a batch at once
        for rows in slices(batch, max(n_rows, 1)):
            yield _Block(rows, queries, n_visible)


def _bias(mask: Array | None, dtype: npt.DTypeLike) -> Array | None:
    """Bias that hides padding: minus infinity for padding and zero for real keys, broadcastable to the scores."""
    return None if mask is None else np.where(mask, 0.0, -math.inf).astype(dtype)[:, np.newaxis, np.newaxis]


class _ScaledQueries(NamedTuple):
    """Scaled queries and their keys, from which the weights are computed block by block."""

    q: Array
    k: Array
    bias: Array | None
    causal: bool

    def weights(self, block: _Block) -> tuple[Array, Array]:
        """Weights of a block, and the log_sum of each of its queries."""
        scores = self._products(block)
        safe = np.minimum.reduce(scores, axis=None) > -SAFE_SCORE and np.maximum.reduce(scores, axis=None) < SAFE_SCORE
        self._hide(scores, block)
        top = None
        if not safe:
            top = np.maximum.reduce(scores, axis=-1, keepdims=True)
            np.maximum(top, np.finfo(scores.dtype).min, out=top)  # minus infinity if there are no real keys
            scores -= top
        np.exp(scores, out=scores)
        total = np.matmul(scores, np.ones((block.n_keys, 1), scores.dtype))  # a fifth of the time of a sum
        np.maximum(total, np.finfo(total.dtype).tiny, out=total)  # the output of a query without keys is zero
        scores *= 1.0 / total
        log_sum = np.log(total, out=total)
        return scores, log_sum if top is None else log_sum + top

    def weights_again(self, block: _Block, log_sum: Array) -> Array:
        """Weights of a block, computed again from the log_sum of its queries."""
        scores = self._products(block)
        self._hide(scores, block)
        scores -= log_sum
        return np.exp(scores, out=scores)

    def all_weights(self, blocks: list[_Block]) -> Array:
        """Weights of all queries for all keys."""
        all_weights = np.zeros((*self.q.shape[:3], self.k.shape[2]), self.q.dtype)
        for block in blocks:
            block.of(all_weights)[..., : block.n_keys] = self.weights(block)[0]
        return all_weights

    def _products(self, block: _Block) -> Array:
        q, k = block.of(self.q), block.keys(self.k)
        return np.matmul(q, k.mT, out=empty((*q.shape[:3], block.n_keys), q.dtype))

    def _hide(self, scores: Array, block: _Block) -> None:
        """Set the scores of padding and of the future to minus infinity."""
        if self.bias is not None:
            scores += self.bias[block.rows, :, :, : block.n_keys]
        if self.causal:
            n = block.queries.stop - block.queries.start
            scores[..., block.n_keys - n :] += np.triu(np.full((n, n), -math.inf, scores.dtype), 1)


def _dropped(weights: Array, factor: Array | None) -> Array:
    return weights if factor is None else np.multiply(weights, factor, out=empty_like(weights))


def _add_product(into: Array, left: Array, right: Array, first: bool) -> None:
    """Add left @ right to an array, or write the product into it if it is the first."""
    if first:
        np.matmul(left, right, out=into)
    else:
        into += np.matmul(left, right)
