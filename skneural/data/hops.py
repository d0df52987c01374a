"""The edges that one convolution of a graph goes over, prepared for what convolutions do with them."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skneural.ops.types import Array


class HeadEdges(NamedTuple):
    """Edges with one from each node to itself, once for every head of attention.

    Each node stands for as many nodes as there are heads, next to each other.

    Attributes
    ----------
    sources : integer array of shape (edges * heads,)
    ends : integer array of shape (targets * heads + 1,)
    edge : integer array of shape (edges * heads,)
        Number of the edge, -1 for those from nodes to themselves that were added.
    head : integer array of shape (edges * heads,)
    log_weight : array of shape (edges * heads,), or None
        None where all weigh one.
    """

    sources: Array
    ends: Array
    edge: Array
    head: Array
    log_weight: Array | None


class Hop:
    """Which nodes hear which others in one convolution.

    Parameters
    ----------
    edges : CSR of shape (targets, sources)
        Weight of each edge. The targets are the first of the sources.
    degrees : array of shape (sources,)
        Weight of all edges that lead to each source in the whole graph, with one from itself.
    edge_features : array of shape (edges, features), or None
        In the order of the edges.
    """

    def __init__(self, edges: sparse.csr_array, degrees: Array, edge_features: Array | None = None) -> None:
        self.edges = edges
        self.degrees = degrees
        self.edge_features = edge_features
        self._of_heads: dict[int, HeadEdges] = {}

    @classmethod
    def alone(cls, n_nodes: int, dtype: Any) -> Hop:
        """Nodes without edges."""
        return cls(sparse.csr_array((n_nodes, n_nodes), dtype=dtype), np.ones(n_nodes, dtype))

    @classmethod
    def between_all(cls, edges: sparse.csr_array, edge_features: Array | None = None) -> Hop:
        """All edges of a whole graph."""
        return cls(edges, degrees_of(edges), edge_features)

    @property
    def n_targets(self) -> int:
        n: int = self.edges.shape[0]
        return n

    @cached_property
    def normalized(self) -> sparse.csr_array:
        """Edges and one from each node to itself, over the square roots of the degrees of both ends."""
        edges, inverse = with_loops(self.edges), 1 / np.sqrt(self.degrees)
        data = edges.data * np.repeat(inverse[: self.n_targets], np.diff(edges.indptr)) * inverse[edges.indices]
        return sparse.csr_array((data, edges.indices, edges.indptr), shape=edges.shape)

    @cached_property
    def summed(self) -> sparse.csr_array:
        """Edges, and each target itself beside them."""
        n_sources = self.edges.shape[1]
        return sparse.csr_array(self.edges + sparse.eye_array(self.n_targets, n_sources, dtype=self.edges.dtype))

    @cached_property
    def mean(self) -> sparse.csr_array:
        """Edges so weighted that those of each target sum to one, or to nothing where there are none."""
        total = np.asarray(self.edges.sum(axis=1)).ravel()
        share = np.divide(1, total, out=np.zeros_like(total), where=total > 0)
        data = self.edges.data * np.repeat(share, np.diff(self.edges.indptr))
        return sparse.csr_array((data, self.edges.indices, self.edges.indptr), shape=self.edges.shape)

    @cached_property
    def of_edges(self) -> sparse.csr_array:
        """Sums over the edges of each target of what stands in rows for edges, (targets, edges)."""
        n = self.edges.nnz
        return sparse.csr_array((self.edges.data, np.arange(n), self.edges.indptr), shape=(self.n_targets, n))

    @cached_property
    def of_sources(self) -> sparse.csr_array:
        """Sums over the edges from each source, without weights, (sources, edges)."""
        n = self.edges.nnz
        ones = np.ones(n, self.edges.dtype)
        return sparse.csr_array((ones, (self.edges.indices, np.arange(n))), shape=(self.edges.shape[1], n))

    def heads(self, n_heads: int) -> HeadEdges:
        """The edges of attention."""
        if n_heads not in self._of_heads:
            self._of_heads[n_heads] = self._for_each_head(n_heads)
        return self._of_heads[n_heads]

    def _for_each_head(self, n_heads: int) -> HeadEdges:
        edges = self.edges
        numbered = sparse.csr_array((np.arange(1.0, edges.nnz + 1), edges.indices, edges.indptr), shape=edges.shape)
        numbered, weighted = with_loops(numbered, 0), with_loops(edges)  # an edge of number zero was added
        number, counts = numbered.data.astype(np.intp) - 1, np.diff(weighted.indptr)
        # the edges of target i as often as there are heads, before those of target i + 1
        repeated = np.repeat(counts, n_heads)
        ends = np.concatenate([[0], np.cumsum(repeated)])
        first = np.repeat(weighted.indptr[:-1], n_heads)
        place = np.arange(ends[-1]) - np.repeat(ends[:-1] - first, repeated)
        head = np.repeat(np.tile(np.arange(n_heads), self.n_targets), repeated)
        log_weight = None if (weighted.data == 1).all() else np.log(weighted.data)[place]
        return HeadEdges(weighted.indices[place] * n_heads + head, ends, number[place], head, log_weight)


def degrees_of(edges: sparse.csr_array) -> Array:
    """Weight of the edges that lead to each node, with one from itself."""
    total = np.asarray(edges.sum(axis=1)).ravel()
    return total + (edges.diagonal() == 0).astype(total.dtype)


def with_loops(edges: sparse.csr_array, weight: float = 1) -> sparse.csr_array:
    """Edges and one from each target to itself where there is none."""
    n = edges.shape[0]
    rows = np.repeat(np.arange(n), np.diff(edges.indptr))
    has_loop = np.zeros(n, bool)
    has_loop[rows[rows == edges.indices]] = True
    lonely = np.flatnonzero(~has_loop)
    rows = np.concatenate([rows, lonely])
    order = np.argsort(rows, kind="stable")
    indices = np.concatenate([edges.indices, lonely])[order]
    data = np.concatenate([edges.data, np.full(len(lonely), weight, edges.dtype)])[order]
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
    return sparse.csr_array((data, indices, ends), shape=edges.shape)
