"""Many graphs as training takes them: one graph whose parts have no edges between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from skneural.data.container import BatchInfo, Container
from skneural.data.graph import Graph
from skneural.data.hops import Hop
from skneural.data.targets import Selection
from skneural.ops.types import Array


class Graphs(Container):
    """Graphs one behind the other, with one block-diagonal adjacency.

    Parameters
    ----------
    features : array of shape (nodes of all graphs, features)
    adjacency : CSR of shape (nodes of all graphs, nodes of all graphs)
    lengths : integer array of shape (samples,)
        Nodes of each graph.
    edge_features : array of shape (edges of all graphs, features), or None, default=None
    """

    def __init__(
        self, features: Array, adjacency: sparse.csr_array, lengths: Array, edge_features: Array | None = None
    ) -> None:
        self.features = features
        self.adjacency = adjacency
        self.lengths: Array = lengths
        self.edge_features = edge_features
        self.dtype = features.dtype
        self._starts = np.concatenate([[0], np.cumsum(lengths)])

    @classmethod
    def of(cls, graphs: Sequence[Graph], dtype: Any) -> Graphs:
        """All graphs in one."""
        lengths = np.array([graph.n_nodes for graph in graphs])
        starts = np.cumsum(lengths) - lengths
        features = np.concatenate([_dense(graph.features).astype(dtype, copy=False) for graph in graphs])
        matrices = [graph.adjacency for graph in graphs]
        data = np.concatenate([matrix.data for matrix in matrices]).astype(dtype)
        indices = np.concatenate([matrix.indices + start for matrix, start in zip(matrices, starts, strict=True)])
        counts = np.concatenate([np.diff(matrix.indptr) for matrix in matrices])
        adjacency = sparse.csr_array(
            (data, indices, np.concatenate([[0], np.cumsum(counts)])), shape=(len(counts),) * 2
        )
        between = None
        if graphs[0].edge_features is not None:
            between = np.concatenate([graph.edge_features for graph in graphs]).astype(dtype)
        return cls(features, adjacency, lengths, between)

    @classmethod
    def alone(cls, rows: Array) -> Graphs:
        """Each row as a graph of one node."""
        n = len(rows)
        return cls(rows, sparse.csr_array((n, n), dtype=rows.dtype), np.ones(n, np.intp))

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, rows: Selection) -> Graphs:
        lengths, starts = self.lengths[rows], self._starts[:-1][rows]
        shift = starts - (np.cumsum(lengths) - lengths)
        nodes = np.arange(lengths.sum()) + np.repeat(shift, lengths)
        ends = self.adjacency.indptr
        counts = ends[nodes + 1] - ends[nodes]
        new_ends = np.concatenate([[0], np.cumsum(counts)])
        edges = np.arange(new_ends[-1]) + np.repeat(ends[nodes] - new_ends[:-1], counts)
        indices = self.adjacency.indices[edges] - np.repeat(np.repeat(shift, lengths), counts)
        adjacency = sparse.csr_array((self.adjacency.data[edges], indices, new_ends), shape=(len(nodes),) * 2)
        between = None if self.edge_features is None else self.edge_features[edges]
        return Graphs(self.features[nodes], adjacency, lengths, between)

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return self.features, BatchInfo(self.lengths, Hop.between_all(self.adjacency, self.edge_features))


def _dense(features: Any) -> Array:
    dense: Array = features.toarray() if sparse.issparse(features) else features
    return dense
