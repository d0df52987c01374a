"""Batches of graphs, stored as one graph of disconnected parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from skneural.data.container import BatchInfo, Container
from skneural.data.graph import Graph, in_precision
from skneural.data.message_blocks import MessageBlock
from skneural.data.targets import Selection
from skneural.ops.segments import ranges, segment_offsets, segment_starts
from skneural.ops.types import Array


class Graphs(Container):
    """Graphs concatenated into one, with a block-diagonal adjacency.

    Parameters
    ----------
    features : array of shape (nodes of all graphs, features)
    adjacency : CSR of shape (nodes of all graphs, nodes of all graphs)
    lengths : integer array of shape (samples,)
        Number of nodes of each graph.
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
        self._starts = segment_offsets(lengths)

    @classmethod
    def of(cls, graphs: Sequence[Graph], dtype: npt.DTypeLike) -> Graphs:
        """Concatenate graphs."""
        lengths = np.array([graph.n_nodes for graph in graphs])
        starts = segment_starts(lengths)
        features = np.concatenate([in_precision(_dense(graph.features), dtype, "features") for graph in graphs])
        matrices = [graph.adjacency for graph in graphs]
        data = in_precision(np.concatenate([matrix.data for matrix in matrices]), dtype, "adjacency")
        indices = np.concatenate([matrix.indices + start for matrix, start in zip(matrices, starts, strict=True)])
        counts = np.concatenate([np.diff(matrix.indptr) for matrix in matrices])
        adjacency = sparse.csr_array((data, indices, segment_offsets(counts)), shape=(len(counts),) * 2)
        edge_features = None
        if graphs[0].edge_features is not None:
            edge_features = in_precision(
                np.concatenate([graph.edge_features for graph in graphs]), dtype, "edge_features"
            )
        return cls(features, adjacency, lengths, edge_features)

    @classmethod
    def of_single_nodes(cls, rows: Array) -> Graphs:
        """Make a graph of one node from each row."""
        n = len(rows)
        return cls(rows, sparse.csr_array((n, n), dtype=rows.dtype), np.ones(n, np.intp))

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, rows: Selection) -> Graphs:
        lengths, starts = self.lengths[rows], self._starts[:-1][rows]
        nodes = ranges(starts, lengths)
        ends = self.adjacency.indptr
        counts = ends[nodes + 1] - ends[nodes]
        edges = ranges(ends[nodes], counts)
        shift = np.repeat(starts - segment_starts(lengths), lengths)  # from the new index of each node to its old one
        indices = self.adjacency.indices[edges] - np.repeat(shift, counts)
        entries = self.adjacency.data[edges], indices, segment_offsets(counts)
        adjacency = sparse.csr_array(entries, shape=(len(nodes),) * 2)
        edge_features = None if self.edge_features is None else self.edge_features[edges]
        return Graphs(self.features[nodes], adjacency, lengths, edge_features)

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return self.features, BatchInfo(self.lengths, MessageBlock.of_graph(self.adjacency, self.edge_features))


def _dense(features: Any) -> Array:
    dense: Array = features.toarray() if sparse.issparse(features) else features
    return dense
