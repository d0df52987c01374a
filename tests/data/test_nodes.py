import numpy as np
from scipy import sparse

from skneural.data import Nodes
from skneural.data.nodes import Sampling, WholeGraph
from tests.layers.small_graph import SOME, N, X


def test_sampled_neighbours():
    """So many of each node's, drawn anew for other nodes, and on average as loud as all of them."""
    dense = 1.0 - np.eye(N)
    graph = WholeGraph(X, sparse.csr_array(dense))
    hops = [Nodes(graph, np.arange(4), 1, Sampling([3], seed)).as_batch()[1].structure.hops[0] for seed in range(200)]
    assert all((np.diff(hop.edges.indptr) == 3).all() for hop in hops)
    heard = np.mean([Nodes(graph, np.arange(4), 1, Sampling([3], i)).as_batch()[0].shape[0] for i in range(20)])
    assert heard <= N
    totals = np.mean([hop.edges.sum(axis=1) for hop in hops], axis=0)
    np.testing.assert_allclose(totals, N - 1)
    one, again, other = (
        Nodes(graph, rows, 2, Sampling([3, 2], 0)).as_batch()[1].structure
        for rows in (np.arange(4), np.arange(4), np.arange(1, 5))
    )
    np.testing.assert_array_equal(one.hops[1].edges.toarray(), again.hops[1].edges.toarray())
    assert not np.array_equal(one.sources, other.sources)
    enough = Nodes(graph, SOME, 2, Sampling([N, N], 0)).as_batch()[1].structure
    assert all(not hop.edges.data.size or (hop.edges.data == 1).all() for hop in enough.hops)
