"""Graph convolutions and the ops under them against loops over nodes and their neighbours, forward and backward."""

import numpy as np
import pytest

from skneural.layers import GATConvolution, GCNConvolution, GINConvolution, SAGEConvolution
from skneural.ops.graph import edge_softmax, pair_products, pool_segments, weighted_aggregate
from skneural.parameters import Layout
from skneural.testing import check_vjp
from tests.layers.cases import numbers
from tests.layers.small_graph import DEGREE_ZERO, EDGE_FEATURES, A, N, X, context_of, nodes, started

narrow_or_wide = pytest.mark.parametrize("width", [2, 7])
with_and_without_edge_features = pytest.mark.parametrize(
    "edge_features", [None, EDGE_FEATURES], ids=["", "edge features"]
)
LOOPS = A + np.diag(A.diagonal() == 0)  # each node is a neighbour of itself, once


def neighbours(i):
    return np.flatnonzero(A[i])


def features_by_edge(edge_features):
    edges = map(tuple, np.argwhere(A > 0))
    return dict(zip(edges, edge_features, strict=True))


def check_layer_of_nodes(layer, textbook, edge_features=None):
    """Compare y, dx and all gradients; `textbook(p, dy, features)` returns y, dx, and the gradients by name."""
    p, context = started(layer), context_of(nodes(edge_features=edge_features), np.random.default_rng(0))
    y, backward = layer.forward(p, X, context)
    dy = numbers(*y.shape, seed=5)
    layout = Layout(layer.parameters())
    gradient = layout.views(np.full(layout.size, np.nan))
    dx = backward(dy, gradient)
    expected_y, expected_dx, expected = textbook(
        p, dy, None if edge_features is None else features_by_edge(edge_features)
    )
    np.testing.assert_allclose(y, expected_y, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dx, expected_dx, rtol=1e-9, atol=1e-12)
    assert gradient.keys() == expected.keys()
    for name, array in gradient.items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-9, atol=1e-12, err_msg=name)


def textbook_gcn(p, dy, _):
    """Kipf and Welling (2017)."""
    degree = LOOPS.sum(axis=1)
    y, dx, d_weight = np.zeros_like(dy), np.zeros_like(X), np.zeros_like(p["weight"])
    for i in range(N):
        for j in np.flatnonzero(LOOPS[i]):
            share = LOOPS[i, j] / np.sqrt(degree[i] * degree[j])
            y[i] += share * X[j] @ p["weight"]
            dx[j] += share * p["weight"] @ dy[i]
            d_weight += share * np.outer(X[j], dy[i])
    return y + p["bias"], dx, {"weight": d_weight, "bias": dy.sum(axis=0)}


@narrow_or_wide
def test_gcn_follows_its_equation(width):
    check_layer_of_nodes(GCNConvolution(4, width), textbook_gcn)


def textbook_sage(p, dy, _):
    """Hamilton et al. (2017), with the mean of the neighbours, weighted by their edges."""
    y, dx, d_weight = X @ p["self_weight"] + p["bias"], dy @ p["self_weight"].T, np.zeros_like(p["weight"])
    for i in range(N):
        for j in neighbours(i):
            share = A[i, j] / A[i].sum()
            y[i] += share * X[j] @ p["weight"]
            dx[j] += share * p["weight"] @ dy[i]
            d_weight += share * np.outer(X[j], dy[i])
    return y, dx, {"weight": d_weight, "bias": dy.sum(axis=0), "self_weight": X.T @ dy}


@narrow_or_wide
def test_sage_follows_its_equation(width):
    check_layer_of_nodes(SAGEConvolution(4, width), textbook_sage)


def test_in_sage_a_node_without_neighbours_is_alone():
    layer = SAGEConvolution(4, 3)
    p = started(layer)
    alone = X[DEGREE_ZERO] @ p["self_weight"] + p["bias"]
    np.testing.assert_allclose(layer.predict(p, X, context_of(nodes()))[DEGREE_ZERO], alone)


def textbook_gin(p, dy, features):
    """Xu et al. (2019); with features of edges, Hu et al. (2020)."""
    total, d_total = X.copy(), dy @ p["weight"].T
    dx, gradient = d_total.copy(), {"weight": None, "bias": dy.sum(axis=0)}
    if features is not None:
        gradient |= {"edge_weight": np.zeros_like(p["edge_weight"]), "edge_bias": np.zeros(4)}
    for i in range(N):
        for j in neighbours(i):
            message, slope = X[j], 1.0
            if features is not None:
                message = X[j] + features[i, j] @ p["edge_weight"] + p["edge_bias"]
                slope, message = message > 0, np.maximum(message, 0)
            total[i] += A[i, j] * message
            d_message = A[i, j] * d_total[i] * slope
            dx[j] += d_message
            if features is not None:
                gradient["edge_weight"] += np.outer(features[i, j], d_message)
                gradient["edge_bias"] += d_message
    gradient["weight"] = total.T @ dy
    return total @ p["weight"] + p["bias"], dx, gradient


@with_and_without_edge_features
def test_gin_follows_its_equation(edge_features):
    layer = GINConvolution(4, 3, n_edge_features=0 if edge_features is None else 2)
    check_layer_of_nodes(layer, textbook_gin, edge_features)


def textbook_gat(p, dy, features):
    """Velickovic et al. (2018), with two heads; the logarithm of the weight of an edge is added to its score."""
    h = (X @ p["weight"]).reshape(N, 2, 3)
    y, d_h, dy = np.empty_like(h), np.zeros_like(h), dy.reshape(N, 2, 3)
    gradient = {name: np.zeros_like(p[name]) for name in p} | {"bias": dy.sum(axis=0).ravel()}
    nothing = np.zeros(2)
    for i in range(N):
        for head in range(2):
            sources = np.flatnonzero(LOOPS[i])
            scores = h[sources, head] @ p["source"][head] + h[i, head] @ p["target"][head]
            if features is not None:
                of_edges = np.array([features.get((i, j), nothing) for j in sources])
                scores += of_edges @ p["edge"][:, head]
            shares = LOOPS[i, sources] * np.exp(np.where(scores > 0, scores, 0.2 * scores))
            shares /= shares.sum()
            y[i, head] = shares @ h[sources, head]
            d_shares = h[sources, head] @ dy[i, head]
            d_scores = shares * (d_shares - shares @ d_shares) * np.where(scores > 0, 1, 0.2)
            d_h[sources, head] += np.outer(shares, dy[i, head]) + np.outer(d_scores, p["source"][head])
            d_h[i, head] += d_scores.sum() * p["target"][head]
            gradient["source"][head] += d_scores @ h[sources, head]
            gradient["target"][head] += d_scores.sum() * h[i, head]
            if features is not None:
                gradient["edge"][:, head] += d_scores @ of_edges
    gradient["weight"] = X.T @ d_h.reshape(N, 6)
    return y.reshape(N, 6) + p["bias"], d_h.reshape(N, 6) @ p["weight"].T, gradient


@with_and_without_edge_features
def test_gat_follows_its_equation(edge_features):
    layer = GATConvolution(4, 3, 2, n_edge_features=0 if edge_features is None else 2)
    check_layer_of_nodes(layer, textbook_gat, edge_features)


def test_shares_of_the_edges_of_each_target_are_a_softmax():
    scores, ends = numbers(6), np.array([0, 1, 4, 6])
    shares, _ = edge_softmax(scores, ends)
    for part in np.split(np.arange(6), ends[1:-1]):
        np.testing.assert_allclose(shares[part], np.exp(scores[part]) / np.exp(scores[part]).sum(), rtol=1e-12)


def test_attention_is_a_weighted_sum_over_edges(monkeypatch):
    shares, x, sources, ends = numbers(6), numbers(4, 3), np.array([2, 0, 1, 3, 3, 0]), np.array([0, 1, 4, 6])
    y, vjp = weighted_aggregate(shares, x, sources, ends)
    targets = np.repeat(np.arange(3), np.diff(ends))
    expected = np.zeros((3, 3))
    np.add.at(expected, targets, shares[:, np.newaxis] * x[sources])
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    monkeypatch.setattr("skneural.ops.graph.EDGES_AT_ONCE", 4)
    dy, expected_dx = numbers(3, 3, seed=1), np.zeros((4, 3))
    np.add.at(expected_dx, sources, shares[:, np.newaxis] * dy[targets])
    d_shares, dx = vjp(dy)
    np.testing.assert_allclose(d_shares, (dy[targets] * x[sources]).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(dx, expected_dx, rtol=1e-12)


@pytest.mark.parametrize(("pooling", "function"), [("sum", np.sum), ("mean", np.mean), ("max", np.max)])
def test_pooling_of_segments(pooling, function):
    lengths = np.array([3, 1, 5])
    expected = [function(part, axis=0) for part in np.split(X, [3, 4])]
    np.testing.assert_allclose(pool_segments(X, lengths, pooling)[0], expected)


def test_maxima_of_segments_that_are_not_numbers_are_none():
    """A training that diverges must get as far as its loss."""
    x = np.array([[1.0, np.nan], [2.0, 3.0], [np.nan, 4.0]])
    y, vjp = pool_segments(x, np.array([2, 1]), "max")
    np.testing.assert_array_equal(y, [[2, np.nan], [np.nan, 4]])
    np.testing.assert_array_equal(vjp(np.array([[5.0, 6.0], [7.0, 8.0]])), [[0, 6], [5, 0], [7, 8]])


def test_products_of_the_nodes_of_pairs(monkeypatch):
    pairs = np.array([[0, 3], [3, 0], [2, 2], [0, 3], [8, 1]])
    expected = [X[i] @ X[j] for i, j in pairs]
    np.testing.assert_allclose(pair_products(X, pairs)[0], expected, rtol=1e-12)
    check_vjp(lambda x: pair_products(x, pairs), [X], [])
    monkeypatch.setattr("skneural.ops.graph.EDGES_AT_ONCE", 2)
    np.testing.assert_allclose(pair_products(X, pairs)[0], expected, rtol=1e-12)
