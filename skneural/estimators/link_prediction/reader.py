"""Reader of pairs of nodes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils import Tags

from skneural.data import Container, GraphNodes, NodePairs, ScoredPairs
from skneural.data.graph import in_precision
from skneural.data.links import Kinds, are_linked
from skneural.data.node_pairs import checked_pairs
from skneural.data.nodes import WholeGraph
from skneural.estimators.graph.reader import SCALED_NODES, GraphOptions, Widths
from skneural.ops.types import Array, Matrix
from skneural.readers import InputSpec, Reader


@dataclass(frozen=True)
class PairOptions(GraphOptions):
    """Hyper-parameters of the reader of pairs of nodes.

    Attributes
    ----------
    n_hops : int
        Number of convolutions.
    numbered : bool
        Whether one-hot encoded node numbers are appended to the features, for learned embeddings.
    """

    n_hops: int
    numbered: bool


@dataclass(frozen=True)
class StoredMatrix:
    """A matrix as plain arrays.

    Attributes
    ----------
    arrays : list of arrays
        The matrix itself, or data, indices and indptr of CSR.
    n_columns : int
    """

    arrays: list[Array]
    n_columns: int

    @classmethod
    def of(cls, matrix: Matrix) -> Self:
        if isinstance(matrix, np.ndarray):
            return cls([matrix], matrix.shape[1])
        return cls([matrix.data, matrix.indices, matrix.indptr], matrix.shape[1])

    @property
    def matrix(self) -> Matrix:
        if len(self.arrays) == 1:
            return self.arrays[0]
        data, indices, ends = self.arrays
        return sparse.csr_array((data, indices, ends), shape=(len(ends) - 1, self.n_columns))


@dataclass(frozen=True)
class StoredGraph:
    """The graph of training, as plain values.

    Attributes
    ----------
    features, adjacency : StoredMatrix
        As the network takes them.
    edge_features : array or None
    """

    features: StoredMatrix
    adjacency: StoredMatrix
    edge_features: Array | None

    @classmethod
    def of(cls, graph: WholeGraph) -> Self:
        return cls(StoredMatrix.of(graph.features), StoredMatrix.of(graph.adjacency), graph.edge_features)

    @property
    def graph(self) -> WholeGraph:
        return WholeGraph(self.features.matrix, self.adjacency.matrix, self.edge_features)


@dataclass(frozen=True)
class PairReader(Reader):
    """Reader of pairs of nodes, which keeps the graph of training.

    Attributes
    ----------
    widths : Widths
    n_hops : int
        Number of convolutions.
    n_first : int or None
        Nodes of the first of two kinds; None if all nodes are of one kind.
    numbered : bool
        Whether one-hot encoded node numbers are appended to the features.
    known : StoredGraph
        The graph of training.
    """

    widths: Widths
    n_hops: int
    n_first: int | None
    numbered: bool
    known: StoredGraph

    @classmethod
    def learn(cls, X: object, options: PairOptions, spec: InputSpec) -> tuple[Self, Container]:
        pairs = _node_pairs(X)
        widths = Widths.learn(pairs.graph, options)
        whole = _whole_graph(pairs.graph, options.numbered, spec)
        visible = whole.without_links(pairs.unseen)
        reader = cls(widths, options.n_hops, pairs.kinds.n_first, options.numbered, StoredGraph.of(visible))
        return reader, ScoredPairs(visible, pairs.nodes, options.n_hops, pairs.drawn)

    def read(self, X: Any, spec: InputSpec) -> Container:
        if not isinstance(X, NodePairs | GraphNodes):
            graph = self.known.graph
            kinds = Kinds(graph.adjacency.shape[0], self.n_first)
            nodes = kinds.nodes_of(checked_pairs(X, kinds, "X"))
            return ScoredPairs(graph, nodes, self.n_hops, np.zeros(len(nodes), bool))
        pairs = _node_pairs(X)
        graph = self.embedded_graph(pairs.graph, spec)
        known, unseen = self.known.adjacency.matrix, pairs.unseen
        if len(unseen) and known.shape == graph.adjacency.shape:
            unseen = unseen[~are_linked(known, unseen)]
        return ScoredPairs(graph.without_links(unseen), pairs.nodes, self.n_hops, pairs.drawn)

    def embedded_graph(self, graph: GraphNodes, spec: InputSpec) -> WholeGraph:
        """A graph as the network takes it; raises if it does not have the form of the training graph."""
        self.widths.check(graph, spec)
        n_known = self.known.adjacency.n_columns
        if self.numbered and graph.n_nodes != n_known:
            raise ValueError(
                f"The graph has {graph.n_nodes} nodes, but {spec.estimator_name} has learned an embedding for each of "
                f"the {n_known} nodes of the training graph. For other graphs, fit with embedding_size=None."
            )
        return _whole_graph(graph, self.numbered, spec)

    def knowing(self, graph: WholeGraph) -> Self:
        """The same reader with another graph of training."""
        return replace(self, known=StoredGraph.of(graph))

    @property
    def scaling_advice(self) -> str:
        return SCALED_NODES

    def shapes(self) -> dict[str, Any]:
        return {"n_in": self.known.features.n_columns, "n_edge_features": self.widths.of_edges}

    def attributes(self) -> dict[str, Any]:
        return {"n_features_in_": self.widths.of_nodes}

    def rows_per_block(self, x: Container) -> int:
        return max(len(x), 1)  # embeddings of nodes are computed once for all pairs

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.two_d_array = False


def _node_pairs(X: object) -> NodePairs:
    if isinstance(X, NodePairs):
        if not len(X):
            raise ValueError("Found array with 0 sample(s): X has no pairs of nodes, while a minimum of 1 is required.")
        return X
    raise TypeError(
        f"X is of type {type(X).__name__}; it must be NodePairs(graph, pairs). `fit` also takes GraphNodes, whose "
        "edges are links, and predictions take an array of pairs of node numbers of the training graph, (n_pairs, 2)."
    )


def _whole_graph(graph: GraphNodes, numbered: bool, spec: InputSpec) -> WholeGraph:
    dtype = spec.resolve(graph.dtype)
    features, adjacency = in_precision(graph.features, dtype, "features"), in_precision(graph.adjacency, dtype, "edges")
    edge_features = None if graph.edge_features is None else in_precision(graph.edge_features, dtype, "edge_features")
    if numbered:
        numbers = sparse.eye_array(graph.n_nodes, dtype=dtype)
        features = sparse.csr_array(sparse.hstack([sparse.csr_array(features), numbers], "csr"))
    return WholeGraph(features, adjacency, edge_features)
