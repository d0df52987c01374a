"""Drawings of graphs."""

import numpy as np
import pytest

from skneural import GNNNodeClassifier, GNNNodeRegressor, Graph, GraphNodes
from skneural.inspection import GraphDisplay
from skneural.inspection.graphs import graph_layout

pyplot = pytest.importorskip("matplotlib.pyplot")
GRAPH = Graph.from_edges([(0, 1), (1, 2), (2, 0), (2, 3), (3, 4)])


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


def test_each_class_has_its_colour_and_each_edge_its_line():
    ax = GraphDisplay(graph=GRAPH, values=["a", "a", "a", "b", "b"], labels="01234").plot().ax_
    lines, *nodes = ax.collections
    assert len(lines.get_segments()) == GRAPH.adjacency.nnz
    assert [len(part.get_offsets()) for part in nodes] == [3, 2]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert [text.get_text() for text in ax.texts] == list("01234")


def test_numbers_are_coloured_along_a_bar():
    positions = np.arange(10.0).reshape(5, 2)
    ax = GraphDisplay(graph=GRAPH, values=np.linspace(0, 1, 5), positions=positions).plot().ax_
    np.testing.assert_array_equal(ax.collections[1].get_array(), np.linspace(0, 1, 5))
    np.testing.assert_array_equal(ax.collections[1].get_offsets(), positions)
    assert len(ax.figure.axes) == 2


def test_a_part_of_the_nodes_still_draws_the_graph():
    nodes = GraphNodes.from_edges([(0, 1), (1, 2)])[[0]]
    _, axes = pyplot.subplots()
    assert GraphDisplay(graph=nodes).plot(axes).ax_ is axes
    assert len(axes.collections[1].get_offsets()) == 3


def test_neighbours_stand_nearer():
    cliques = np.kron(np.eye(2), 1 - np.eye(6))
    place = graph_layout(Graph(np.eye(12), cliques).adjacency, 0)
    distance = np.sqrt(((place - place[:, np.newaxis]) ** 2).sum(axis=2))
    assert distance[cliques > 0].mean() < distance[cliques == 0].mean()
    assert distance[~np.eye(12, dtype=bool)].min() > 0.01


def test_an_edge_attracts_both_of_its_nodes_whatever_its_direction_and_weight():
    adjacency = GRAPH.adjacency.toarray()
    expected = graph_layout(GRAPH.adjacency, 0)
    for directed in (np.triu(adjacency), np.tril(adjacency), 7 * adjacency):
        np.testing.assert_allclose(graph_layout(Graph(np.eye(5), directed).adjacency, 0), expected)


@pytest.mark.parametrize("arguments", [{"values": [1, 2]}, {"positions": np.ones((5, 3))}])
def test_a_value_for_each_node(arguments):
    with pytest.raises(ValueError, match="Each of the 5 nodes"):
        GraphDisplay(graph=GRAPH, **arguments).plot()


def test_predictions_of_all_nodes_are_drawn():
    nodes = GraphNodes.from_edges([(0, 1), (1, 2), (2, 0), (2, 3), (3, 4)])
    options = {"hidden_layer_sizes": 4, "max_iter": 2, "random_state": 0}
    model = GNNNodeClassifier(**options).fit(nodes, ["a", "b", "a", "b", "c"])
    display = GraphDisplay.from_estimator(model, nodes[[0, 2]])
    np.testing.assert_array_equal(display.values, model.predict(nodes))
    display = GraphDisplay.from_estimator(model, nodes, target="b")
    np.testing.assert_allclose(display.values, model.predict_proba(nodes)[:, 1])
    assert display.figure_.axes[1].get_ylabel() == "probability of b"
    with pytest.raises(ValueError, match=r"target='d' is not among the classes \['a', 'b', 'c'\]"):
        GraphDisplay.from_estimator(model, nodes, target="d")
    with pytest.raises(TypeError, match="X must be a GraphNodes"):
        GraphDisplay.from_estimator(model, GRAPH)
    y = np.arange(10.0).reshape(5, 2)
    regressor = GNNNodeRegressor(**options).fit(nodes, y)
    display = GraphDisplay.from_estimator(regressor, nodes, target=1)
    np.testing.assert_allclose(display.values, regressor.predict(nodes)[:, 1])
