"""Message passing blocks: the edges of one graph convolution, as the sparse matrices that convolutions multiply by."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from skneural.ops.segments import ranges, segment_offsets
from skneural.ops.types import Array


class HeadEdges(NamedTuple):
    """Edges with self-loops, repeated for every attention head.

    Each node is repeated for every head; the copies of a node are adjacent.

    Attributes
    ----------
    sources : integer array of shape (edges * heads,)
    ends : integer array of shape (targets * heads + 1,)
    edge : integer array of shape (edges * heads,)
        Number of the edge, -1 for added self-loops.
    head : integer array of shape (edges * heads,)
    log_weight : array of shape (edges * heads,), or None
        None if all weights are one.
    """

    sources: Array
    ends: Array
    edge: Array
    head: Array
    log_weight: Array | None


class MessageBlock:
    """Bipartite graph of one convolution, along whose edges target nodes aggregate messages from source nodes.

    Deep Graph Library calls it a message flow graph, or block.

    Parameters
    ----------
    edges : CSR of shape (targets, sources)
        Weight of each edge. The targets are the first of the sources.
    degrees : array of shape (sources,)
        Weighted in-degree of each source in the whole graph, including a self-loop.
    edge_features : array of shape (edges, features), or None
        In the order of the edges.
    """

    def __init__(self, edges: sparse.csr_array, degrees: Array, edge_features: Array | None = None) -> None:
        self.edges = edges
        self.degrees = degrees
        self.edge_features = edge_features
        self._head_edges: dict[int, HeadEdges] = {}

    @classmethod
    def without_edges(cls, n_nodes: int, dtype: npt.DTypeLike) -> MessageBlock:
        """Block of isolated nodes."""
        return cls(sparse.csr_array((n_nodes, n_nodes), dtype=dtype), np.ones(n_nodes, dtype))

    @classmethod
    def of_graph(cls, edges: sparse.csr_array, edge_features: Array | None = None) -> MessageBlock:
        """Block of all nodes and edges of a graph."""
        return cls(edges, weighted_degrees(edges), edge_features)

    @property
    def n_targets(self) -> int:
        n: int = self.edges.shape[0]
        return n

    @cached_property
    def normalized(self) -> sparse.csr_array:
        """Edges with self-loops, each divided by the square roots of the degrees of its two nodes."""
        return _divided_by_roots(add_self_loops(self.edges), self.degrees)

    @cached_property
    def normalized_without_loops(self) -> sparse.csr_array:
        """Edges as they are, each divided by the square roots of the degrees of its two nodes, without self-loops."""
        degrees = np.where(self.degrees > 1, self.degrees - 1, 1).astype(self.degrees.dtype)
        return _divided_by_roots(self.edges, degrees)

    @cached_property
    def plus_identity(self) -> sparse.csr_array:
        """Edges plus the identity: each target is added to the sum over its neighbours."""
        n_sources = self.edges.shape[1]
        return sparse.csr_array(self.edges + sparse.eye_array(self.n_targets, n_sources, dtype=self.edges.dtype))

    @cached_property
    def mean(self) -> sparse.csr_array:
        """Edges with weights normalized to sum to one for each target with any edge."""
        total = np.asarray(self.edges.sum(axis=1)).ravel()
        share = np.divide(1, total, out=np.zeros_like(total), where=total > 0)
        data = self.edges.data * np.repeat(share, np.diff(self.edges.indptr))
        return sparse.csr_array((data, self.edges.indices, self.edges.indptr), shape=self.edges.shape)

    @cached_property
    def target_incidence(self) -> sparse.csr_array:
        """Weighted incidence matrix, (targets, edges): multiplied by edge features, it sums those of each target."""
        n = self.edges.nnz
        return sparse.csr_array((self.edges.data, np.arange(n), self.edges.indptr), shape=(self.n_targets, n))

    @cached_property
    def source_incidence(self) -> sparse.csr_array:
        """Unweighted incidence matrix, (sources, edges): multiplied by edge features, it sums those of each source."""
        n = self.edges.nnz
        ones = np.ones(n, self.edges.dtype)
        return sparse.csr_array((ones, (self.edges.indices, np.arange(n))), shape=(self.edges.shape[1], n))

    def heads(self, n_heads: int) -> HeadEdges:
        """Edges of graph attention with that many heads."""
        if n_heads not in self._head_edges:
            self._head_edges[n_heads] = self._repeated_edges(n_heads)
        return self._head_edges[n_heads]

    def _repeated_edges(self, n_heads: int) -> HeadEdges:
        edges = self.edges
        numbered = sparse.csr_array((np.arange(1.0, edges.nnz + 1), edges.indices, edges.indptr), shape=edges.shape)
        numbered, weighted = add_self_loops(numbered, 0), add_self_loops(edges)  # added self-loops have number zero
        number, counts = numbered.data.astype(np.intp) - 1, np.diff(weighted.indptr)
        # all edges of target i, once per head, precede those of target i + 1
        repeated = np.repeat(counts, n_heads)
        place = ranges(np.repeat(weighted.indptr[:-1], n_heads), repeated)
        head = np.repeat(np.tile(np.arange(n_heads), self.n_targets), repeated)
        log_weight = None if (weighted.data == 1).all() else np.log(weighted.data)[place]
        sources = weighted.indices[place] * n_heads + head
        return HeadEdges(sources, segment_offsets(repeated), number[place], head, log_weight)


def _divided_by_roots(edges: sparse.csr_array, degrees: Array) -> sparse.csr_array:
    """Edges divided by the square roots of the degrees of their two nodes; the targets are the first of the sources."""
    inverse = 1 / np.sqrt(degrees)
    data = edges.data * np.repeat(inverse[: edges.shape[0]], np.diff(edges.indptr)) * inverse[edges.indices]
    return sparse.csr_array((data, edges.indices, edges.indptr), shape=edges.shape)


def weighted_degrees(edges: sparse.csr_array) -> Array:
    """Sum of the weights of the incoming edges of each node, including a self-loop."""
    total = np.asarray(edges.sum(axis=1)).ravel()
    return total + (edges.diagonal() == 0).astype(total.dtype)


def add_self_loops(edges: sparse.csr_array, weight: float = 1) -> sparse.csr_array:
    """Add a self-loop to each target that has none."""
    n = edges.shape[0]
    rows = np.repeat(np.arange(n), np.diff(edges.indptr))
    has_loop = np.zeros(n, bool)
    has_loop[rows[rows == edges.indices]] = True
    without_loop = np.flatnonzero(~has_loop)
    rows = np.concatenate([rows, without_loop])
    order = np.argsort(rows, kind="stable")
    indices = np.concatenate([edges.indices, without_loop])[order]
    data = np.concatenate([edges.data, np.full(len(without_loop), weight, edges.dtype)])[order]
    ends = segment_offsets(np.bincount(rows, minlength=n))
    return sparse.csr_array((data, indices, ends), shape=edges.shape)
