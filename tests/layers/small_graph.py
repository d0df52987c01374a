"""A small graph with weighted edges, and layers over its nodes."""

import numpy as np
from scipy import sparse

from skneural.data import BatchInfo, Nodes
from skneural.data.nodes import WholeGraph
from skneural.layers import Context
from skneural.parameters import Layout
from tests.layers.cases import numbers

N = 9
X = numbers(N, 4)
DEGREE_ZERO = 2
SOME = np.array([7, 2, 4, 7])


def adjacency():
    """Directed edges with weights; a node that hears nobody, and one that hears itself."""
    rng = np.random.default_rng(0)
    dense = rng.uniform(0.5, 2, (N, N)) * (rng.random((N, N)) < 0.3)
    np.fill_diagonal(dense, 0)
    dense[DEGREE_ZERO], dense[4, 4] = 0, 0.7
    return dense


A = adjacency()
EDGE_FEATURES = numbers(int((A > 0).sum()), 2, seed=1)


def nodes(rows=None, n_hops=1, edge_features=None, sampling=None):
    graph = WholeGraph(X, sparse.csr_array(A), edge_features)
    return Nodes(graph, np.arange(N) if rows is None else rows, n_hops, sampling)


def context_of(container, rng=None):
    known = container.as_batch()[1]
    return Context(rng, BatchInfo(lengths=known.lengths, structure=known.structure))


def started(layer, seed=0):
    layout = Layout(layer.parameters())
    vector = layout.initial(np.random.default_rng(seed), np.float64).vector
    return layout.views(vector + 0.1 * np.random.default_rng(seed).standard_normal(layout.size), np.empty(0))
