import numpy as np
import pytest
from scipy import sparse

from skneural.data import Nodes, Targets
from skneural.data.message_blocks import MessageBlock
from skneural.data.nodes import NeighborSampling, WholeGraph
from tests.layers.small_graph import SOME, N, X


def sampled(graph, nodes, sizes, seed):
    """The subgraph of one draw."""
    nodes = Nodes(graph, nodes, len(sizes), NeighborSampling(sizes))
    return nodes.resample(np.random.default_rng(seed), Targets(np.zeros(len(nodes))))[0].as_batch()[1].structure


def test_as_many_neighbours_are_drawn_as_were_asked_for():
    graph = WholeGraph(X, sparse.csr_array(1.0 - np.eye(N)))
    for seed in range(5):
        (block,) = sampled(graph, np.arange(4), [3], seed).blocks
        assert (np.diff(block.edges.indptr) == 3).all()
    one, again, other = (sampled(graph, np.arange(4), [3, 2], seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.blocks[1].edges.toarray(), again.blocks[1].edges.toarray())
    assert not np.array_equal(one.blocks[1].edges.toarray(), other.blocks[1].edges.toarray())
    enough = sampled(graph, SOME, [N, N], 0)
    assert all((block.edges.data == 1).all() for block in enough.blocks)


@pytest.mark.parametrize("loops", ["none", "some", "all"])
@pytest.mark.parametrize("kind", ["edges", "normalized", "plus_identity", "mean"])
def test_sampled_neighbours_have_on_average_the_influence_of_all(loops, kind):
    """A self-loop is neither sampled away, as then another one would be added, nor weighed like several edges."""
    loop = {"none": 0.0, "some": np.arange(N) % 2, "all": 1.0}[loops]
    dense = np.ones((N, N))
    np.fill_diagonal(dense, loop)
    graph, nodes = WholeGraph(X, sparse.csr_array(dense)), np.arange(4)
    total = np.zeros((4, N))
    for seed in range(300):
        subgraph = sampled(graph, nodes, [3], seed)
        total[:, subgraph.input_nodes] += getattr(subgraph.blocks[0], kind).toarray()
    expected = getattr(MessageBlock.of_graph(sparse.csr_array(dense)), kind).toarray()[:4]
    np.testing.assert_allclose(np.diagonal(total) / 300, np.diagonal(expected), rtol=1e-10)
    np.testing.assert_allclose(total.sum(axis=1) / 300, expected.sum(axis=1), rtol=1e-10)
    np.testing.assert_allclose(total / 300, expected, atol=0.3 * expected.max())


def test_all_neighbours_are_used_until_some_are_drawn():
    graph = WholeGraph(X, sparse.csr_array(1.0 - np.eye(N)))
    everything = Nodes(graph, SOME, 1).as_batch()[1].structure
    undrawn = Nodes(graph, SOME, 1, NeighborSampling([2])).as_batch()[1].structure
    np.testing.assert_array_equal(undrawn.blocks[0].edges.toarray(), everything.blocks[0].edges.toarray())


@pytest.mark.parametrize("n_pairs", [0, 1, 5, 40])
def test_edges_between_pairs_are_removed_in_both_directions(n_pairs):
    rng = np.random.default_rng(0)
    edges = (rng.random((9, 9)) < 0.4) * rng.uniform(0.5, 2, (9, 9))
    of_edges = np.arange(2.0 * np.count_nonzero(edges)).reshape(-1, 2)
    graph = WholeGraph(np.eye(9), sparse.csr_array(edges), of_edges)
    pairs = rng.integers(0, 9, (n_pairs, 2))
    less = graph.without_links(pairs)
    kept = edges.copy()
    kept[pairs[:, 0], pairs[:, 1]] = kept[pairs[:, 1], pairs[:, 0]] = 0
    np.testing.assert_array_equal(less.adjacency.toarray(), kept)
    np.testing.assert_array_equal(less.edge_features, of_edges[kept[edges > 0] > 0])
    np.testing.assert_array_equal(less.degrees, WholeGraph(np.eye(9), sparse.csr_array(kept)).degrees)
