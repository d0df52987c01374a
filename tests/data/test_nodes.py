import numpy as np
from scipy import sparse

from skneural.data import Nodes
from skneural.data.nodes import NeighborSampling, WholeGraph
from tests.layers.small_graph import SOME, N, X


def test_sampled_neighbours():
    """So many of each node's, drawn anew for other nodes, and on average as loud as all of them."""
    dense = 1.0 - np.eye(N)
    graph = WholeGraph(X, sparse.csr_array(dense))
    blocks = [
        Nodes(graph, np.arange(4), 1, NeighborSampling([3], seed)).as_batch()[1].structure.blocks[0]
        for seed in range(200)
    ]
    assert all((np.diff(block.edges.indptr) == 3).all() for block in blocks)
    heard = np.mean([Nodes(graph, np.arange(4), 1, NeighborSampling([3], i)).as_batch()[0].shape[0] for i in range(20)])
    assert heard <= N
    totals = np.mean([block.edges.sum(axis=1) for block in blocks], axis=0)
    np.testing.assert_allclose(totals, N - 1)
    one, again, other = (
        Nodes(graph, rows, 2, NeighborSampling([3, 2], 0)).as_batch()[1].structure
        for rows in (np.arange(4), np.arange(4), np.arange(1, 5))
    )
    np.testing.assert_array_equal(one.blocks[1].edges.toarray(), again.blocks[1].edges.toarray())
    assert not np.array_equal(one.input_nodes, other.input_nodes)
    enough = Nodes(graph, SOME, 2, NeighborSampling([N, N], 0)).as_batch()[1].structure
    assert all(not block.edges.data.size or (block.edges.data == 1).all() for block in enough.blocks)
