"""Named functions of edges in graphs."""

import numpy as np
import pytest
from onnx import helper

from skneural.export.graph import OnnxGraph
from skneural.export.splines import FUNCTION_NODES
from skneural.symbolic import FUNCTIONS as SYMBOLIC
from tests.export.running import outputs_of


def test_every_function_has_a_graph():
    assert set(FUNCTION_NODES) == set(SYMBOLIC)


@pytest.mark.parametrize("name", FUNCTION_NODES)
def test_functions(name):
    """Also outside of the domain, where they have the value at its boundary."""
    u = np.array([-40.0, -2.5, -1.0, -0.4, 0.3, 0.99, 1.2, 30.0], np.float32)
    graph = OnnxGraph(18)
    graph.output("y", FUNCTION_NODES[name](graph, graph.input("u", np.float32, [None])), np.float32, [None])
    proto = helper.make_model(graph.proto("f"), opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    function = SYMBOLIC[name]
    inside = np.array([bool(function.contains(x, x)) for x in u.astype(np.float64)])
    found, expected = outputs_of(proto, {"u": u})["y"], function.value(u.astype(np.float64))
    np.testing.assert_allclose(found[inside], expected[inside], rtol=2e-5, atol=1e-6)
    assert np.isfinite(found).all()
