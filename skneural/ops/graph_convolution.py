"""Parts of graph convolutions, on edges that are sorted by target as in `skneural.ops.graph`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

from skneural.ops.graph import aggregate_linear, sum_by_source
from skneural.ops.linear import linear
from skneural.ops.types import Array, Matrix, Vjp

NEGATIVE_SLOPE = 0.2  # of the leaky ReLU of attention scores


def aggregate_affine(
    matrix: sparse.csr_array, x: Matrix, weight: Array, bias: Array | None = None, *, input_gradient: bool = True
) -> tuple[Array, Vjp]:
    """``y = matrix @ x @ weight + bias``.

    Parameters
    ----------
    matrix : CSR of shape (targets, sources)
    x : array or CSR of shape (sources, n_in)
    weight : array of shape (n_in, n_out)
    bias : array of shape (n_out,), optional
    input_gradient : bool, default=True
        False to skip dx.

    Returns
    -------
    y : array of shape (targets, n_out)
    vjp : ``vjp(dy, d_weight, d_bias=None) -> dx``
    """
    y, product_vjp = aggregate_linear(matrix, x, weight, input_gradient=input_gradient)
    if bias is not None:
        y += bias

    def vjp(dy: Array, d_weight: Array, d_bias: Array | None = None) -> Array | None:
        if d_bias is not None:
            np.add.reduce(dy, axis=0, out=d_bias)
        dx: Array | None = product_vjp(dy, d_weight)
        return dx

    return y, vjp


def sum_messages(
    x: Array,
    edge_features: Array,
    weight: Array,
    bias: Array,
    *,
    sources: Array,
    by_target: sparse.csr_array,
    by_source: Callable[[], sparse.csr_array],
    input_gradient: bool = True,
) -> tuple[Array, Vjp]:
    """Each target plus the sum of ``relu(x_source + edge_features @ weight + bias)`` over its edges.

    Parameters
    ----------
    x : array of shape (sources, features)
        The targets come first.
    edge_features : array of shape (edges, n_edge_features)
    weight : array of shape (n_edge_features, features)
    bias : array of shape (features,)
    sources : integer array of shape (edges,)
    by_target : CSR of shape (targets, edges)
        Sums over the edges of each target.
    by_source : callable
        Returns the CSR of shape (sources, edges) that sums over the edges from each source; called for dx only.
    input_gradient : bool, default=True
        False to skip dx.

    Returns
    -------
    y : array of shape (targets, features)
    vjp : ``vjp(dy, d_weight, d_bias) -> dx``
    """
    n_targets = by_target.shape[0]
    message, edge_vjp = linear(edge_features, weight, bias, input_gradient=False)
    message += x.take(sources, axis=0)
    y = by_target @ np.maximum(message, 0.0)
    y += x[:n_targets]

    def vjp(dy: Array, d_weight: Array, d_bias: Array) -> Array | None:
        d_message = by_target.T @ dy
        d_message *= message > 0
        edge_vjp(d_message, d_weight, d_bias)
        if not input_gradient:
            return None
        dx: Array = by_source() @ d_message
        dx[:n_targets] += dy
        return dx

    return y, vjp


def edge_feature_scores(features: Array, weight: Array, edge: Array, head: Array) -> tuple[Array, Vjp]:
    """Contribution of edge features to attention scores; zero for self-loops that were added and have no features.

    Parameters
    ----------
    features : array of shape (edges, n_edge_features)
    weight : array of shape (n_edge_features, heads)
    edge, head : integer arrays of shape (scores,)
        Edge, or -1 for an added self-loop, and head of each score.

    Returns
    -------
    scores : array of shape (scores,)
    vjp : ``vjp(d_scores, d_weight) -> None``
    """
    n_edges, n_heads = len(features), weight.shape[1]
    by_edge = np.concatenate([features @ weight, np.zeros((1, n_heads), weight.dtype)])

    def vjp(d_scores: Array, d_weight: Array) -> None:
        flat = (edge % (n_edges + 1)) * n_heads + head  # -1 becomes the last row
        d_by_edge = sum_by_source(d_scores, flat, (n_edges + 1) * n_heads).reshape(-1, n_heads)
        np.matmul(features.T, d_by_edge[:n_edges], out=d_weight)

    return by_edge[edge, head], vjp


def attention_scores(
    x: Array,
    source: Array,
    target: Array,
    extra: Array | None = None,
    *,
    sources: Array,
    ends: Array,
    log_weight: Array | None = None,
) -> tuple[Array, Vjp]:
    """``leaky_relu(x_source . source + x_target . target + extra) + log_weight`` for every edge and head.

    Parameters
    ----------
    x : array of shape (sources, heads, size)
        The targets come first.
    source, target : arrays of shape (heads, size)
    extra, log_weight : arrays of shape (scores,), optional
    sources : integer array of shape (scores,)
        Source and head of each score, as ``source * heads + head``.
    ends : integer array of shape (targets * heads + 1,)
        Offsets of the scores of each target and head, which are never empty.

    Returns
    -------
    scores : array of shape (scores,)
    vjp : ``vjp(d_scores, d_source, d_target) -> (dx, d_extra)``
    """
    n_targets = (len(ends) - 1) // len(source)
    by_source = np.einsum("nhf,hf->nh", x, source)
    by_target = np.einsum("nhf,hf->nh", x[:n_targets], target)
    scores = by_source.ravel().take(sources)
    scores += np.repeat(by_target.ravel(), np.diff(ends))
    if extra is not None:
        scores += extra
    slope = np.where(scores > 0, 1.0, NEGATIVE_SLOPE).astype(scores.dtype)
    scores *= slope
    if log_weight is not None:
        scores += log_weight.astype(scores.dtype)

    def vjp(d_scores: Array, d_source: Array, d_target: Array) -> tuple[Array, Array]:
        d_scores = d_scores * slope
        d_by_target = np.add.reduceat(d_scores, ends[:-1]).reshape(by_target.shape)
        d_by_source = sum_by_source(d_scores, sources, by_source.size).reshape(by_source.shape)
        np.einsum("nh,nhf->hf", d_by_source, x, out=d_source)
        np.einsum("nh,nhf->hf", d_by_target, x[:n_targets], out=d_target)
        dx = d_by_source[:, :, np.newaxis] * source
        dx[:n_targets] += d_by_target[:, :, np.newaxis] * target
        return dx, d_scores

    return scores, vjp


def mean_over_hops(x: Array, matrices: Sequence[sparse.csr_array]) -> tuple[Array, Vjp]:
    """Mean of x and of its products with the first matrix, the first two, and so on, for the targets of the last one.

    Parameters
    ----------
    x : array of shape (sources of the first matrix, features)
    matrices : sequence of CSR of shape (targets, sources)
        The targets of each are the sources of the next, and the first of its own sources.

    Returns
    -------
    y : array of shape (targets of the last matrix, features)
    vjp : ``vjp(dy) -> dx``
    """
    n_targets = matrices[-1].shape[0] if matrices else len(x)
    share = 1.0 / (len(matrices) + 1)
    y = x[:n_targets] * x.dtype.type(share)
    for matrix in matrices:
        x = matrix @ x
        y += share * x[:n_targets]

    def vjp(dy: Array) -> Array:
        d_mean = dy * dy.dtype.type(share)
        dx: Array = d_mean
        for matrix in reversed(matrices):
            dx = matrix.T @ dx
            dx[:n_targets] += d_mean
        return dx

    return y, vjp


def select_rows(x: Array, rows: Array) -> tuple[Array, Vjp]:
    """``y = x[rows]``, where a row may be selected several times.

    Parameters
    ----------
    x : array of shape (n, features)
    rows : integer array of shape (m,)

    Returns
    -------
    y : array of shape (m, features)
    vjp : ``vjp(dy) -> dx``
    """
    n, m = len(x), len(rows)

    def vjp(dy: Array) -> Array:
        dx: Array = sparse.csr_array((np.ones(m, dy.dtype), (rows, np.arange(m))), shape=(n, m)) @ dy
        return dx

    return x.take(rows, axis=0), vjp
