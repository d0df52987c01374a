"""The nodes with the greatest scores for each node."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from skneural.data.links import Kinds
from skneural.ops.blocks import slices
from skneural.ops.types import Array

# Scores that are computed at once: 16 MB in float32.
SCORES_AT_ONCE = 4_000_000

NOBODY = -1  # where a node has fewer candidates than are asked for


def best_candidates(embedding: Array, adjacency: sparse.csr_array, kinds: Kinds, nodes: Array, n: int) -> Array:
    """The `n` nodes to which each node is most likely linked, without itself and those to which it is.

    Parameters
    ----------
    embedding : array of shape (n_nodes, n_features)
        Scores are inner products.
    adjacency : CSR of shape (n_nodes, n_nodes)
    kinds : Kinds
    nodes : integer array of shape (k,)
        Nodes that may be the first of a pair.
    n : int

    Returns
    -------
    best : integer array of shape (k, n)
        From the best to the worst, numbered from the first candidate; -1 where there is none left.
    """
    candidates = embedding[kinds.offset :]
    linked = sparse.csr_array(adjacency + adjacency.T)[:, kinds.offset :]
    best = np.full((len(nodes), n), NOBODY)
    for rows in slices(len(nodes), max(1, SCORES_AT_ONCE // len(candidates))):
        scores = embedding[nodes[rows]] @ candidates.T
        scores[linked[nodes[rows]].nonzero()] = -np.inf
        if kinds.n_first is None:
            scores[np.arange(len(scores)), nodes[rows]] = -np.inf
        ranked = _ranked(scores, min(n, len(candidates)))
        best[rows, : ranked.shape[1]] = ranked
    return best


def _ranked(scores: Array, n: int) -> Array:
    """Columns of the `n` greatest scores of each row, in descending order; -1 for those that are minus infinity."""
    columns = np.argpartition(-scores, n - 1, axis=1)[:, :n]
    values = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    ranked = np.where(np.isfinite(values), columns, NOBODY)
    return np.take_along_axis(ranked, order, axis=1)
