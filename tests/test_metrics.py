"""Metrics of recommendations."""

import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import ndcg_score

from skneural.metrics import ndcg_at_k, recall_at_k

RNG = np.random.default_rng(0)
LINKS = RNG.random((30, 12)) < 0.2
LINKS[4] = False
SCORES = RNG.standard_normal((30, 12))
BEST = np.argsort(-SCORES, axis=1)
as_matrix = pytest.mark.parametrize("as_matrix", [np.asarray, sparse.csr_matrix, sparse.coo_array])


@as_matrix
@pytest.mark.parametrize("k", [1, 5, 12])
def test_ndcg_is_that_of_scikit_learn(as_matrix, k):
    linked = LINKS.any(axis=1)
    expected = ndcg_score(LINKS[linked], SCORES[linked], k=k)
    assert ndcg_at_k(as_matrix(LINKS), BEST[:, :k]) == pytest.approx(expected, rel=1e-12)


@as_matrix
@pytest.mark.parametrize("k", [1, 5])
def test_recall_is_the_share_of_links_that_are_recommended(as_matrix, k):
    shares = [LINKS[i, BEST[i, :k]].sum() / LINKS[i].sum() for i in range(30) if LINKS[i].any()]
    assert recall_at_k(as_matrix(LINKS), BEST[:, :k]) == pytest.approx(np.mean(shares))


def test_all_recommended_is_all_found():
    assert recall_at_k(LINKS, BEST) == 1
    assert ndcg_at_k(LINKS, np.argsort(~LINKS, axis=1, kind="stable")) == 1


def test_none_is_no_hit():
    last = np.array([[0, 0, 1]])
    assert recall_at_k(last, [[-1, -1]]) == 0
    assert recall_at_k(last, [[2, -1]]) == ndcg_at_k(last, [[2, -1]]) == 1


@pytest.mark.parametrize(
    ("recommended", "message"),
    [
        (np.zeros((30, 2)), "recommended has shape (30, 2) and dtype float64"),
        (BEST[:4], "expected numbers of columns, (30, k)"),
        (BEST + 1, "recommended must be from -1, for none, to 11"),
    ],
)
def test_mistakes_are_answered(recommended, message):
    for metric in (recall_at_k, ndcg_at_k):
        with pytest.raises(ValueError, match=re.escape(message)):
            metric(LINKS, recommended)
    with pytest.raises(ValueError, match="links has no link"):
        recall_at_k(np.zeros((30, 12)), BEST)
