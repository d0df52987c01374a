import numpy as np
import pytest
from scipy import sparse

from skneural.data import Graph, GraphNodes

FEATURES = np.arange(6.0).reshape(3, 2)


def test_edges_lead_both_ways_unless_they_are_directed():
    pairs, weights = [(0, 1), (2, 2)], [2.0, 3.0]
    both = Graph.from_edges(pairs, FEATURES, weights=weights)
    np.testing.assert_array_equal(both.adjacency.toarray(), [[0, 2, 0], [2, 0, 0], [0, 0, 3]])
    one = Graph.from_edges(pairs, FEATURES, weights=weights, directed=True)
    np.testing.assert_array_equal(one.adjacency.toarray(), [[0, 2, 0], [0, 0, 0], [0, 0, 3]])


def test_without_features_each_node_has_a_one_of_its_own():
    graph = Graph.from_edges([(0, 2)])
    np.testing.assert_array_equal(graph.features.toarray(), np.eye(3))
    assert graph.n_nodes == 3
    assert Graph.from_edges([], n_nodes=2).adjacency.nnz == 0


def test_features_of_edges_follow_the_order_of_the_edges():
    adjacency = sparse.coo_array(([1.0, 1.0, 0.0], ([2, 0, 1], [0, 1, 1])), shape=(3, 3))
    graph = Graph(FEATURES, adjacency, [[20.0], [1.0], [11.0]])
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 1, 0], [0, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(graph.edge_features, [[1], [20]])  # without that of an edge of weight zero


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((FEATURES[0], np.eye(3)), "must be .n_nodes, n_features"),
        ((FEATURES, np.eye(2)), "adjacency has 2 nodes, but features has 3 rows"),
        ((FEATURES, -np.eye(3)), "must not be negative"),
        ((FEATURES * np.nan, np.eye(3)), "NaN or infinity"),
        ((FEATURES, np.eye(3), [[1.0]]), "each of the 3 edges that adjacency stores"),
    ],
)
def test_what_is_no_graph_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Graph(*arguments)


def test_selected_nodes_keep_the_whole_graph():
    whole = GraphNodes(FEATURES, np.ones((3, 3)))
    part = whole[[2, 0]][np.array([False, True])]
    assert (len(part), part.n_nodes, part.shape) == (1, 3, (1, 2))
    np.testing.assert_array_equal(part.nodes, [0])
    assert len(whole[[]]) == 0
