"""From fitted estimators to ONNX models."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import ModelProto, defs, helper
from sklearn.utils.validation import check_is_fitted

from skneural.estimators import HopfieldNetwork
from skneural.estimators.graph.reader import GraphReader, NodeReader
from skneural.estimators.network.reader import ReaderOfKind
from skneural.estimators.recurrent import RecurrentSequences
from skneural.estimators.rocket.kernel_model import RocketEstimator
from skneural.estimators.segmentation.reader import ImagesOfAnySize
from skneural.estimators.series_or_texts import SeriesOrTexts
from skneural.estimators.tabular.reader import MixedTable
from skneural.estimators.transformer.reader import TransformerSequences
from skneural.export.families import FAMILIES
from skneural.export.graph import NotExportedError, OnnxGraph
from skneural.export.inputs import (
    Form,
    Input,
    read_graphs,
    read_images,
    read_images_of_any_size,
    read_nodes,
    read_series,
)
from skneural.export.layers import CONVERTERS, add_network
from skneural.export.outputs import TASKS, add_deviations
from skneural.export.tables import read_mixed_table, read_table
from skneural.readers import DenseTable, Images, Reader, Sequences, Table
from skneural.template.estimator import NeuralEstimator
from skneural.template.summary import named_shapes
from skneural.version import __version__


def read_kind(graph: OnnxGraph, reader: ReaderOfKind, form: Form) -> Input:
    """A table, images, series or tokens."""
    return READERS[type(reader.of_kind)](graph, reader.of_kind, form)


READERS: dict[type[Reader], Callable[[OnnxGraph, Any, Form], Input]] = {
    DenseTable: read_table,
    GraphReader: read_graphs,
    Images: read_images,
    ImagesOfAnySize: read_images_of_any_size,
    MixedTable: read_mixed_table,
    NodeReader: read_nodes,
    ReaderOfKind: read_kind,
    RecurrentSequences: read_series,
    SeriesOrTexts: read_series,
    Sequences: read_series,
    Table: read_table,
    TransformerSequences: read_series,
}

LEAST_OPSET = 18
ML_OPSET = 3  # of the operators for categories


def onnx_model(model: Any, opset: int, form: Form) -> ModelProto:
    """See `skneural.export.to_onnx`."""
    name = type(model).__name__
    if not LEAST_OPSET <= opset <= defs.onnx_opset_version():
        raise ValueError(
            f"opset must be between {LEAST_OPSET} and {defs.onnx_opset_version()}, the latest that the installed onnx "
            f"knows; got {opset}."
        )
    if not isinstance(model, NeuralEstimator | HopfieldNetwork | RocketEstimator):
        raise TypeError(f"{name} is not an estimator of skneural; of a pipeline, skl2onnx.to_onnx makes an ONNX model.")
    check_is_fitted(model)
    has_network = isinstance(model, NeuralEstimator)
    graph = OnnxGraph(opset, CONVERTERS, named_shapes(model.network_, model._input_shape) if has_network else {})
    try:
        _add(graph, model, form)
    except NotExportedError as error:
        raise NotExportedError(f"{name} cannot be exported: {error}") from error
    return finished(graph, model, opset)


def _add(graph: OnnxGraph, model: Any, form: Form) -> None:
    if type(model) in FAMILIES:
        FAMILIES[type(model)](graph, model, form)
        return
    reader, task = model._reader, model._task
    for part, table in ((reader, READERS), (task, TASKS)):
        if type(part) not in table:
            raise NotExportedError(f"its {type(part).__name__} has no ONNX graph.")
    given = READERS[type(reader)](graph, reader, form)
    scores = add_network(graph, model.network_, model._parameters(), given)
    if task.per_step and isinstance(given.axes[-1], int):  # pixels that came as rows
        scores = graph.reshape(scores, 0, given.axes[-1], model.n_outputs_)
    TASKS[type(task)](graph, task, scores, given)
    if form.further and getattr(task, "has_deviations", False):
        add_deviations(graph, task, scores, given)


def finished(graph: OnnxGraph, model: Any, opset: int) -> ModelProto:
    """The model of a graph, with the version of skneural, the estimator and its classes as metadata."""
    imports = [helper.make_opsetid("", opset)]
    if any(node.domain == "ai.onnx.ml" for node in graph.nodes):
        imports.append(helper.make_opsetid("ai.onnx.ml", ML_OPSET))
    proto = helper.make_model(
        graph.proto(type(model).__name__),
        opset_imports=imports,
        ir_version=helper.find_min_ir_version_for(imports),
        producer_name="skneural",
        producer_version=__version__,
    )
    properties = {"skneural_version": __version__, "estimator": type(model).__name__}
    if hasattr(model, "classes_"):
        properties["classes"] = json.dumps(np.asarray(model.classes_).tolist())
    helper.set_model_props(proto, properties)
    return proto
