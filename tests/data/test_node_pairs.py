"""Pairs of nodes as users pass them."""

import pickle
import re

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from skneural import GraphNodes, NodePairs
from skneural.data.links import are_linked

RNG = np.random.default_rng(0)
RING = GraphNodes.from_edges([(i, (i + 1) % 8) for i in range(8)])
FILMS = GraphNodes.bipartite([[1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]])


def test_links_are_listed_once():
    assert NodePairs.links(RING).pairs.tolist() == [[0, 1], [0, 7], [1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7]]
    assert NodePairs.links(FILMS).pairs.tolist() == [[0, 0], [0, 2], [1, 1], [1, 2], [2, 3]]


def test_links_between_some_nodes():
    assert NodePairs.links(RING[[2, 3, 4, 7]]).pairs.tolist() == [[2, 3], [3, 4]]


@pytest.mark.parametrize("graph", [RING, FILMS], ids=["ring", "films"])
def test_as_many_pairs_without_a_link_are_sampled(graph):
    X, y = NodePairs.sample(graph, n_negatives=2, random_state=0)
    np.testing.assert_array_equal(are_linked(graph.adjacency, X.nodes), y == 1)
    assert (y == 0).sum() == 2 * (y == 1).sum() == 2 * len(NodePairs.links(graph))
    again = NodePairs.sample(graph, n_negatives=2, random_state=0)[0]
    np.testing.assert_array_equal(again.pairs, X.pairs)


def test_sampled_pairs_of_two_kinds_have_the_same_row():
    X, y = NodePairs.sample(FILMS, random_state=0)
    np.testing.assert_array_equal(X.pairs[y == 0, 0], X.pairs[y == 1, 0])


def test_they_are_split_like_arrays():
    X, y = NodePairs.sample(RING, random_state=0)
    train, test, y_train, _ = train_test_split(X, y, stratify=y, random_state=0)
    assert len(train) == len(y_train) == 12
    assert test.shape == (4, 2)
    joined = np.concatenate([train.pairs, test.pairs])
    np.testing.assert_array_equal(np.unique(joined, axis=0), np.unique(X.pairs, axis=0))
    assert X[3].pairs.shape == (1, 2)
    assert len(X[[]]) == 0
    restored = pickle.loads(pickle.dumps(test))
    np.testing.assert_array_equal(restored.nodes, test.nodes)


def test_edges_of_other_pairs_are_not_for_training():
    X = NodePairs.links(RING)
    some = X[:3].for_training()
    np.testing.assert_array_equal(some.known_links, X.pairs[:3])
    assert len(X.known_links) == 0
    np.testing.assert_array_equal(X.for_training().known_links, X.pairs)
    np.testing.assert_array_equal(X.for_training().hiding(X.pairs[2:]).known_links, X.pairs[:2])


def test_two_kinds_have_edges_between_them_only():
    dense = FILMS.adjacency.toarray()
    np.testing.assert_array_equal(dense, dense.T)
    assert not dense[:3, :3].any()
    assert not dense[3:, 3:].any()
    assert FILMS[:2].n_rows == 3


def test_features_of_two_kinds_are_apart():
    graph = GraphNodes.bipartite(np.eye(3, 2), row_features=np.ones((3, 2)), column_features=2 * np.ones((2, 1)))
    np.testing.assert_array_equal(graph.features.toarray(), [[1, 1, 0]] * 3 + [[0, 0, 2]] * 2)
    assert FILMS.features.dtype == np.float32


MISTAKES = {
    "no graph": (lambda: NodePairs(np.eye(3), [[0, 1]]), TypeError, "of type ndarray; it must be GraphNodes"),
    "no pairs": (lambda: NodePairs(RING, [0, 1]), ValueError, "pairs has shape (2,)"),
    "floats": (lambda: NodePairs(RING, [[0.0, 1.0]]), ValueError, "dtype float64; expected pairs of node numbers"),
    "node": (lambda: NodePairs(RING, [[0, 1], [3, 8]]), ValueError, "pairs[1] has the node 8, but there are 8 nodes,"),
    "column": (lambda: NodePairs(FILMS, [[0, 4]]), ValueError, "node 4, but there are 4 nodes in columns"),
    "features": (
        lambda: GraphNodes.bipartite(np.eye(3), row_features=np.ones((2, 1))),
        ValueError,
        "row_features has 2 rows, but links has 3 nodes of this kind",
    ),
    "array": (lambda: np.asarray(NodePairs.links(RING)), TypeError, "take X.pairs"),
    "complete": (
        lambda: NodePairs.sample(GraphNodes.from_edges([(0, 1)])),
        ValueError,
        "All pairs of nodes are linked",
    ),
}


@pytest.mark.parametrize(("call", "kind", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_answered(call, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        call()
