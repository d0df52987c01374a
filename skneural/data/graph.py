"""Graphs as users have them: the nodes of one graph, or many graphs; made of arrays, of edges, or by networkx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from scipy import sparse

from skneural.ops.types import Array, Matrix

AnyGraph = TypeVar("AnyGraph", bound="Graph")


class Graph:
    """A graph: features of its nodes, which nodes hear which, and features of its edges.

    Parameters
    ----------
    features : array-like or sparse matrix of shape (n_nodes, n_features)
        What is known of each node. Sparse features stay sparse.
    adjacency : array-like or sparse matrix of shape (n_nodes, n_nodes)
        Node i hears node j if the number in row i and column j is not zero; that is the weight of the edge. The matrix
        of an undirected graph is symmetric.
    edge_features : array-like of shape (n_edges, n_edge_features), default=None
        In the order in which `adjacency` stores its edges: row by row if it is dense.

    Raises
    ------
    ValueError
        If shapes do not fit, the graph has no nodes, or numbers are not finite or weights negative.

    Examples
    --------
    >>> from skneural import Graph
    >>> Graph([[1.0], [2.0], [3.0]], [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    Graph(3 nodes, 4 edges, 1 feature)
    """

    def __init__(self, features: Any, adjacency: Any, edge_features: Any = None) -> None:
        self.features = _checked_features(features)
        self.adjacency, self.edge_features = _checked_edges(adjacency, edge_features, self.features.shape[0])

    @classmethod
    def from_edges(
        cls: type[AnyGraph],
        edges: Any,
        features: Any = None,
        *,
        n_nodes: int | None = None,
        weights: Any = None,
        edge_features: Any = None,
        directed: bool = False,
    ) -> AnyGraph:
        """Make a graph of pairs of nodes.

        Parameters
        ----------
        edges : array-like of shape (n_edges, 2)
            Numbers of nodes, from 0. The first of a pair hears the second.
        features : array-like or sparse matrix of shape (n_nodes, n_features), default=None
            Features of the nodes; by default each node is told from all others, by a one of its own.
        n_nodes : int, default=None
            How many nodes there are, if there are no features; by default, up to the greatest number in `edges`.
        weights : array-like of shape (n_edges,), default=None
            Weight of each edge; by default one.
        edge_features : array-like of shape (n_edges, n_edge_features), default=None
            Features of each edge.
        directed : bool, default=False
            Whether only the first node of a pair hears the other; otherwise each hears the other.

        Returns
        -------
        graph : Graph
            Of the class that is asked.
        """
        pairs = _checked_pairs(edges)
        n = _n_nodes(pairs, features, n_nodes)
        weight = np.ones(len(pairs)) if weights is None else np.asarray(weights, dtype=np.float64)
        if weight.shape != (len(pairs),):
            raise ValueError(f"weights has shape {weight.shape}, and there are {len(pairs)} edges.")
        between = None if edge_features is None else np.asarray(edge_features)
        if not directed:
            other = pairs[:, 0] != pairs[:, 1]  # an edge from a node to itself has no other direction
            pairs, weight = np.concatenate([pairs, pairs[other][:, ::-1]]), np.concatenate([weight, weight[other]])
            between = None if between is None else np.concatenate([between, between[other]])
        adjacency = sparse.coo_array((weight, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
        return cls(sparse.eye_array(n, format="csr") if features is None else features, adjacency, between)

    @classmethod
    def from_networkx(
        cls: type[AnyGraph],
        graph: Any,
        features: Callable[[Any, dict[str, Any]], Any] | str | None = None,
        *,
        weight: str | None = "weight",
        edge_features: str | None = None,
    ) -> AnyGraph:
        """Make a graph of one of networkx; nodes are numbered in its order.

        Parameters
        ----------
        graph : networkx.Graph or networkx.DiGraph
            The first node of a directed edge hears the second.
        features : str or callable, default=None
            The attribute of nodes that holds their features, numbers or sequences of them; or a function from a node
            and the dictionary of its attributes to them. By default each node is told from all others, by a one of its
            own.
        weight : str, default="weight"
            The attribute that holds the weights of edges; those without weigh one.
        edge_features : str, default=None
            The attribute that holds the features of edges.

        Returns
        -------
        graph : Graph
            Of the class that is asked.
        """
        number = {node: i for i, node in enumerate(graph)}
        links = list(graph.edges(data=True))
        pairs = np.array([(number[one], number[other]) for one, other, _ in links], dtype=np.intp).reshape(-1, 2)
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
        """Of the features."""
        return self.features.dtype

    def __repr__(self) -> str:
        n, n_edges, width = self.n_nodes, self.adjacency.nnz, self.features.shape[1]
        parts = (f"{n} node{'s' * (n != 1)}", f"{n_edges} edges", f"{width} feature{'s' * (width != 1)}")
        return f"{type(self).__name__}({', '.join(parts)})"


class GraphNodes(Graph):
    """Nodes of one graph, as samples: what is indexed by numbers of nodes keeps the whole graph.

    `train_test_split`, cross-validation and searches split them as they split arrays. The estimators that take them
    see the features and edges of all nodes, and targets of the selected nodes only.

    Parameters
    ----------
    features : array-like or sparse matrix of shape (n_nodes, n_features)
        What is known of each node. Sparse features stay sparse.
    adjacency : array-like or sparse matrix of shape (n_nodes, n_nodes)
        Node i hears node j if the number in row i and column j is not zero; that is the weight of the edge. The matrix
        of an undirected graph is symmetric.
    edge_features : array-like of shape (n_edges, n_edge_features), default=None
        In the order in which `adjacency` stores its edges: row by row if it is dense.

    Attributes
    ----------
    nodes : integer array of shape (n_samples,)
        Numbers of the selected nodes; of all of them at first.

    Raises
    ------
    ValueError
        If shapes do not fit, the graph has no nodes, or numbers are not finite or weights negative.

    Examples
    --------
    >>> from skneural import GraphNodes
    >>> X = GraphNodes.from_edges([(0, 1), (1, 2)])
    >>> len(X), len(X[[0, 2]]), X[[0, 2]].n_nodes
    (3, 2, 3)
    """

    def __init__(self, features: Any, adjacency: Any, edge_features: Any = None) -> None:
        super().__init__(features, adjacency, edge_features)
        self.nodes = np.arange(self.n_nodes)

    @property
    def shape(self) -> tuple[int, int]:
        """Selected nodes, and their features: scikit-learn counts samples by it."""
        return len(self.nodes), self.features.shape[1]

    ndim = 2

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, selection: Any) -> GraphNodes:
        """Some of the selected nodes, of the same graph: by a slice, numbers or a mask."""
        if isinstance(selection, tuple):  # scikit-learn asks for [selection, ...]
            selection = selection[0]
        rows = np.asarray(selection) if not isinstance(selection, slice) else selection
        if isinstance(rows, np.ndarray) and rows.size == 0:
            rows = rows.astype(np.intp)
        selected = object.__new__(type(self))
        selected.features, selected.adjacency, selected.edge_features = (
            self.features,
            self.adjacency,
            self.edge_features,
        )
        selected.nodes = np.atleast_1d(self.nodes[rows])
        return selected

    def __repr__(self) -> str:
        n = len(self)
        return f"GraphNodes({n} node{'s' * (n != 1)} of {super().__repr__()[len('GraphNodes(') :]}"


def _checked_features(features: Any) -> Matrix:
    checked: Any = sparse.csr_array(features) if sparse.issparse(features) else np.asarray(features)
    if checked.ndim != 2:
        raise ValueError(f"features has shape {checked.shape}; it must be (n_nodes, n_features).")
    if checked.shape[0] == 0:
        raise ValueError("The graph has no nodes: features has 0 rows.")
    if checked.shape[1] == 0:
        raise ValueError(f"0 feature(s) (shape={checked.shape}) while a minimum of 1 is required.")
    if checked.dtype.kind not in "fiub":
        raise ValueError(f"features must be numbers; their dtype is {checked.dtype}.")
    _ensure_finite("features", checked.data if sparse.issparse(checked) else checked)
    return checked


def _checked_edges(adjacency: Any, edge_features: Any, n_nodes: int) -> tuple[sparse.csr_array, Array | None]:
    """The adjacency as CSR without zeros and in order, and the features of its edges in that order."""
    if not sparse.issparse(adjacency):
        adjacency = np.asarray(adjacency)
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        raise ValueError(f"adjacency has shape {adjacency.shape}; it must be square, (n_nodes, n_nodes).")
    if adjacency.shape[0] != n_nodes:
        raise ValueError(f"adjacency is of {adjacency.shape[0]} nodes, and features has {n_nodes} rows.")
    edges = sparse.coo_array(adjacency)
    weight = edges.data.astype(edges.dtype if edges.dtype.kind == "f" else np.float64)
    _ensure_finite("The weights of adjacency", weight)
    if (weight < 0).any():
        raise ValueError(f"Weights of edges must not be negative; the least in adjacency is {weight.min():g}.")
    if edge_features is None:
        matrix = sparse.csr_array((weight, edges.coords), shape=edges.shape)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix, None
    between = np.asarray(edge_features)
    if between.ndim != 2 or len(between) != len(weight) or between.dtype.kind not in "fiub":
        raise ValueError(
            f"edge_features has shape {between.shape} and dtype {between.dtype}; adjacency stores {len(weight)} edges, "
            "and each has a row of numbers."
        )
    _ensure_finite("edge_features", between)
    order = np.lexsort(edges.coords[::-1])
    order = order[weight[order] > 0]
    rows, columns = (coords[order] for coords in edges.coords)
    if ((np.diff(rows) == 0) & (np.diff(columns) == 0)).any():
        raise ValueError("adjacency stores an edge twice; with edge_features each must be there once.")
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n_nodes))])
    return sparse.csr_array((weight[order], columns, ends), shape=edges.shape), between[order]


def _ensure_finite(what: str, numbers: Array) -> None:
    if not np.isfinite(numbers).all():
        raise ValueError(f"{what} contains NaN or infinity.")


def _checked_pairs(edges: Any) -> Array:
    pairs = np.asarray(edges)
    if pairs.size == 0:
        return np.empty((0, 2), np.intp)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise ValueError(
            f"edges has shape {pairs.shape} and dtype {pairs.dtype}; it must be pairs of node numbers, (n_edges, 2)."
        )
    return pairs.astype(np.intp)


def _n_nodes(pairs: Array, features: Any, n_nodes: int | None) -> int:
    """How many nodes there are; raises if an edge leads to others."""
    given: int | None = (
        features.shape[0] if hasattr(features, "shape") else (None if features is None else len(features))
    )
    n = n_nodes if given is None else given
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
