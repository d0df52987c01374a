"""Links of a graph, and pairs without one."""

import numpy as np
import pytest
from scipy import sparse

from skneural.data.links import Kinds, NonLinks, are_linked, links_of

RNG = np.random.default_rng(0)
A = sparse.csr_array((RNG.random((9, 9)) < 0.3).astype(float))
LINKED = (A + A.T).toarray() > 0
BETWEEN = np.array([[0, 3], [0, 4], [1, 3], [2, 3], [2, 4], [2, 5]])  # of three nodes of each of two kinds


def test_each_link_is_listed_once():
    links = links_of(A)
    expected = np.argwhere(np.triu(LINKED, 1))
    np.testing.assert_array_equal(links, expected)


def test_pairs_are_linked_in_either_direction():
    pairs = np.argwhere(~np.eye(9, dtype=bool))
    np.testing.assert_array_equal(are_linked(A, pairs), LINKED[tuple(pairs.T)])


def test_all_pairs_without_a_link_are_drawn_equally_often():
    free = ~LINKED & ~np.eye(9, dtype=bool)
    others = NonLinks(links_of(A), Kinds(9))
    assert len(others) == free.sum()
    drawn = others.draw(400 * len(others), np.random.default_rng(0))
    counts = sparse.coo_array((np.ones(len(drawn)), drawn.T), shape=(9, 9)).toarray()
    assert not counts[~free].any()
    assert abs(counts[free] - 400).max() < 100


def test_pairs_of_two_kinds_have_one_node_of_each():
    others = NonLinks(BETWEEN, Kinds(6, 3))
    expected = [[0, 5], [1, 4], [1, 5]]
    np.testing.assert_array_equal(np.unique(others.draw(200, np.random.default_rng(0)), axis=0), expected)


@pytest.mark.parametrize("first", range(9))
def test_drawn_pairs_keep_their_first_node(first):
    drawn = NonLinks(links_of(A), Kinds(9)).draw_for(np.full(300, first), np.random.default_rng(0))
    free = ~LINKED[first] & (np.arange(9) != first)
    assert (drawn[:, 0] == first).all()
    np.testing.assert_array_equal(np.unique(drawn[:, 1]), np.flatnonzero(free))


def test_of_a_node_that_is_linked_to_all_any_pair_is_drawn():
    drawn = NonLinks(BETWEEN, Kinds(6, 3)).draw_for(np.full(100, 2), np.random.default_rng(0))
    np.testing.assert_array_equal(np.unique(drawn, axis=0), [[0, 5], [1, 4], [1, 5]])
