"""Nodes of a graph, or whole graphs, as X."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from skneural.data import Container, Graph, GraphNodes, Graphs, Nodes
from skneural.data.nodes import WholeGraph
from skneural.inputs.input_kind import Expected, InputKind, with_dtype
from skneural.ops.types import Array

GRAPHS_PER_BATCH = 32

# Nodes that are predicted at once: with 64 features they take 4 MB in float32.
NODES_PER_BLOCK = 16_384

# Rows whose distances to all their candidates are taken at once.
ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class NodeInput(InputKind):
    """X is nodes of a graph, or rows of which a graph of nearest neighbours is made.

    What is learned: `_given_as_graph`, `_n_hops`, `_n_edge_features`; of rows, `_training_rows` without repetitions
    and in order, and their `_neighbors`, with which new rows are predicted.
    """

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        if isinstance(X, Graph) and not isinstance(X, GraphNodes):
            raise ValueError(
                "X is a Graph, and nodes are asked for: GraphNodes(features, adjacency) has them as samples."
            )
        given_as_graph = isinstance(X, GraphNodes)
        if expected.reset:
            estimator._given_as_graph = given_as_graph
            estimator._n_hops = np.size(estimator.hidden_layer_sizes) + 1
        elif given_as_graph != estimator._given_as_graph:
            raise ValueError(_of_another_kind(estimator))
        return self._nodes(estimator, X, expected) if given_as_graph else self._rows(estimator, X, expected)

    def _nodes(self, estimator: BaseEstimator, X: GraphNodes, expected: Expected) -> Container:
        if expected.reset:
            _forget_columns(estimator)
            for name in ("_training_rows", "_neighbors"):
                estimator.__dict__.pop(name, None)
        if not len(X):
            raise ValueError(f"Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required.")
        _learn_or_compare_widths(estimator, X, expected.reset)
        dtype = _one_of(X.dtype, expected)
        between = None if X.edge_features is None else X.edge_features.astype(dtype, copy=False)
        graph = WholeGraph(X.features.astype(dtype, copy=False), X.adjacency.astype(dtype, copy=False), between)
        return Nodes(graph, X.nodes, estimator._n_hops)

    def _rows(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        rows = validate_data(estimator, with_dtype(X), dtype=expected.dtype, reset=expected.reset)
        rows = rows + 0.0  # minus zero is zero
        if expected.reset:
            estimator._n_edge_features = 0
            estimator._training_rows, numbers = np.unique(rows, axis=0, return_inverse=True)
            n = min(estimator.n_neighbors, len(estimator._training_rows) - 1)
            estimator._neighbors = nearest_rows(estimator._training_rows, None, n)
            numbers, new = numbers.ravel(), rows[:0]
        else:
            numbers, new = _numbered(estimator._training_rows, rows)
        training, neighbors = estimator._training_rows.astype(rows.dtype, copy=False), estimator._neighbors
        if len(new):
            neighbors = np.concatenate([neighbors, nearest_rows(training, new, neighbors.shape[1])])
            training = np.concatenate([training, new])
        n, n_neighbors = neighbors.shape
        ends = np.arange(n + 1) * n_neighbors
        adjacency = sparse.csr_array((np.ones(n * n_neighbors, rows.dtype), neighbors.ravel(), ends), shape=(n, n))
        return Nodes(WholeGraph(training, adjacency), numbers, estimator._n_hops)

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        return {"n_in": estimator.n_features_in_, "n_edge_features": estimator._n_edge_features}

    def rows_per_block(self, x: Container) -> int:
        return max(len(x), 1)  # each node is computed once, however many others hear it

    def rows_per_batch(self, n_samples: int) -> int:
        return n_samples

    def tag(self, tags: Any) -> None:
        tags.input_tags.sparse = False


@dataclass(frozen=True)
class GraphInput(InputKind):
    """X is a list of graphs, or rows, each of which is a graph of one node.

    What is learned: `_given_as_graph` and `_n_edge_features`.
    """

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        if isinstance(X, Graph):
            raise ValueError("X is a single graph; it must be a list of them: [X].")
        given_as_graph = _is_list_of_graphs(X)
        if expected.reset:
            estimator._given_as_graph = given_as_graph
        elif given_as_graph != estimator._given_as_graph:
            raise ValueError(_of_another_kind(estimator))
        if given_as_graph:
            return self._graphs(estimator, list(X), expected)
        rows = validate_data(estimator, with_dtype(X), dtype=expected.dtype, reset=expected.reset)
        if expected.reset:
            estimator._n_edge_features = 0
        return Graphs.alone(rows)

    def _graphs(self, estimator: BaseEstimator, graphs: list[Graph], expected: Expected) -> Container:
        for i, graph in enumerate(graphs):
            if not isinstance(graph, Graph) or isinstance(graph, GraphNodes):
                raise ValueError(f"X[{i}] is {type(graph).__name__}; X is a list of Graph(features, adjacency).")
            if _widths(graph) != _widths(graphs[0]):
                raise ValueError(
                    f"X[{i}] has {_in_words(graph)}, and X[0] has {_in_words(graphs[0])}: all graphs have equally many."
                )
        if expected.reset:
            _forget_columns(estimator)
        _learn_or_compare_widths(estimator, graphs[0], expected.reset)
        return Graphs.of(graphs, _one_of(np.result_type(*{graph.dtype for graph in graphs}), expected))

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        return {"n_in": estimator.n_features_in_, "n_edge_features": estimator._n_edge_features}

    def rows_per_block(self, x: Container) -> int:
        mean = 1 if x.lengths is None else max(1, round(float(x.lengths.mean())) if len(x) else 1)
        return max(1, NODES_PER_BLOCK // mean)

    def rows_per_batch(self, n_samples: int) -> int:
        return min(GRAPHS_PER_BATCH, n_samples)

    def tag(self, tags: Any) -> None:
        tags.input_tags.sparse = False


def nearest_rows(training: Array, rows: Array | None, n: int) -> Array:
    """Numbers of the n nearest training rows of each row, in ascending order; None: of the training rows themselves.

    Of equally near ones, those that come first. Candidates come from a search that may round differently for different
    numbers of rows; their distances are then taken anew, so that each row has the same neighbours whatever stands
    beside it.
    """
    from sklearn.neighbors import NearestNeighbors  # only here: it takes 0.08 s to import

    own = np.arange(len(training)) if rows is None else np.full(len(rows), -1)
    rows = training if rows is None else rows
    if not n:
        return np.empty((len(rows), 0), np.intp)
    search = NearestNeighbors(n_neighbors=min(2 * n + 8, len(training))).fit(training)
    found = np.empty((len(rows), n), np.intp)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        candidates = np.sort(search.kneighbors(rows[part], return_distance=False), axis=1)
        distance = np.empty(candidates.shape)
        for column in range(candidates.shape[1]):
            difference = rows[part].astype(np.float64) - training[candidates[:, column]]
            distance[:, column] = (difference**2).sum(axis=1)
        distance[candidates == own[part, np.newaxis]] = np.inf
        order = np.argsort(distance, axis=1, kind="stable")[:, :n]
        found[part] = np.sort(np.take_along_axis(candidates, order, axis=1), axis=1)
    return found


def _numbered(training: Array, rows: Array) -> tuple[Array, Array]:
    """The number of each row among the training rows, or behind them; and the rows that are behind them."""
    number = {row.tobytes(): i for i, row in enumerate(training.astype(rows.dtype, copy=False))}
    n = len(number)
    new: list[int] = []
    numbers = np.empty(len(rows), np.intp)
    for i, row in enumerate(rows):
        numbers[i] = number.setdefault(row.tobytes(), len(number))
        if numbers[i] == n + len(new):
            new.append(i)
    return numbers, rows[new]


def _is_list_of_graphs(X: Any) -> bool:
    is_list = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object)
    return is_list and len(X) > 0 and isinstance(X[0], Graph)


def _widths(graph: Graph) -> tuple[int, int]:
    return graph.features.shape[1], 0 if graph.edge_features is None else graph.edge_features.shape[1]


def _in_words(graph: Graph) -> str:
    of_nodes, of_edges = _widths(graph)
    return f"{of_nodes} features of nodes and {of_edges} of edges"


def _learn_or_compare_widths(estimator: BaseEstimator, graph: Graph, reset: bool) -> None:
    found = _widths(graph)
    if reset:
        if found[1] and estimator.convolution not in ("gat", "gin"):
            raise ValueError(
                f'convolution="{estimator.convolution}" has no use for edge_features: take "gat" or "gin", or leave '
                "them out."
            )
        estimator.n_features_in_, estimator._n_edge_features = found
    elif found != (estimator.n_features_in_, estimator._n_edge_features):
        raise ValueError(
            f"X has {_in_words(graph)}, but {type(estimator).__name__} was fitted on {estimator.n_features_in_} and "
            f"{estimator._n_edge_features}."
        )


def _forget_columns(estimator: BaseEstimator) -> None:
    estimator.__dict__.pop("feature_names_in_", None)  # of an earlier fit


def _one_of(dtype: np.dtype[Any], expected: Expected) -> np.dtype[Any]:
    """The precision of what came, or that which it gets."""
    allowed = expected.dtype if isinstance(expected.dtype, tuple) else (expected.dtype,)
    return dtype if dtype in [np.dtype(one) for one in allowed] else np.dtype(allowed[0])


def _of_another_kind(estimator: BaseEstimator) -> str:
    graphs, rows = "graphs (skneural.GraphNodes, or a list of skneural.Graph)", "rows of features, (n, features)"
    fitted, came = (graphs, rows) if estimator._given_as_graph else (rows, graphs)
    return f"{type(estimator).__name__} was fitted on {fitted}; X is {came}."
