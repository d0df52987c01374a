"""Links of a graph, pairs of nodes with an edge in one or both directions, and pairs without one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from skneural.ops.types import Array


class Kinds(NamedTuple):
    """Numbers of nodes of the two kinds between which there may be links; the first come first.

    If all nodes are of one kind, every node may be at either end of a link.

    Attributes
    ----------
    n_nodes : int
    n_first : int or None
        Nodes of the first kind; None if all are of one kind.
    """

    n_nodes: int
    n_first: int | None = None

    @property
    def offset(self) -> int:
        """Number of the first node that may be the second of a pair."""
        return self.n_first or 0

    @property
    def shape(self) -> tuple[int, int]:
        """Number of nodes that may be the first of a pair, and the second."""
        first = self.n_nodes if self.n_first is None else self.n_first
        return first, self.n_nodes - self.offset

    def nodes_of(self, pairs: Array) -> Array:
        """Numbers among all nodes of both nodes of pairs, which are numbered among the nodes of each kind."""
        return np.stack([pairs[:, 0], pairs[:, 1] + self.offset], axis=1)

    def pairs_of(self, nodes: Array) -> Array:
        """Numbers among the nodes of each kind: the inverse of `nodes_of`."""
        return np.stack([nodes[:, 0], nodes[:, 1] - self.offset], axis=1)


def pair_keys(pairs: Array, n_second: int) -> Array:
    """One integer for each pair, in the order of the pairs."""
    keys: Array = pairs[:, 0].astype(np.int64) * n_second + pairs[:, 1]
    return keys


def links_of(adjacency: sparse.csr_array) -> Array:
    """All links of a graph once, the node of lower number first, in ascending order; without self-loops."""
    pairs = np.sort(np.stack(adjacency.nonzero(), axis=1), axis=1)
    n = adjacency.shape[0]
    keys = np.unique(pair_keys(pairs[pairs[:, 0] < pairs[:, 1]], n))
    return np.stack([keys // n, keys % n], axis=1)


def are_linked(adjacency: sparse.csr_array, pairs: Array) -> Array:
    """Mask of the pairs with an edge in either direction."""
    n = adjacency.shape[0]
    return np.isin(pair_keys(np.sort(pairs, axis=1), n), pair_keys(links_of(adjacency), n))


class NonLinks:
    """The pairs of nodes that are not linked, from which some are drawn at random.

    Parameters
    ----------
    links : integer array of shape (links, 2)
        Each in any order, and any number of times.
    kinds : Kinds
    """

    def __init__(self, links: Array, kinds: Kinds) -> None:
        self.kinds = kinds
        n_first, n_second = kinds.shape
        if kinds.n_first is None:
            loops = np.repeat(np.arange(n_first)[:, np.newaxis], 2, axis=1)
            links = np.concatenate([links, links[:, ::-1], loops])
        keys = np.unique(pair_keys(kinds.pairs_of(links), n_second))
        # Of the keys that are not taken, as many are less than each of those that are.
        self._free_before = keys - np.arange(len(keys))
        # and before the first pair of each node
        self._starts = n_second * np.arange(n_first + 1) - np.searchsorted(keys, n_second * np.arange(n_first + 1))

    def __len__(self) -> int:
        return int(self._starts[-1])

    def draw(self, n_pairs: int, rng: np.random.Generator) -> Array:
        """Draw pairs uniformly, with replacement: an array of shape (n_pairs, 2)."""
        return self._pairs(rng.integers(0, len(self), n_pairs))

    def draw_for(self, first: Array, rng: np.random.Generator) -> Array:
        """Draw a pair for each of the given first nodes; for nodes that are linked to all others, any pair."""
        low, high = self._starts[first], self._starts[first + 1]
        low, high = np.where(low < high, low, 0), np.where(low < high, high, len(self))
        return self._pairs(rng.integers(low, high))

    def _pairs(self, ranks: Array) -> Array:
        """The pairs of the given ranks among all that are not linked."""
        n_second = self.kinds.shape[1]
        keys = ranks + np.searchsorted(self._free_before, ranks, side="right")
        return self.kinds.nodes_of(np.stack([keys // n_second, keys % n_second], axis=1))
