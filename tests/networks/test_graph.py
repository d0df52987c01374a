import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import Context, GATConvolution
from skneural.layers.traversal import find
from skneural.networks.graph import CONVOLUTIONS, GRAPH_POOLINGS
from tests.layers.small_graph import SOME, N, X, context_of, nodes
from tests.networks.cases import started
from tests.networks.defaults import graph_node_network, whole_graph_network

each_convolution = pytest.mark.parametrize("convolution", CONVOLUTIONS)


@each_convolution
def test_some_nodes_are_scored_as_among_all(convolution):
    network = graph_node_network(4, 3, (6,), convolution, n_heads=2)
    tree = started(network)
    whole, some = nodes(None, 2), nodes(SOME, 2)
    expected = network.predict(tree, whole.as_batch()[0], context_of(whole))
    assert expected.shape == (N, 3)
    found = network.predict(tree, some.as_batch()[0], context_of(some))
    np.testing.assert_allclose(found, expected[SOME], rtol=1e-9, atol=1e-12)


@each_convolution
@pytest.mark.parametrize("pooling", GRAPH_POOLINGS)
def test_graphs_have_one_row_each(convolution, pooling):
    network = whole_graph_network(4, 3, (6, 6), convolution, 2, pooling)
    tree = started(network)
    y = network.predict(tree, X, Context(batch=BatchInfo(lengths=np.array([4, 2, 3]))))
    assert y.shape == (3, 3)
    alone = network.predict(tree, X[4:6], Context(batch=BatchInfo(lengths=np.array([2]))))
    np.testing.assert_allclose(alone, y[1:2], rtol=1e-9, atol=1e-12)


def test_the_last_convolution_of_nodes_has_a_single_head():
    network = graph_node_network(4, 3, (6, 5), "gat", n_heads=2)
    heads = [layer.n_heads for layer, _ in find(network, started(network), GATConvolution)]
    assert heads == [2, 2, 1]


def test_heads_of_networks_for_graphs_divide_the_units():
    network = whole_graph_network(4, 3, (6,), "gat", n_heads=2)
    ((layer, _),) = find(network, started(network), GATConvolution)
    assert (layer.n_heads, layer.size) == (2, 3)
