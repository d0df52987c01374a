"""Message passing: sums and softmaxes over the edges of graphs.

    matrix     weighted adjacency matrix, CSR of shape (targets, sources): targets aggregate messages from sources
    ends       offsets of the edges of each target, with the end of the last one: `indptr` of the matrix
    sources    source of each edge: `indices` of the matrix

Edges are sorted by target. With several attention heads, each target and each source is repeated for each head, the
repetitions next to each other, so that the functions below need not know of heads.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from skneural.ops.blocks import slices
from skneural.ops.linear import linear
from skneural.ops.memory import empty
from skneural.ops.segments import segment_starts, sum_segments
from skneural.ops.types import Array, Matrix, Vjp

# Edges whose vectors are gathered at once: vectors of 8 numbers take 1 MB in float64, and stay in the cache.
EDGES_AT_ONCE = 16_384


def aggregate(matrix: sparse.csr_array, x: Array) -> tuple[Array, Vjp]:
    """Messages aggregated by each target: ``y = matrix @ x``.

    Parameters
    ----------
    matrix : CSR of shape (targets, sources)
    x : array of shape (sources, features)

    Returns
    -------
    y : array of shape (targets, features)
    vjp : ``vjp(dy) -> dx``
    """
    return matrix @ x, lambda dy: matrix.T @ dy


def edge_softmax(scores: Array, ends: Array) -> tuple[Array, Vjp]:
    """Softmax over the edges of each target.

    Parameters
    ----------
    scores : array of shape (edges,)
    ends : array of shape (targets + 1,)
        Each target has at least one edge, because `reduceat` returns wrong sums for empty segments.

    Returns
    -------
    shares : array of shape (edges,)
    vjp : ``vjp(d_shares) -> d_scores``
    """
    starts, counts = ends[:-1], np.diff(ends)
    shares = scores - np.repeat(np.maximum.reduceat(scores, starts), counts)
    np.exp(shares, out=shares)
    shares /= np.repeat(np.add.reduceat(shares, starts), counts)

    def vjp(d_shares: Array) -> Array:
        d_scores = d_shares * shares
        d_scores -= shares * np.repeat(np.add.reduceat(d_scores, starts), counts)
        return d_scores

    return shares, vjp


def weighted_aggregate(shares: Array, x: Array, sources: Array, ends: Array) -> tuple[Array, Vjp]:
    """Weighted sum of the sources of each target, with differentiable weights of the edges.

    Parameters
    ----------
    shares : array of shape (edges,)
    x : array of shape (sources, features)
    sources : array of shape (edges,)
    ends : array of shape (targets + 1,)

    Returns
    -------
    y : array of shape (targets, features)
    vjp : ``vjp(dy) -> (d_shares, dx)``
    """
    shape = len(ends) - 1, len(x)
    y = sparse.csr_array((shares, sources, ends), shape=shape) @ x

    def vjp(dy: Array) -> tuple[Array, Array]:
        dx = sparse.csc_array((shares, sources, ends), shape=shape[::-1]) @ dy
        targets = np.repeat(np.arange(shape[0]), np.diff(ends))
        return _products_of_ends(dy, x, targets, sources), dx

    return y, vjp


def pair_products(x: Array, pairs: Array) -> tuple[Array, Vjp]:
    """Inner product of the two nodes of each pair.

    Parameters
    ----------
    x : array of shape (nodes, features)
    pairs : integer array of shape (pairs, 2)
        A pair may occur several times, and its nodes may be the same.

    Returns
    -------
    y : array of shape (pairs,)
    vjp : ``vjp(dy) -> dx``
    """
    first, second = pairs.T
    n = len(x)

    def vjp(dy: Array) -> Array:
        matrix = sparse.csr_array((dy, (first, second)), shape=(n, n))
        dx: Array = matrix @ x
        dx += matrix.T @ x
        return dx

    return _products_of_ends(x, x, first, second), vjp


def _products_of_ends(x: Array, other: Array, rows: Array, other_rows: Array) -> Array:
    """Inner products of rows of x with rows of another array, edge by edge."""
    products = empty(rows.shape, x.dtype)
    for part in slices(len(rows), EDGES_AT_ONCE):
        np.einsum("ef,ef->e", x.take(rows[part], axis=0), other.take(other_rows[part], axis=0), out=products[part])
    return products


def sum_by_source(values: Array, sources: Array, n_sources: int) -> Array:
    """Sum of the values of the edges of each source, in the dtype of the values."""
    return np.bincount(sources, values, n_sources).astype(values.dtype, copy=False)


def pool_segments(x: Array, lengths: Array, pooling: str) -> tuple[Array, Vjp]:
    """Sum, mean or maximum of the rows of each segment.

    Parameters
    ----------
    x : array of shape (rows, features)
        The segments, one after another.
    lengths : array of shape (segments,)
        Number of rows of each segment; no segment is empty.
    pooling : {"sum", "mean", "max"}

    Returns
    -------
    y : array of shape (segments, features)
    vjp : ``vjp(dy) -> dx``
        If several rows attain the maximum, its gradient goes to the first of them.
    """
    if pooling == "max":
        return _segment_max(x, lengths)
    y = sum_segments(x, lengths)
    if pooling == "sum":
        return y, lambda dy: np.repeat(dy, lengths, axis=0)
    share = (1 / lengths).astype(x.dtype)[:, np.newaxis]
    return y * share, lambda dy: np.repeat(dy * share, lengths, axis=0)


def _segment_max(x: Array, lengths: Array) -> tuple[Array, Vjp]:
    starts = segment_starts(lengths)
    y = np.maximum.reduceat(x, starts, axis=0)

    def vjp(dy: Array) -> Array:
        # "not less" is equal to the maximum, and true for NaN: where training diverges, its loss must tell so
        rows = np.where(x < np.repeat(y, lengths, axis=0), len(x), np.arange(len(x))[:, np.newaxis])
        first = np.minimum.reduceat(rows, starts, axis=0)
        dx = np.zeros_like(x, order="C")
        np.put_along_axis(dx, first, dy, axis=0)
        return dx

    return y, vjp


def aggregate_linear(
    matrix: sparse.csr_array, x: Matrix, weight: Array, *, input_gradient: bool = True
) -> tuple[Array, Vjp]:
    """Aggregate messages and project them: ``y = matrix @ x @ weight``.

    The order of the products is chosen so that the narrower of x and y is aggregated over the edges. Sparse x is never
    made dense.

    Parameters
    ----------
    matrix : CSR of shape (targets, sources)
    x : array or CSR of shape (sources, n_in)
    weight : array of shape (n_in, n_out)
    input_gradient : bool, default=True
        False to skip dx.

    Returns
    -------
    y : array of shape (targets, n_out)
    vjp : ``vjp(dy, d_weight) -> dx``
    """
    if sparse.issparse(x) or weight.shape[0] >= weight.shape[1]:
        product, product_vjp = linear(x, weight, input_gradient=input_gradient)
        y, aggregate_vjp = aggregate(matrix, product)
        return y, lambda dy, d_weight: product_vjp(aggregate_vjp(dy), d_weight)
    messages, messages_vjp = aggregate(matrix, x)
    y, linear_vjp = linear(messages, weight, input_gradient=input_gradient)

    def vjp(dy: Array, d_weight: Array) -> Array | None:
        d_messages = linear_vjp(dy, d_weight)
        return None if d_messages is None else messages_vjp(d_messages)

    return y, vjp
