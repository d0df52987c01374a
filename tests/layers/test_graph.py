"""Convolutions over edges, against their formulas; fields of some nodes, against the whole graph."""

import numpy as np
import pytest
from scipy import sparse

from skneural.data import Graph, Graphs, Nodes, ScoredPairs
from skneural.data.nodes import WholeGraph
from skneural.layers import (
    Activation,
    Chain,
    Dense,
    GATConvolution,
    GCNConvolution,
    GINConvolution,
    GraphPooling,
    LightConvolutions,
    PairScores,
    SAGEConvolution,
    SelectNodes,
)
from skneural.testing import check_gradients
from tests.layers.cases import numbers
from tests.layers.small_graph import EDGE_FEATURES, SOME, A, N, X, context_of, nodes, started

CONVOLUTIONS = {
    "gcn": lambda n_in, n_out, hop, d: GCNConvolution(n_in, n_out, hop),
    "sage": lambda n_in, n_out, hop, d: SAGEConvolution(n_in, n_out, hop),
    "gin": lambda n_in, n_out, hop, d: GINConvolution(n_in, n_out, hop, n_edge_features=d),
    "gat": lambda n_in, n_out, hop, d: GATConvolution(n_in, n_out, 1, hop, n_edge_features=d),
    "gat of three heads": lambda n_in, n_out, hop, d: Chain(
        GATConvolution(n_in, n_out, 3, hop, 0.3, d), Dense(3 * n_out, n_out)
    ),
}
every_convolution = pytest.mark.parametrize("make", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
narrow_or_wide = pytest.mark.parametrize("width", [2, 7])


def network(make, width, n_edge_features=0):
    """Two convolutions and the nodes that are asked for."""
    layers = make(4, width, 0, n_edge_features), Activation("tanh"), make(width, 3, 1, n_edge_features), SelectNodes()
    return Chain(*layers)


@every_convolution
@narrow_or_wide
@pytest.mark.parametrize("rows", [None, SOME], ids=["all", "some"])
@pytest.mark.parametrize("edge_features", [None, EDGE_FEATURES], ids=["", "edge features"])
def test_gradients(make, width, rows, edge_features):
    container = nodes(rows, 2, edge_features)
    layer = network(make, width, 0 if edge_features is None else 2)
    check_gradients(layer, container.as_batch()[0], context_of(container, np.random.default_rng(0)))


@every_convolution
@narrow_or_wide
@pytest.mark.parametrize("edge_features", [None, EDGE_FEATURES], ids=["", "edge features"])
def test_some_nodes_are_computed_as_among_all(make, width, edge_features):
    layer = network(make, width, 0 if edge_features is None else 2)
    p = started(layer)
    whole, some = nodes(None, 2, edge_features), nodes(SOME, 2, edge_features)
    expected = layer.predict(p, whole.as_batch()[0], context_of(whole))[SOME]
    x = some.as_batch()[0]
    np.testing.assert_allclose(layer.predict(p, x, context_of(some)), expected, atol=1e-12)
    assert len(x) < N


@every_convolution
@narrow_or_wide
def test_renumbering_nodes_renumbers_what_they_get(make, width):
    layer, order = network(make, width), np.random.default_rng(1).permutation(N)
    p = started(layer)
    renumbered = Nodes(WholeGraph(X[order], sparse.csr_array(A[order][:, order])), np.arange(N), 2)
    expected = layer.predict(p, X, context_of(nodes(None, 2)))[order]
    np.testing.assert_allclose(layer.predict(p, X[order], context_of(renumbered)), expected, atol=1e-12)


@every_convolution
@narrow_or_wide
def test_sparse_features_give_what_dense_ones_give(make, width):
    layer = make(4, width, 0, 0)
    few = np.where(X > 0, X, 0)
    p, context = started(layer), context_of(nodes())
    np.testing.assert_allclose(layer.predict(p, sparse.csr_array(few), context), layer.predict(p, few, context))


def test_gcn_over_the_identity_is_a_dense_layer():
    identity = Nodes(WholeGraph(X, sparse.eye_array(N, format="csr")), np.arange(N), 1)
    layer, dense = GCNConvolution(4, 3), Dense(4, 3)
    p = started(layer)
    np.testing.assert_allclose(layer.predict(p, X, context_of(identity)), dense.predict(p, X))


@every_convolution
@narrow_or_wide
def test_graphs_in_one_batch_do_not_hear_each_other(make, width):
    layer = Chain(make(4, width, 0, 0), GraphPooling("max"))
    p = started(layer)
    graphs = [Graph(numbers(n, 4, seed=n), np.triu(np.ones((n, n)), 1)) for n in (3, 1, 5)]
    together, context = Graphs.of(graphs, np.float64), None
    context = context_of(together)
    found = layer.predict(p, together.as_batch()[0], context)
    for graph, row in zip(graphs, found, strict=True):
        alone = Graphs.of([graph], np.float64)
        np.testing.assert_allclose(layer.predict(p, alone.as_batch()[0], context_of(alone))[0], row)


def pairs_of_nodes(rows, n_hops=2):
    return ScoredPairs(WholeGraph(X, sparse.csr_array(A)), rows, n_hops, np.zeros(len(rows), bool))


SOME_PAIRS = np.array([[7, 2], [2, 7], [4, 4], [7, 2]])


@pytest.mark.parametrize(
    "encoder",
    [(LightConvolutions(2),), (GCNConvolution(4, 5), Activation("tanh"), GCNConvolution(5, 3, 1))],
    ids=["light", "gcn"],
)
def test_gradients_of_scores_of_pairs(encoder):
    container = pairs_of_nodes(SOME_PAIRS)
    check_gradients(Chain(*encoder, PairScores()), container.as_batch()[0], context_of(container))


def test_scores_of_pairs_are_inner_products_of_their_nodes():
    layer = Chain(convolutions=LightConvolutions(2), output=PairScores())
    p = started(layer)
    whole, some = nodes(None, 2), pairs_of_nodes(SOME_PAIRS)
    embedding = LightConvolutions(2).predict({}, X, context_of(whole))
    expected = (embedding @ embedding.T)[tuple(SOME_PAIRS.T)] + p["output"]["bias"]
    x = some.as_batch()[0]
    np.testing.assert_allclose(layer.predict(p, x, context_of(some))[:, 0], expected, atol=1e-12)


def test_light_convolutions_are_the_mean_over_powers_of_the_normalized_adjacency():
    edges = np.triu(np.random.default_rng(0).random((N, N)) < 0.5, 1).astype(float)
    edges += edges.T
    edges[:, 0] = edges[0] = 0  # a node without neighbours
    degrees = np.maximum(edges.sum(axis=1), 1)
    normalized = edges / np.sqrt(np.outer(degrees, degrees))
    container = Nodes(WholeGraph(X, sparse.csr_array(edges)), np.arange(N), 2)
    expected = (X + normalized @ X + normalized @ normalized @ X) / 3
    np.testing.assert_allclose(LightConvolutions(2).predict({}, X, context_of(container)), expected, atol=1e-12)
