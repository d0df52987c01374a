"""Readers of nodes of a graph and of whole graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils import Tags

from skneural.data import Container, Graph, GraphNodes, Graphs, Nodes
from skneural.data.graph import in_precision
from skneural.data.nodes import WholeGraph
from skneural.data.object_columns import unpacked
from skneural.estimators.graph.neighbors import nearest_rows, row_numbers
from skneural.ops.types import Array
from skneural.readers import InputSpec, Reader, TableColumns, with_dtype

# Nodes in a block of predictions: with 64 features they take 4 MB in float32.
NODES_PER_BLOCK = 16_384

SCALED_NODES = "scaled features of nodes"

WITH_EDGE_FEATURES = ("gat", "gin")  # convolutions that use features of edges


@dataclass(frozen=True)
class GraphOptions:
    """Hyper-parameters of readers of graphs.

    Attributes
    ----------
    convolution : str
        Decides whether edges may have features.
    """

    convolution: str


@dataclass(frozen=True)
class NodeOptions(GraphOptions):
    """Hyper-parameters of the reader of nodes.

    Attributes
    ----------
    n_hops : int
        Number of convolutions.
    n_neighbors : int
        Number of neighbours of each row, if X is rows.
    """

    n_hops: int
    n_neighbors: int


@dataclass(frozen=True)
class Widths:
    """Numbers of features of nodes and edges.

    Attributes
    ----------
    of_nodes, of_edges : int
    """

    of_nodes: int
    of_edges: int

    @classmethod
    def of(cls, graph: Graph) -> Widths:
        return cls(graph.features.shape[1], 0 if graph.edge_features is None else graph.edge_features.shape[1])

    @classmethod
    def learn(cls, graph: Graph, options: GraphOptions) -> Widths:
        """The numbers of features of a training graph; raises if the convolution would not use those of edges."""
        widths = cls.of(graph)
        if widths.of_edges and options.convolution not in WITH_EDGE_FEATURES:
            raise ValueError(
                f'convolution="{options.convolution}" does not use edge_features: choose "gat" or "gin", or leave '
                "them out."
            )
        return widths

    def check(self, graph: Graph, spec: InputSpec) -> None:
        """Raise if a graph has different numbers of features."""
        widths = Widths.of(graph)
        if widths != self:
            raise ValueError(
                f"X has {widths}, but {spec.estimator_name} was fitted on {self.of_nodes} and {self.of_edges}."
            )

    def __str__(self) -> str:
        return f"{self.of_nodes} features of nodes and {self.of_edges} of edges"


@dataclass(frozen=True)
class TrainingRows:
    """Training rows and their graph of nearest neighbours.

    Attributes
    ----------
    columns : TableColumns
    rows : array of shape (n_rows, n_features)
        Distinct and sorted.
    neighbors : integer array of shape (n_rows, n_neighbors)
        Numbers of the nearest other rows of each row.
    """

    columns: TableColumns
    rows: Array
    neighbors: Array


@dataclass(frozen=True)
class NodeReader(Reader):
    """Reader of nodes of a graph, or of rows with a graph of nearest neighbours.

    Attributes
    ----------
    widths : Widths
    n_hops : int
        Number of convolutions.
    training : TrainingRows or None
        Rows from which new rows receive messages; None if X was nodes of a graph.
    """

    widths: Widths
    n_hops: int
    training: TrainingRows | None

    @classmethod
    def learn(cls, X: object, options: NodeOptions, spec: InputSpec) -> tuple[Self, Container]:
        _ensure_no_whole_graph(X)
        if isinstance(X, GraphNodes):
            reader = cls(Widths.learn(X, options), options.n_hops, None)
            return reader, reader._nodes(X, spec)
        columns, rows = TableColumns.learn(with_dtype(X), spec)
        distinct, numbers = np.unique(_without_minus_zero(rows), axis=0, return_inverse=True)
        neighbors = nearest_rows(distinct, None, min(options.n_neighbors, len(distinct) - 1))
        reader = cls(Widths(columns.n_features, 0), options.n_hops, TrainingRows(columns, distinct, neighbors))
        return reader, reader._rows(distinct, neighbors, numbers.ravel())

    @property
    def learned_once(self) -> str:
        return "" if self.training is None else "the rows among which neighbours are searched"

    def read(self, X: object, spec: InputSpec) -> Container:
        _ensure_no_whole_graph(X)
        if isinstance(X, GraphNodes):
            _ensure_same_kind(True, self.training is None, spec)
            self.widths.check(X, spec)
            return self._nodes(X, spec)
        _ensure_same_kind(False, self.training is None, spec)
        assert self.training is not None
        rows = _without_minus_zero(self.training.columns.check(with_dtype(X), spec))
        numbers, new = row_numbers(self.training.rows, rows)
        features, neighbors = self.training.rows.astype(rows.dtype, copy=False), self.training.neighbors
        if len(new):
            neighbors = np.concatenate([neighbors, nearest_rows(features, new, neighbors.shape[1])])
            features = np.concatenate([features, new])
        return self._rows(features, neighbors, numbers)

    def _nodes(self, X: GraphNodes, spec: InputSpec) -> Nodes:
        if not len(X):
            raise ValueError(f"Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required.")
        dtype = spec.resolve(X.dtype)
        edge_features = None if X.edge_features is None else in_precision(X.edge_features, dtype, "edge_features")
        features, adjacency = in_precision(X.features, dtype, "features"), in_precision(X.adjacency, dtype, "adjacency")
        graph = WholeGraph(features, adjacency, edge_features)
        return Nodes(graph, X.nodes, self.n_hops)

    def _rows(self, features: Array, neighbors: Array, numbers: Array) -> Nodes:
        """The rows with the given numbers, as nodes of a graph with an edge from each neighbour of a row to the row."""
        n, n_neighbors = neighbors.shape
        ends = np.arange(n + 1) * n_neighbors
        adjacency = sparse.csr_array((np.ones(n * n_neighbors, features.dtype), neighbors.ravel(), ends), shape=(n, n))
        return Nodes(WholeGraph(features, adjacency), numbers, self.n_hops)

    @property
    def scaling_advice(self) -> str:
        return SCALED_NODES if self.training is None else super().scaling_advice

    def shapes(self) -> dict[str, Any]:
        return {"n_in": self.widths.of_nodes, "n_edge_features": self.widths.of_edges}

    def attributes(self) -> dict[str, Any]:
        return {"n_features_in_": self.widths.of_nodes} if self.training is None else self.training.columns.attributes()

    def rows_per_block(self, x: Container) -> int:
        return max(len(x), 1)  # embeddings of neighbours are computed once for all samples

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.sparse = False


@dataclass(frozen=True)
class GraphReader(Reader):
    """Reader of lists of graphs, or of rows, each of which becomes a graph of one node.

    Attributes
    ----------
    widths : Widths
    columns : TableColumns or None
        Columns of rows; None if X was graphs.
    """

    widths: Widths
    columns: TableColumns | None

    @classmethod
    def learn(cls, X: object, options: GraphOptions, spec: InputSpec) -> tuple[Self, Container]:
        X = unpacked(X)
        if _is_list_of_graphs(X):
            graphs = _checked_graphs(X)
            return cls(Widths.learn(graphs[0], options), None), _joined(graphs, spec)
        columns, rows = TableColumns.learn(with_dtype(X), spec)
        return cls(Widths(columns.n_features, 0), columns), Graphs.of_single_nodes(rows)

    def read(self, X: object, spec: InputSpec) -> Container:
        X = unpacked(X)
        is_graphs = _is_list_of_graphs(X)
        _ensure_same_kind(is_graphs, self.columns is None, spec)
        if self.columns is not None:
            return Graphs.of_single_nodes(self.columns.check(with_dtype(X), spec))
        graphs = _checked_graphs(X)
        self.widths.check(graphs[0], spec)
        return _joined(graphs, spec)

    @property
    def scaling_advice(self) -> str:
        return SCALED_NODES if self.columns is None else super().scaling_advice

    def shapes(self) -> dict[str, Any]:
        return {"n_in": self.widths.of_nodes, "n_edge_features": self.widths.of_edges}

    def attributes(self) -> dict[str, Any]:
        return {"n_features_in_": self.widths.of_nodes} if self.columns is None else self.columns.attributes()

    def rows_per_block(self, x: Container) -> int:
        mean = 1 if x.lengths is None else max(1, round(float(x.lengths.mean())) if len(x) else 1)
        return max(1, NODES_PER_BLOCK // mean)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.sparse = False


def _ensure_no_whole_graph(X: Any) -> None:
    if sparse.issparse(X):
        raise TypeError(
            "X is a sparse matrix. The edges of a graph are given as GraphNodes(features, adjacency), and rows of "
            "features that are sparse as X.toarray()."
        )
    if isinstance(X, list | tuple) and len(X) and isinstance(X[0], Graph):
        raise TypeError(
            "X is a list of graphs, but the samples are nodes of one graph: pass GraphNodes. For targets of whole "
            "graphs, use GNNGraphClassifier or GNNGraphRegressor."
        )
    if isinstance(X, Graph) and not isinstance(X, GraphNodes):
        raise ValueError(
            "X is a Graph, but the samples are nodes: pass GraphNodes(features, adjacency), from which nodes can be "
            "selected."
        )


def _ensure_same_kind(is_graph: bool, was_graph: bool, spec: InputSpec) -> None:
    """Raise if X is graphs but was rows in training, or the reverse."""
    if is_graph != was_graph:
        kinds = {
            True: "graphs (skneural.GraphNodes, or a list of skneural.Graph)",
            False: "rows of features, (n, features)",
        }
        raise ValueError(f"{spec.estimator_name} was fitted on {kinds[was_graph]}; X is {kinds[is_graph]}.")


def _without_minus_zero(rows: Array) -> Array:
    """The rows with 0.0 instead of -0.0, so that the bytes of equal rows are equal."""
    return rows + 0.0


def _is_list_of_graphs(X: Any) -> bool:
    if isinstance(X, GraphNodes):
        raise ValueError(
            "X is GraphNodes, but the samples are whole graphs, in a list of Graph. For targets of nodes, use "
            "GNNNodeClassifier or GNNNodeRegressor."
        )
    if isinstance(X, Graph):
        raise ValueError("X is a single graph; it must be a list of them: [X].")
    is_list = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object)
    if is_list and len(X) > 0 and sparse.issparse(X[0]):
        raise ValueError("X[0] is a sparse array; X must be a list of Graph(features, adjacency).")
    return is_list and len(X) > 0 and isinstance(X[0], Graph)


def _checked_graphs(X: Any) -> list[Graph]:
    """The graphs of X; raises if one is not a graph, or differs from the first one in its numbers of features."""
    graphs = list(X)
    for i, graph in enumerate(graphs):
        if not isinstance(graph, Graph) or isinstance(graph, GraphNodes):
            raise ValueError(f"X[{i}] is {type(graph).__name__}; X must be a list of Graph(features, adjacency).")
        if Widths.of(graph) != Widths.of(graphs[0]):
            raise ValueError(
                f"X[{i}] has {Widths.of(graph)}, and X[0] has {Widths.of(graphs[0])}; these must be equal."
            )
    return graphs


def _joined(graphs: list[Graph], spec: InputSpec) -> Graphs:
    return Graphs.of(graphs, spec.resolve(np.result_type(*{graph.dtype for graph in graphs})))
