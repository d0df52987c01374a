"""Graphs as users pass them: the nodes of one graph or a list of graphs, from arrays, edge lists or networkx."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from skneural.ops.segments import segment_offsets
from skneural.ops.types import Array, Matrix

AnyGraph = TypeVar("AnyGraph", bound="Graph")


class Graph:
    """A graph with node features, weighted edges and optional edge features.

    Parameters
    ----------
    features : array-like or sparse matrix of shape (n_nodes, n_features)
        Features of each node. Sparse features stay sparse.
    adjacency : array-like or sparse matrix of shape (n_nodes, n_nodes)
        Edge weights. A nonzero entry in row i and column j is an edge from node j to node i, along which node i
        aggregates messages from node j. The matrix of an undirected graph is symmetric.
    edge_features : array-like of shape (n_edges, n_edge_features), default=None
        Features of each edge, in the order in which `adjacency` stores the edges: row by row if it is dense.

    Raises
    ------
    ValueError
        If shapes do not match, the graph has no nodes, values are not finite, or weights are negative.

    Examples
    --------
    >>> from skneural import Graph
    >>> Graph([[1.0], [2.0], [3.0]], [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    Graph(3 nodes, 4 edges, 1 feature)
    """

    def __init__(
        self, features: npt.ArrayLike, adjacency: npt.ArrayLike, edge_features: npt.ArrayLike | None = None
    ) -> None:
        self.features = _checked_features(features)
        self.adjacency, self.edge_features = _checked_edges(adjacency, edge_features, self.features.shape[0])

    @classmethod
    def from_edges(
        cls: type[AnyGraph],
        edges: npt.ArrayLike,
        features: npt.ArrayLike | None = None,
        *,
        n_nodes: int | None = None,
        weights: npt.ArrayLike | None = None,
        edge_features: npt.ArrayLike | None = None,
        directed: bool = False,
    ) -> AnyGraph:
        """Make a graph from an edge list.

        Parameters
        ----------
        edges : array-like of shape (n_edges, 2)
            Pairs of node numbers, from 0. The first node of a pair aggregates messages from the second.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
            Features of the nodes; None: one-hot encoded node numbers.
        n_nodes : int, default=None
            Number of nodes, if there are no features; None: the greatest number in `edges` plus one.
        weights : array-like of shape (n_edges,), default=None
            Weight of each edge; None: one for all.
        edge_features : array-like of shape (n_edges, n_edge_features), default=None
            Features of each edge.
        directed : bool, default=False
            If True, only the first node of a pair aggregates from the second; if False, each aggregates from the
            other.

        Returns
        -------
        graph : Graph or GraphNodes
            An instance of the class on which the method is called.
        """
        pairs = _checked_pairs(edges)
        n = _n_nodes(pairs, features, n_nodes)
        weight = np.ones(len(pairs)) if weights is None else np.asarray(weights, dtype=np.float64)
        if weight.shape != (len(pairs),):
            raise ValueError(f"weights has shape {weight.shape}; expected one weight for each of {len(pairs)} edges.")
        row_per_edge = None if edge_features is None else np.asarray(edge_features)
        if not directed:
            twoway = pairs[:, 0] != pairs[:, 1]  # self-loops are not added twice
            pairs, weight = np.concatenate([pairs, pairs[twoway][:, ::-1]]), np.concatenate([weight, weight[twoway]])
            row_per_edge = None if row_per_edge is None else np.concatenate([row_per_edge, row_per_edge[twoway]])
        adjacency = sparse.coo_array((weight, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
        return cls(sparse.eye_array(n, format="csr") if features is None else features, adjacency, row_per_edge)

    @classmethod
    def from_networkx(
        cls: type[AnyGraph],
        graph: Any,
        features: Callable[[Any, dict[str, Any]], Any] | str | None = None,
        *,
        weight: str | None = "weight",
        edge_features: str | None = None,
    ) -> AnyGraph:
        """Make a graph from a networkx graph; nodes are numbered in its order.

        Parameters
        ----------
        graph : networkx.Graph or networkx.DiGraph
            The first node of a directed edge aggregates messages from the second.
        features : str or callable, default=None
            Name of the node attribute with the features (a number or a sequence of numbers), or a function that
            returns them, called with a node and the dictionary of its attributes. None: one-hot encoded node numbers.
        weight : str, default="weight"
            Name of the edge attribute with the weights; edges without it have weight one.
        edge_features : str, default=None
            Name of the edge attribute with the edge features.

        Returns
        -------
        graph : Graph or GraphNodes
            An instance of the class on which the method is called.
        """
        number = {node: i for i, node in enumerate(graph)}
        links = list(graph.edges(data=True))
        pairs = np.array([(number[first], number[second]) for first, second, _ in links], dtype=np.intp).reshape(-1, 2)
        return cls.from_edges(
            pairs,
            None if features is None else _features_of_nodes(graph, features),
            n_nodes=len(number),
            weights=[1.0 if weight is None else data.get(weight, 1.0) for *_, data in links],
            edge_features=None if edge_features is None else _as_rows([data[edge_features] for *_, data in links]),
            directed=graph.is_directed(),
        )

    @property
    def n_nodes(self) -> int:
        n: int = self.features.shape[0]
        return n

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the features."""
        return self.features.dtype

    def __repr__(self) -> str:
        n, n_edges, width = self.n_nodes, self.adjacency.nnz, self.features.shape[1]
        parts = (f"{n} node{'s' * (n != 1)}", f"{n_edges} edges", f"{width} feature{'s' * (width != 1)}")
        return f"{type(self).__name__}({', '.join(parts)})"


class GraphNodes(Graph):
    """Nodes of one graph, as samples: indexing selects nodes and keeps the whole graph.

    `train_test_split`, cross-validation and searches split them as they split arrays. Estimators use the features and
    edges of all nodes, but only the targets of the selected nodes.

    Parameters
    ----------
    features : array-like or sparse matrix of shape (n_nodes, n_features)
        Features of each node. Sparse features stay sparse.
    adjacency : array-like or sparse matrix of shape (n_nodes, n_nodes)
        Edge weights. A nonzero entry in row i and column j is an edge from node j to node i, along which node i
        aggregates messages from node j. The matrix of an undirected graph is symmetric.
    edge_features : array-like of shape (n_edges, n_edge_features), default=None
        Features of each edge, in the order in which `adjacency` stores the edges: row by row if it is dense.

    Attributes
    ----------
    nodes : integer array of shape (n_samples,)
        Numbers of the selected nodes; initially all nodes.
    n_rows : int or None
        Nodes of the first of two kinds, between which there are edges only; None if all nodes are of one kind.

    Raises
    ------
    ValueError
        If shapes do not match, the graph has no nodes, values are not finite, or weights are negative.

    Examples
    --------
    >>> from skneural import GraphNodes
    >>> X = GraphNodes.from_edges([(0, 1), (1, 2)])
    >>> len(X), len(X[[0, 2]]), X[[0, 2]].n_nodes
    (3, 2, 3)
    """

    def __init__(
        self, features: npt.ArrayLike, adjacency: npt.ArrayLike, edge_features: npt.ArrayLike | None = None
    ) -> None:
        super().__init__(features, adjacency, edge_features)
        self.nodes = np.arange(self.n_nodes)
        self.n_rows: int | None = None

    @classmethod
    def bipartite(
        cls,
        links: npt.ArrayLike,
        row_features: npt.ArrayLike | None = None,
        column_features: npt.ArrayLike | None = None,
    ) -> GraphNodes:
        """Make a graph of two kinds of nodes, such as users and items, from the matrix of their links.

        Parameters
        ----------
        links : array-like or sparse matrix of shape (n_rows, n_columns)
            Weights of the links; zero where there is none.
        row_features : array-like or sparse matrix of shape (n_rows, n_features), default=None
            Features of the nodes of rows; None: one-hot encoded row numbers.
        column_features : array-like or sparse matrix of shape (n_columns, n_other_features), default=None
            Features of the nodes of columns; None: one-hot encoded column numbers.

        Returns
        -------
        graph : GraphNodes
            The nodes of rows come first. Each kind has features of its own, which are zero for the other kind.

        Examples
        --------
        >>> from skneural import GraphNodes
        >>> GraphNodes.bipartite([[1, 0, 1], [0, 1, 1]])
        GraphNodes(5 nodes of 5 nodes, 8 edges, 5 features)
        """
        matrix = sparse.csr_array(links) if sparse.issparse(links) else sparse.csr_array(np.asarray(links))
        if matrix.ndim != 2:
            raise ValueError(f"links has shape {matrix.shape}; it must be (n_rows, n_columns).")
        given = zip(("row_features", "column_features"), (row_features, column_features), matrix.shape, strict=True)
        features = [_features_of_kind(name, each, n) for name, each, n in given]
        graph = cls(sparse.block_diag(features, "csr"), sparse.block_array([[None, matrix], [matrix.T, None]]))
        graph.n_rows = matrix.shape[0]
        return graph

    @property
    def shape(self) -> tuple[int, int]:
        """Number of selected nodes, from which scikit-learn reads the number of samples, and of features."""
        return len(self.nodes), self.features.shape[1]

    ndim = 2

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, selection: Any) -> GraphNodes:
        """Select nodes of the same graph by a slice, indices or a mask."""
        if isinstance(selection, tuple):  # scikit-learn indexes by [selection, ...]
            selection = selection[0]
        rows = np.asarray(selection) if not isinstance(selection, slice) else selection
        if isinstance(rows, np.ndarray) and rows.size == 0:
            rows = rows.astype(np.intp)
        selected = copy.copy(self)
        selected.nodes = np.atleast_1d(self.nodes[rows])
        return selected

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        raise TypeError(
            f"X is {self!r}, which has no form as an array; pass it to the estimators of nodes, or take "
            "X.features[X.nodes]."
        )

    def __repr__(self) -> str:
        n = len(self)
        return f"GraphNodes({n} node{'s' * (n != 1)} of {super().__repr__()[len('GraphNodes(') :]}"


def _features_of_kind(name: str, features: npt.ArrayLike | None, n_nodes: int) -> sparse.csr_array:
    """Features of one of two kinds of nodes, which are stored as sparse: half of all features are zero."""
    if features is None:  # the number of a node has no precision: training is in float32, as for tokens
        return sparse.csr_array(sparse.eye_array(n_nodes, dtype=np.float32))
    checked = _checked_features(features)
    if checked.shape[0] != n_nodes:
        raise ValueError(f"{name} has {checked.shape[0]} rows, but links has {n_nodes} nodes of this kind.")
    return sparse.csr_array(checked)


def _checked_features(features: npt.ArrayLike) -> Matrix:
    checked: Any = sparse.csr_array(features) if sparse.issparse(features) else np.asarray(features)
    if checked.ndim != 2:
        raise ValueError(f"features has shape {checked.shape}; it must be (n_nodes, n_features).")
    if checked.shape[0] == 0:
        raise ValueError("The graph has no nodes: features has 0 rows.")
    if checked.shape[1] == 0:
        raise ValueError(f"0 feature(s) (shape={checked.shape}) while a minimum of 1 is required.")
    if checked.dtype.kind not in "fiub":
        raise ValueError(f"features must be numeric; got dtype {checked.dtype}.")
    _ensure_finite("features", checked.data if sparse.issparse(checked) else checked)
    return checked


def _checked_edges(adjacency: Any, edge_features: Any, n_nodes: int) -> tuple[sparse.csr_array, Array | None]:
    """Sorted CSR adjacency without explicit zeros, and the edge features in the same order."""
    if not sparse.issparse(adjacency):
        adjacency = np.asarray(adjacency)
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        raise ValueError(f"adjacency has shape {adjacency.shape}; it must be square, (n_nodes, n_nodes).")
    if adjacency.shape[0] != n_nodes:
        raise ValueError(f"adjacency has {adjacency.shape[0]} nodes, but features has {n_nodes} rows.")
    edges = sparse.coo_array(adjacency)
    weight = edges.data.astype(edges.dtype if edges.dtype.kind == "f" else np.float64)
    _ensure_finite("The weights of adjacency", weight)
    if (weight < 0).any():
        raise ValueError(f"Edge weights must not be negative; the smallest in adjacency is {weight.min():g}.")
    if edge_features is None:
        matrix = sparse.csr_array((weight, edges.coords), shape=edges.shape)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix, None
    row_per_edge = np.asarray(edge_features)
    if row_per_edge.ndim != 2 or len(row_per_edge) != len(weight) or row_per_edge.dtype.kind not in "fiub":
        raise ValueError(
            f"edge_features has shape {row_per_edge.shape} and dtype {row_per_edge.dtype}; expected one row of numbers "
            f"for each of the {len(weight)} edges that adjacency stores."
        )
    _ensure_finite("edge_features", row_per_edge)
    order = np.lexsort(edges.coords[::-1])
    order = order[weight[order] > 0]
    rows, columns = (coords[order] for coords in edges.coords)
    if ((np.diff(rows) == 0) & (np.diff(columns) == 0)).any():
        raise ValueError("adjacency stores an edge twice; with edge_features, each edge must be stored once.")
    ends = segment_offsets(np.bincount(rows, minlength=n_nodes))
    return sparse.csr_array((weight[order], columns, ends), shape=edges.shape), row_per_edge[order]


def in_precision(values: Any, dtype: npt.DTypeLike, name: str) -> Any:
    """An array or a sparse matrix in the precision of training; raises if that does not hold its values."""
    with np.errstate(over="ignore"):
        converted = values.astype(dtype, copy=False)
    if not np.isfinite(converted.data if sparse.issparse(converted) else converted).all():
        raise ValueError(
            f"{name} has values too large for {np.dtype(dtype)}, the precision of training. Scale them, or fit on "
            "features in float64."
        )
    return converted


def _ensure_finite(name: str, values: Array) -> None:
    if not np.isfinite(values).all():
        raise ValueError(f"{name} contains NaN or infinity.")


def _checked_pairs(edges: npt.ArrayLike) -> Array:
    pairs = np.asarray(edges)
    if pairs.size == 0:
        return np.empty((0, 2), np.intp)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise ValueError(
            f"edges has shape {pairs.shape} and dtype {pairs.dtype}; expected pairs of node numbers, (n_edges, 2)."
        )
    return pairs.astype(np.intp)


def _n_nodes(pairs: Array, features: Any, n_nodes: int | None) -> int:
    """Number of nodes of the graph; raises if an edge refers to a node outside of it."""
    n_rows: int | None = (
        features.shape[0] if hasattr(features, "shape") else (None if features is None else len(features))
    )
    n = n_nodes if n_rows is None else n_rows
    if n is None:
        n = int(pairs.max(initial=-1)) + 1
    outside = pairs[(pairs < 0) | (pairs >= n)]
    if outside.size:
        raise ValueError(f"Node {outside[0]} in edges is out of range: there are {n} nodes, numbered from 0.")
    return n


def _features_of_nodes(graph: Any, features: Callable[[Any, dict[str, Any]], Any] | str) -> Array:
    if callable(features):
        return _as_rows([features(node, data) for node, data in graph.nodes(data=True)])
    missing = [node for node, data in graph.nodes(data=True) if features not in data]
    if missing:
        raise ValueError(f"Node {missing[0]!r} has no attribute {features!r}.")
    return _as_rows([data[features] for _, data in graph.nodes(data=True)])


def _as_rows(values: list[Any]) -> Array:
    return np.array(values, dtype=np.float64).reshape(len(values), -1)
