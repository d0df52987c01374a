import numpy as np

from skneural.data import Graph, Graphs

RNG = np.random.default_rng(0)
GRAPHS = [
    Graph(RNG.standard_normal((n, 2)), matrix, np.arange(matrix.sum())[:, np.newaxis])
    for n, matrix in ((n, (RNG.random((n, n)) < 0.5).astype(float)) for n in (3, 1, 4))
]


def test_graphs_become_one_without_edges_between_them():
    together = Graphs.of(GRAPHS, np.float32)
    np.testing.assert_array_equal(together.lengths, [3, 1, 4])
    expected = np.zeros((8, 8))
    for graph, start in zip(GRAPHS, (0, 3, 4), strict=True):
        nodes = slice(start, start + graph.n_nodes)
        expected[nodes, nodes] = graph.adjacency.toarray()
        np.testing.assert_array_equal(together.features[nodes], graph.features.astype(np.float32))
    np.testing.assert_array_equal(together.adjacency.toarray(), expected)


def test_some_graphs_are_those_graphs():
    part, expected = Graphs.of(GRAPHS, np.float64)[np.array([2, 0])], Graphs.of([GRAPHS[2], GRAPHS[0]], np.float64)
    np.testing.assert_array_equal(part.adjacency.toarray(), expected.adjacency.toarray())
    np.testing.assert_array_equal(part.edge_features, expected.edge_features)
    np.testing.assert_array_equal(part.features, expected.features)
