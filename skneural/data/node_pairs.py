"""Pairs of nodes as users pass them: samples of link prediction."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_random_state

from skneural.data.graph import GraphNodes
from skneural.data.links import Kinds, NonLinks, links_of, pair_keys
from skneural.ops.types import Array


class NodePairs:
    """Pairs of nodes of one graph, as samples: indexing selects pairs and keeps the whole graph.

    `train_test_split`, cross-validation and searches split them as they split arrays. The edge between the two nodes of
    a pair tells that they are linked. So selections remember all pairs, and `GNNLinkPredictor` uses the edges between
    those that it was not fitted on neither in `fit` nor for predictions.

    Parameters
    ----------
    graph : GraphNodes
    pairs : array-like of shape (n_pairs, 2)
        Numbers of two nodes, from 0. In a graph from `GraphNodes.bipartite`, the number of a row and of a column.

    Attributes
    ----------
    graph : GraphNodes
    pairs : integer array of shape (n_pairs, 2)
        The selected pairs; initially all.

    Raises
    ------
    TypeError
        If `graph` is no GraphNodes.
    ValueError
        If `pairs` are no pairs of integers, or a node is not in the graph.

    Examples
    --------
    >>> from skneural import GraphNodes, NodePairs
    >>> graph = GraphNodes.from_edges([(0, 1), (1, 2), (2, 3)])
    >>> X = NodePairs(graph, [(0, 1), (0, 2), (0, 3)])
    >>> len(X), X[1:].pairs.tolist()
    (3, [[0, 2], [0, 3]])
    """

    def __init__(self, graph: GraphNodes, pairs: npt.ArrayLike) -> None:
        if not isinstance(graph, GraphNodes):
            raise TypeError(f"graph is of type {type(graph).__name__}; it must be GraphNodes.")
        self.graph = graph
        self.kinds = Kinds(graph.n_nodes, graph.n_rows)
        self.pairs = checked_pairs(pairs, self.kinds)
        # those for which training draws others
        self.drawn = np.zeros(len(self.pairs), bool)
        self._all_pairs = self.pairs

    @classmethod
    def links(cls, graph: GraphNodes) -> Self:
        """All links of a graph, each once, without self-loops.

        Parameters
        ----------
        graph : GraphNodes
            Of some nodes of a graph, the links between them are selected.

        Returns
        -------
        links : NodePairs
            Ordered by the nodes of lower number, which come first.
        """
        links = cls(graph, Kinds(graph.n_nodes, graph.n_rows).pairs_of(links_of(graph.adjacency)))
        return links if len(graph) == graph.n_nodes else links[np.isin(links.nodes, graph.nodes).all(axis=1)]

    @classmethod
    def sample(
        cls, graph: GraphNodes, n_negatives: int = 1, random_state: int | np.random.RandomState | None = None
    ) -> tuple[Self, Array]:
        """All links of a graph and pairs without a link, drawn at random, in random order, to split and to score.

        Parameters
        ----------
        graph : GraphNodes
        n_negatives : int, default=1
            Pairs without a link for each link.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        X : NodePairs
        y : integer array of shape (n_pairs,)
            1 for links, 0 for other pairs.
        """
        rng = np.random.default_rng(check_random_state(random_state).randint(np.iinfo(np.int32).max))
        X, y = cls.links(graph).with_negatives(links_of(graph.adjacency), n_negatives, rng)
        order = rng.permutation(len(X))  # in that of the nodes, folds would have all links of some of them
        X = X[order]
        X.drawn[:] = False  # they stay as they are
        return X, y[order]

    def with_negatives(self, links: Array, n_negatives: int, rng: np.random.Generator) -> tuple[Self, Array]:
        """Add pairs without a link, which training draws again.

        Parameters
        ----------
        links : ndarray of shape (n_links, 2)
            Nodes that are linked, in addition to those of these pairs.
        n_negatives : int
            Further pairs for each of these. In a graph of two kinds of nodes, they have the same row.
        rng : Generator

        Returns
        -------
        X : NodePairs
            First the given pairs.
        y : integer array of shape (n_pairs,)
            1 for the given pairs, 0 for those that are drawn.
        """
        others = NonLinks(np.concatenate([links, self.nodes]), self.kinds)
        if not len(others):
            raise ValueError("All pairs of nodes are linked. Give y, with pairs that count as not linked.")
        first = np.tile(self.nodes[:, 0], n_negatives)
        drawn = others.draw(len(first), rng) if self.kinds.n_first is None else others.draw_for(first, rng)
        joined = copy.copy(self)
        joined.pairs = np.concatenate([self.pairs, self.kinds.pairs_of(drawn)])
        joined._all_pairs = np.concatenate([self._all_pairs, joined.pairs])
        joined.drawn = np.arange(len(joined.pairs)) >= len(self)
        return joined, 1 - joined.drawn.astype(int)

    @property
    def nodes(self) -> Array:
        """Numbers of both nodes of each pair, among all nodes of the graph."""
        return self.kinds.nodes_of(self.pairs)

    @property
    def unseen(self) -> Array:
        """Nodes of the pairs whose edges are not used, except those of pairs on which a model was fitted."""
        return self.kinds.nodes_of(self._all_pairs)

    @property
    def known_links(self) -> Array:
        """Nodes of the links of the graph, without those of `unseen` pairs."""
        links, n = links_of(self.graph.adjacency), self.kinds.n_nodes
        return links[~np.isin(pair_keys(links, n), pair_keys(np.sort(self.unseen, axis=1), n))]

    def for_training(self) -> Self:
        """Use all edges of these pairs; those of other pairs, from which they were selected, are not used.

        Returns
        -------
        X : NodePairs
        """
        n = self.kinds.n_nodes
        selected = np.isin(pair_keys(self._all_pairs, n), pair_keys(self.pairs, n))
        return self._with_all_pairs(self._all_pairs[~selected])

    def hiding(self, pairs: Array) -> Self:
        """Use no edges of further pairs.

        Parameters
        ----------
        pairs : ndarray of shape (n_others, 2)

        Returns
        -------
        X : NodePairs
        """
        return self._with_all_pairs(np.concatenate([self._all_pairs, pairs]))

    def _with_all_pairs(self, pairs: Array) -> Self:
        changed = copy.copy(self)
        changed._all_pairs = pairs
        return changed

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.pairs), 2

    ndim = 2

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, selection: Any) -> Self:
        """Select pairs of the same graph by a slice, indices or a mask."""
        if isinstance(selection, tuple):  # scikit-learn indexes by [selection, ...]
            selection = selection[0]
        rows = selection if isinstance(selection, slice) else np.asarray(selection)
        if isinstance(rows, np.ndarray) and rows.size == 0:
            rows = rows.astype(np.intp)
        selected = copy.copy(self)
        selected.pairs, selected.drawn = np.atleast_2d(self.pairs[rows]), np.atleast_1d(self.drawn[rows])
        return selected

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        raise TypeError(f"X is {self!r}, which has no form as an array; take X.pairs for the numbers of the nodes.")

    def __repr__(self) -> str:
        n = len(self)
        return f"NodePairs({n} pair{'s' * (n != 1)} of {self.graph!r})"


def checked_pairs(pairs: npt.ArrayLike, kinds: Kinds, name: str = "pairs") -> Array:
    """Pairs of node numbers as integers; raises if they are no pairs, or a number is out of range."""
    given = np.asarray(pairs)
    if given.ndim != 2 or given.shape[1] != 2 or given.dtype.kind not in "iu":
        raise ValueError(
            f"{name} has shape {given.shape} and dtype {given.dtype}; expected pairs of node numbers, (n_pairs, 2)."
        )
    checked = given.astype(np.intp)
    outside = np.argwhere((checked < 0) | (checked >= kinds.shape))
    if len(outside):
        row, column = outside[0]
        end = "" if kinds.n_first is None else (" in rows", " in columns")[column]
        raise ValueError(
            f"{name}[{row}] has the node {checked[row, column]}, but there are {kinds.shape[column]} nodes{end}, "
            "numbered from 0."
        )
    return checked


def checked_nodes(nodes: npt.ArrayLike, n_nodes: int, name: str) -> Array:
    """Node numbers as integers; raises if they are none, or out of range."""
    given = np.atleast_1d(np.asarray(nodes))
    if given.ndim != 1 or (given.dtype.kind not in "iu" and given.size):
        raise ValueError(
            f"{name} has shape {given.shape} and dtype {given.dtype}; expected numbers of nodes, (n_samples,)."
        )
    outside = given[(given < 0) | (given >= n_nodes)]
    if outside.size:
        raise ValueError(f"{name} has the node {outside[0]}, but there are {n_nodes} nodes, numbered from 0.")
    return given.astype(np.intp)
