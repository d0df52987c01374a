"""Sums and softmaxes over the edges of graphs.

    matrix     which sources each target hears, and how loudly: CSR (targets, sources)
    ends       where the edges of each target end, and those of the next start: its `indptr`
    sources    from which source each edge comes: its `indices`

Edges stand by target. With several heads, each target and each source stand once for every head, next to each other:
what holds for one head holds for all then.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from skneural.ops.linear import linear
from skneural.ops.memory import empty
from skneural.ops.types import Array, Matrix, Vjp

# Edges whose vectors are gathered at once: those of 8 numbers take 1 MB in float64, and stay in the cache.
EDGES_AT_ONCE = 16_384


def aggregate(matrix: sparse.csr_array, x: Array) -> tuple[Array, Vjp]:
    """What each target hears: ``y = matrix @ x``.

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
        Each target has an edge: `reduceat` takes the first of the next for the sum of none.

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


def attend(shares: Array, x: Array, sources: Array, ends: Array) -> tuple[Array, Vjp]:
    """Weighted sum over the edges of each target.

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
        d_shares = empty(shares.shape, dy.dtype)
        for start in range(0, len(shares), EDGES_AT_ONCE):
            part = slice(start, start + EDGES_AT_ONCE)
            np.einsum("ef,ef->e", dy.take(targets[part], axis=0), x.take(sources[part], axis=0), out=d_shares[part])
        return d_shares, dx

    return y, vjp


def sum_by_source(values: Array, sources: Array, n_sources: int) -> Array:
    """Sum of the numbers on the edges of each source, in the precision of the numbers."""
    return np.bincount(sources, values, n_sources).astype(values.dtype, copy=False)


def pool_segments(x: Array, lengths: Array, pooling: str) -> tuple[Array, Vjp]:
    """Sum, mean or maximum of the rows of each segment.

    Parameters
    ----------
    x : array of shape (rows, features)
        Segment behind segment.
    lengths : array of shape (segments,)
        Matrix of each: none is empty.
    pooling : {"sum", "mean", "max"}

    Returns
    -------
    y : array of shape (segments, features)
    vjp : ``vjp(dy) -> dx``
        The gradient of a maximum goes to the first of equal rows.
    """
    starts = np.cumsum(lengths) - lengths
    if pooling == "max":
        return _greatest(x, lengths, starts)
    y = np.add.reduceat(x, starts, axis=0)
    if pooling == "sum":
        return y, lambda dy: np.repeat(dy, lengths, axis=0)
    share = (1 / lengths).astype(x.dtype)[:, np.newaxis]
    return y * share, lambda dy: np.repeat(dy * share, lengths, axis=0)


def _greatest(x: Array, lengths: Array, starts: Array) -> tuple[Array, Vjp]:
    y = np.maximum.reduceat(x, starts, axis=0)

    def vjp(dy: Array) -> Array:
        rows = np.where(x == np.repeat(y, lengths, axis=0), np.arange(len(x))[:, np.newaxis], len(x))
        first = np.minimum.reduceat(rows, starts, axis=0)
        dx = np.zeros_like(x, order="C")
        np.put_along_axis(dx, first, dy, axis=0)
        return dx

    return y, vjp


def aggregate_linear(
    matrix: sparse.csr_array, x: Matrix, weight: Array, *, input_gradient: bool = True
) -> tuple[Array, Vjp]:
    """``y = matrix @ x @ weight``: the narrower of x and y goes over the edges, and sparse x stays as it is.

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
    heard, heard_vjp = aggregate(matrix, x)
    y, linear_vjp = linear(heard, weight, input_gradient=input_gradient)

    def vjp(dy: Array, d_weight: Array) -> Array | None:
        d_heard = linear_vjp(dy, d_weight)
        return None if d_heard is None else heard_vjp(d_heard)

    return y, vjp
