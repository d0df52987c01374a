import numpy as np

from skneural.estimators.kan.pruning import kept_edges, kept_names, kept_units, pruned_edges
from skneural.layers import SplineEdges
from skneural.networks.kan import edges_of, input_scaling
from tests.networks.cases import started
from tests.networks.defaults import kan_network

X = np.random.default_rng(0).standard_normal((20, 3))


def test_edges_stay_by_importance_by_name_or_on_the_best_path_to_an_output():
    first = np.array([[0.9, 0.1], [0.0, 0.2], [0.05, 0.0]])
    last = np.array([[0.05, 0.0], [0.1, 0.02]])
    kept = kept_edges([first, last], 0.5, [((2, 0, "sin"),), ()])
    np.testing.assert_array_equal(kept[0], [[True, False], [False, True], [True, False]])
    np.testing.assert_array_equal(kept[1], [[False, False], [True, True]])


def test_units_without_a_way_in_or_out_lose_their_edges():
    kept = [np.array([[True, True], [False, True]]), np.array([[True], [False]])]
    units = kept_units(kept)
    np.testing.assert_array_equal(kept[0], [[True, False], [False, False]])
    assert [list(numbers) for numbers in units] == [[0, 1], [0], [0]]


def test_named_edges_are_counted_among_the_units_that_stay():
    layer = SplineEdges(3, 2, 5, named=((0, 1, "sin"), (2, 1, "x^2"), (2, 0, "tanh")))
    assert kept_names(layer, np.array([0, 2]), np.array([1])) == [(0, 0, 0), (1, 1, 0)]


def test_a_pruned_network_computes_what_was_left():
    network = kan_network(3, 2, hidden_layer_sizes=(4,))
    tree = started(network)
    kept = [np.zeros((3, 4), bool), np.zeros((4, 2), bool)]
    kept[0][[0, 2], [1, 3]] = kept[1][[1, 3, 3], [0, 0, 1]] = True
    smaller = kan_network(3, 2, hidden_layer_sizes=(2,))
    smaller_tree = started(smaller)
    input_scaling(smaller_tree).update(input_scaling(tree))
    smaller.output_bias(smaller_tree)[...] = network.output_bias(tree)
    edges = edges_of(network, tree)
    for (_, p), parameters in zip(
        edges_of(smaller, smaller_tree), pruned_edges(edges, kept, kept_units(kept)), strict=True
    ):
        p.update(parameters)
    for (_, p), stays in zip(edges, kept, strict=True):
        p["present"] *= stays
    np.testing.assert_allclose(smaller.predict(smaller_tree, X), network.predict(tree, X), rtol=1e-10, atol=1e-12)
