"""Activations and links of graphs are those of the package."""

import numpy as np
import pytest
from onnx import helper

from skneural.export.graph import OnnxGraph
from skneural.export.links import ACTIVATION_NODES, LINK_NODES
from skneural.losses import LINKS as LINKS_OF_LOSSES
from skneural.ops.pointwise import ACTIVATIONS as ACTIVATIONS_OF_LAYERS
from tests.export.running import outputs_of, reference_outputs

X = np.concatenate([np.linspace(-30, 30, 121), [-90, -1e-6, 1e-6, 60]]).astype(np.float32)


def computed(convert, x):
    graph = OnnxGraph(18)
    graph.output("y", convert(graph, graph.input("x", np.float32, [None] * x.ndim)), np.float32, [None] * x.ndim)
    proto = helper.make_model(graph.proto("f"), opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return outputs_of(proto, {"x": x})["y"], reference_outputs(proto, {"x": x})["y"]


def test_all_have_a_graph():
    assert set(ACTIVATION_NODES) == set(ACTIVATIONS_OF_LAYERS)
    assert set(LINK_NODES) == set(LINKS_OF_LOSSES)


@pytest.mark.parametrize("name", ACTIVATION_NODES)
def test_activations(name):
    expected = ACTIVATIONS_OF_LAYERS[name](X.astype(np.float64))[0]
    for found in computed(ACTIVATION_NODES[name], X):
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", LINK_NODES)
def test_links(name):
    """Small probabilities are as precise as large ones."""
    raw = X[:125].reshape(25, 5)
    for found in computed(LINK_NODES[name], raw):
        np.testing.assert_allclose(found, LINKS_OF_LOSSES[name](raw.astype(np.float64)), rtol=2e-6, atol=1e-37)
