"""Every layer that has a graph computes in it what it predicts."""

import numpy as np
import onnx
import pytest
from onnx import helper
from scipy import sparse

from skneural.data.container import BatchInfo, mask_of
from skneural.export import layers as table
from skneural.export.graph import IMAGES, ROWS, STEPS, GraphContext, GraphValue, NotExportedError, OnnxGraph
from skneural.export.inputs import Input
from skneural.layers import (
    GRU,
    BatchLast,
    Chain,
    Dense,
    LightConvolutions,
    LocalResponseNormalization,
    PairScores,
    Pooling,
    RandomFlip,
    RandomRotation,
    RandomShift,
    RowsFirst,
    StartedByMemory,
    StepsFirst,
)
from skneural.layers import Context as LayerContext
from skneural.layers.traversal import output_shapes, shape_of
from skneural.testing.batch_contract import IMAGE_AXES, TIME_FIRST
from tests.export.running import outputs_of, reference_outputs
from tests.layers.cases import (
    BATCH_CASES,
    IMAGE_BATCH_CASES,
    LAYER_CASES,
    LENGTHS,
    every_layer_class,
    layers_within,
    started,
)

# The links of a graph follow from embeddings of its nodes, which are constants of an exported model.
OF_LINKS = {LightConvolutions, PairScores}
CHANNELS_LAST = (BatchLast, RandomFlip, RandomRotation, RandomShift)

# Order of axes here, and in the graph.
TO_GRAPH = {IMAGES: (3, 1, 0, 2), STEPS: (0, 2, 1)}
FROM_GRAPH = {IMAGES: (2, 1, 3, 0), STEPS: (0, 2, 1)}


def is_exported(layer):
    return not {type(each) for each in layers_within(layer)} & OF_LINKS


def axes_of(case):
    """Order of the axes of x in the graph."""
    x = next(iter(case.x)) if isinstance(case.x, tuple) else case.x
    if hasattr(case, "x_axes"):
        return {TIME_FIRST: STEPS, IMAGE_AXES: IMAGES}.get(case.x_axes, ROWS)
    if x.ndim == 4:
        return ROWS if isinstance(case.layer, CHANNELS_LAST) else IMAGES
    begins_with_steps = case.batch_axis == 2 or isinstance(case.layer, RowsFirst | StartedByMemory)
    return STEPS if x.ndim == 3 and begins_with_steps else ROWS


def graph_of(case, axes, lengths):
    """Model of a layer alone, the values that it is fed, and the order of axes of y."""
    graph = OnnxGraph(18, table.CONVERTERS, output_shapes(case.layer, shape_of(case.x)))
    parts = case.x if isinstance(case.x, tuple) else (case.x,)
    feed, values = {}, []
    for i, part in enumerate(parts):
        order = axes if i == 0 else ROWS
        array = part.transpose(TO_GRAPH[order]) if order in TO_GRAPH else part
        array = array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
        feed[f"x{i}"] = array
        values.append(GraphValue(graph.input(f"x{i}", array.dtype, [None] * array.ndim), order, array.ndim))
    context = GraphContext()
    if lengths is not None:
        feed["lengths"] = lengths.astype(np.int64)
        context = GraphContext(graph.input("lengths", np.int64, ("n",)))
    tree = started(case.layer).tree
    y = graph.layer(case.layer, tree, tuple(values) if len(values) > 1 else values[0], context)
    graph.output("y", y.name, np.float32, [None] * y.rank)
    imports = [helper.make_opsetid("", 18)]
    proto = helper.make_model(graph.proto("layer"), opset_imports=imports, ir_version=8)
    onnx.checker.check_model(proto, full_check=True)
    return proto, feed, y.axes


def fails_in_reference(layer):
    """True for layers in whose operators the reference evaluator has an error.

    It looks at channels that there are not, and finds no numbers in windows of height one with padding.
    """
    return isinstance(layer, LocalResponseNormalization) or (isinstance(layer, Pooling) and layer.size[0] == 1)


def compare(case, lengths=None):
    layer, axes = case.layer, axes_of(case)
    x = case.x
    expected = layer.predict(started(layer).tree, x, LayerContext(batch=BatchInfo(lengths=lengths)))
    proto, feed, y_axes = graph_of(case, axes, lengths)
    of_reference = not any(map(fails_in_reference, layers_within(layer)))
    for run in (outputs_of, reference_outputs)[: 1 + of_reference]:
        found = run(proto, feed)["y"]
        if y_axes in FROM_GRAPH:
            found = found.transpose(FROM_GRAPH[y_axes])
        assert_like(found, expected, y_axes, None if lengths is None else layer.output_lengths(lengths))


def assert_like(found, expected, axes, lengths):
    """Compare all steps that are real; rows of these may be arranged in the graph."""
    if lengths is not None and found.ndim > 2:
        steps = {ROWS: 1, STEPS: 0, IMAGES: 2}[axes]
        real = mask_of(lengths, found.shape[steps])
        if found.ndim == expected.ndim + 1:  # one row for each step
            found = found[real]
        elif axes == ROWS:
            found, expected = found[real], expected[real]
        else:
            found, expected = (
                np.where(real.T if axes == IMAGES else real.T[:, np.newaxis], y, 0) for y in (found, expected)
            )
    if found.ndim > expected.ndim:
        found = found.reshape(expected.shape)
    assert found.shape == expected.shape
    scale = max(np.abs(expected).max(initial=0.0), 1e-6)
    np.testing.assert_allclose(found / scale, expected / scale, atol=2e-5)


ALONE = {
    name: case
    for name, case in (LAYER_CASES | IMAGE_BATCH_CASES).items()
    if is_exported(case.layer) and not sparse.issparse(case.x)
}
# batch normalization of images with channels last, which no network has
del ALONE["batch normalization of pixels"]
IN_BATCHES = {name: case for name, case in BATCH_CASES.items() if is_exported(case.layer)}
# Elements of samples are one row after another, and have no lengths in a graph.
WITH_LENGTHS = {name: case for name, case in IN_BATCHES.items() if case.x.shape[case.x_axes.batch] == 4}


@pytest.mark.parametrize("case", ALONE.values(), ids=ALONE)
def test_computes_what_the_layer_predicts(case):
    compare(case)


@pytest.mark.parametrize("case", WITH_LENGTHS.values(), ids=WITH_LENGTHS)
def test_series_of_unequal_lengths(case):
    compare(case, LENGTHS if case.x_axes.steps is not None else None)


def test_every_layer_has_a_graph_or_is_one_of_links():
    assert every_layer_class() == set(table.CONVERTERS) | OF_LINKS


def test_a_layer_without_a_graph_is_named():
    class Unknown(Dense):
        pass

    graph = OnnxGraph(18, table.CONVERTERS)
    x = GraphValue(graph.input("x", np.float32, ("n", 3)))
    with pytest.raises(NotExportedError, match=r"Unknown, the layer 'hidden', has no ONNX graph"):
        graph.layer(Unknown(3, 2), {}, x, GraphContext(), "hidden")


@pytest.mark.parametrize("lengths", [True, False])
def test_recurrent_networks_without_rows(lengths):
    """Where a recurrent operator is given no rows, onnxruntime ends the process."""
    network = Chain(StepsFirst(), GRU(3, 2, reverse=True), RowsFirst())
    graph = OnnxGraph(18, table.CONVERTERS)
    x = GraphValue(graph.input("x", np.float32, ("n", "steps", 3)), rank=3)
    context = GraphContext(graph.input("lengths", np.int64, ("n",))) if lengths else GraphContext()
    y = table.add_network(graph, network, started(network).tree, Input(x, context))
    graph.output("y", y, np.float32, ("n", "steps", 2))
    proto = helper.make_model(graph.proto("network"), opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    for n in (0, 1, 4):
        feed = {"x": np.zeros((n, 5, 3), np.float32), "lengths": np.full(n, 5)}
        found = outputs_of(proto, feed if lengths else {"x": feed["x"]})["y"]
        assert found.shape == (n, 5, 2)
