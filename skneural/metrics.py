"""Metrics of recommendations, by the columns that are recommended for each row of a matrix of links.

They take the recommendations of any model. For scores of all columns, `sklearn.metrics` has `ndcg_score`, and for
single pairs `roc_auc_score` and `average_precision_score`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from skneural.ops.types import Array


def recall_at_k(links: npt.ArrayLike, recommended: npt.ArrayLike) -> float:
    """Share of the links of each row that are among its `k` recommendations, in the mean over rows.

    Parameters
    ----------
    links : array-like or sparse matrix of shape (n_rows, n_columns)
        Nonzero where a row, such as a user, is linked to a column, such as an item. Rows without a link do not count.
    recommended : integer array-like of shape (n_rows, k)
        Distinct columns; -1 for none. `GNNLinkPredictor.recommend` returns them.

    Returns
    -------
    recall : float

    Examples
    --------
    >>> from skneural.metrics import recall_at_k
    >>> recall_at_k([[1, 1, 0], [0, 0, 1]], [[0, 2], [2, 1]])
    0.75
    """
    hits, n_links = _hits(links, recommended)
    return float(np.mean(hits.sum(axis=1) / n_links))


def ndcg_at_k(links: npt.ArrayLike, recommended: npt.ArrayLike) -> float:
    """Normalized discounted cumulative gain of `k` recommendations for each row, in the mean over rows.

    Recommendations that are links gain the reciprocal logarithm of their rank plus one. The sum is divided by the
    greatest possible one.

    Parameters
    ----------
    links : array-like or sparse matrix of shape (n_rows, n_columns)
        Nonzero where a row is linked to a column. Rows without a link do not count.
    recommended : integer array-like of shape (n_rows, k)
        Distinct columns, the best first; -1 for none. `GNNLinkPredictor.recommend` returns them.

    Returns
    -------
    ndcg : float

    Examples
    --------
    >>> from skneural.metrics import ndcg_at_k
    >>> round(ndcg_at_k([[1, 1, 0], [0, 0, 1]], [[0, 2], [2, 1]]), 3)
    0.807
    """
    hits, n_links = _hits(links, recommended)
    gains = 1 / np.log2(np.arange(hits.shape[1]) + 2)
    best = np.cumsum(gains)[np.minimum(n_links, hits.shape[1]) - 1]
    return float(np.mean(hits @ gains / best))


def _hits(links: Any, recommended: npt.ArrayLike) -> tuple[Array, Array]:
    """Mask of the recommendations that are links, and the number of links, of each row with any link."""
    matrix = sparse.csr_array(links if sparse.issparse(links) else np.asarray(links)).astype(bool)
    columns = np.asarray(recommended)
    if columns.ndim != 2 or columns.shape[0] != matrix.shape[0] or columns.dtype.kind not in "iu":
        raise ValueError(
            f"recommended has shape {columns.shape} and dtype {columns.dtype}; expected numbers of columns, "
            f"({matrix.shape[0]}, k), for links of shape {matrix.shape}."
        )
    if columns.size and not -1 <= columns.min() <= columns.max() < matrix.shape[1]:
        raise ValueError(f"recommended must be from -1, for none, to {matrix.shape[1] - 1}, the last column of links.")
    matrix.eliminate_zeros()
    n_links = np.diff(matrix.indptr)
    linked = np.flatnonzero(n_links)
    if not len(linked):
        raise ValueError("links has no link, so that no recommendation can be right.")
    rows = np.repeat(linked[:, np.newaxis], columns.shape[1], axis=1)
    hits = matrix[rows, columns[linked]].reshape(rows.shape)
    hits = hits.toarray() if sparse.issparse(hits) else np.asarray(hits)
    return hits & (columns[linked] >= 0), n_links[linked]
