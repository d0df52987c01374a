"""Graphs of families whose predictions do not follow from the raw scores of their network alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from skneural.estimators import (
    Autoencoder,
    DiffusionModel,
    GNNLinkPredictor,
    HopfieldNetwork,
    LanguageModel,
    RocketSequenceClassifier,
    RocketSequenceRegressor,
    SequenceToSequence,
)
from skneural.estimators.autoencoder.reader import RowsOrImages
from skneural.estimators.autoencoder.task import Reconstruction
from skneural.estimators.forecast import SeriesForecaster
from skneural.estimators.link_prediction.reader import PairReader
from skneural.export.fixed_kernels import add_rocket
from skneural.export.forecasts import add_forecaster
from skneural.export.graph import GraphContext, GraphValue, OnnxGraph
from skneural.export.inputs import Form, Input, read_images, read_series
from skneural.export.layers import add_network
from skneural.export.links import LINK_NODES
from skneural.export.outputs import PROBABILITIES, VARIABLE, add_classes
from skneural.export.recall import add_hopfield_network
from skneural.export.tables import read_table
from skneural.ops.diffusion import LEAST_SIGNAL, OFFSET
from skneural.tasks import Classes

Family = Callable[[OnnxGraph, Any, Form], None]


def add_autoencoder(graph: OnnxGraph, model: Autoencoder, form: Form) -> None:
    """Latent features, as `transform` gives them, and the reconstruction."""
    task, network, tree = cast(Reconstruction, model._task), model.network_, model._parameters()
    reader = cast(RowsOrImages, model._reader)
    if reader.rows is not None:
        given = read_table(graph, reader.rows, form)
    else:
        assert reader.images is not None
        given = read_images(graph, reader.images, form._replace(rows=form.rows or len(reader.sample_shape) == 1))
    latent = graph.layer(network["encoder"], tree["encoder"], given.x, given.context, "encoder")
    graph.output(VARIABLE, latent.name, np.float32, ("n", model.network_arguments_["latent_size"]))
    if not form.further:
        return
    raw = graph.layer(network["decoder"], tree["decoder"], latent, GraphContext(), "decoder")
    values = LINK_NODES[task.loss()[0].link_name](graph, graph.slice(raw.name, 1, 0, task.n_features))
    if task.image_shape is not None:
        height, width, channels = task.image_shape
        values = graph.transpose(graph.reshape(values, 0, height, channels, width), 0, 1, 3, 2)
    values = graph.op("Add", graph.op("Mul", values, task.scale), task.mean)
    shape = [int(n) for n in reader.sample_shape]
    graph.output("reconstruction", graph.reshape(values, 0, *shape), np.float32, ("n", *shape))


def add_language_model(graph: OnnxGraph, model: LanguageModel, form: Form) -> None:
    """Probabilities of the next token at each step, or of the masked ones; see `skneural.export.to_onnx`."""
    reader, task, steps = model._reader, model._task, ("n", "steps")
    if reader.of_sets:
        x = GraphValue(graph.input("X", np.float32, (*steps, reader.n_tokens + 1)), rank=3)
    else:
        x = GraphValue(graph.input("X", np.int64, steps))
    context = GraphContext()
    if task.masked and form.lengths:
        context = GraphContext(graph.cast(graph.input("lengths", np.int32, ("n",)), np.int64))
    raw = add_network(graph, model.network_, model._parameters(), Input(x, context))
    probabilities = LINK_NODES[task.loss()[0].link_name](graph, raw)
    graph.output(PROBABILITIES, probabilities, np.float32, (*steps, task.n_tokens))


def add_sequence_to_sequence(graph: OnnxGraph, model: SequenceToSequence, form: Form) -> None:
    """Probabilities of the token that follows each one of the target; of each step with "ctc"."""
    reader, task = model._reader, model._task
    source = _source(graph, reader, form)
    given = source
    if not task.options.of_alignments:
        target = GraphValue(graph.input("target", np.int64, ("n", "target steps")))
        given = Input((source.x, target), GraphContext(memory_lengths=source.context.lengths))
    raw = add_network(graph, model.network_, model._parameters(), given)
    shape = ("n", "scored steps" if task.options.of_alignments else "target steps", model.n_outputs_)
    graph.output(PROBABILITIES, LINK_NODES["softmax"](graph, raw), np.float32, shape)


def _source(graph: OnnxGraph, reader: Any, form: Form) -> Input:
    """The source: tokens, series, images or rows of numbers."""
    if reader.kind == "rows":
        return Input(GraphValue(graph.input("X", np.float32, ("n", reader.columns.n_features))))
    if reader.kind == "images":
        return read_images(graph, reader.images, form)
    if reader.kind == "series":
        return read_series(graph, reader.series, form)
    x = graph.input("X", np.int64, ("n", "steps"))
    if not form.lengths:
        return Input(GraphValue(x))
    return Input(GraphValue(x), GraphContext(graph.cast(graph.input("lengths", np.int32, ("n",)), np.int64)))


def add_diffusion_model(graph: OnnxGraph, model: DiffusionModel, form: Form) -> None:
    """One denoising step: the clean rows that are expected for noisy ones, in the units of the network."""
    task = model._task
    size, n_condition = task.encoding.size, 0 if task.condition is None else task.condition.size
    noisy = graph.input("X", np.float32, ("n", size))
    condition = [graph.input("condition", np.float32, ("n", n_condition))] if n_condition else []
    time = graph.input("time", np.float32, ("n", 1))
    x = graph.op("Concat", noisy, *condition, time, axis=1)
    signal, level = _levels(graph, time)
    raw = graph.layer(model.network_, model._parameters(), GraphValue(x), GraphContext()).name
    # The network adds to the best linear estimate of each clean number from the noisy one.
    mean, variance = task.encoding.mean, task.encoding.variance
    total = graph.op("Add", graph.op("Mul", graph.op("Mul", signal, signal), variance), graph.op("Mul", level, level))
    gain = graph.op("Div", graph.op("Mul", signal, variance), total)
    excess = graph.op("Sub", noisy, graph.op("Mul", signal, mean))
    linear = graph.op("Add", graph.op("Mul", gain, excess), mean)
    part = graph.op("Mul", level, raw)
    if task.options.prediction == "noise":
        part = graph.op("Div", part, signal)
    graph.output(VARIABLE, graph.op("Sub", linear, part), np.float32, ("n", size))


def _levels(graph: OnnxGraph, time: str) -> tuple[str, str]:
    """Signal level and noise level, as `skneural.ops.diffusion.levels` gives them."""
    quarter = 0.5 * np.pi / (1 + OFFSET)
    angle = graph.op("Mul", graph.op("Add", time, OFFSET), quarter)
    signal = graph.op("Clip", graph.op("Mul", graph.op("Cos", angle), 1 / np.cos(OFFSET * quarter)), LEAST_SIGNAL, 1.0)
    return signal, graph.op("Sqrt", graph.op("Sub", 1.0, graph.op("Mul", signal, signal)))


def add_link_predictor(graph: OnnxGraph, model: GNNLinkPredictor, form: Form) -> None:
    """Links between nodes of the graph of training, whose embeddings are constants."""
    reader = cast(PairReader, model._reader)
    pairs = graph.input("X", np.int64, ("n", 2))
    if reader.n_first is not None:  # nodes of two kinds are numbered separately
        pairs = graph.op("Add", pairs, [0, reader.n_first])
    embeddings = graph.constant(model._embedding(reader.known.graph))
    both = graph.take(embeddings, pairs, 0)
    products = graph.reduce("Prod", both, 1)
    raw = graph.op("Add", graph.reduce("Sum", products, 1, keepdims=True), model._parameters()["output"]["bias"])
    add_classes(graph, cast(Classes, model._task), raw, Input(GraphValue(raw)))


FAMILIES: dict[type, Family] = {
    Autoencoder: add_autoencoder,
    DiffusionModel: add_diffusion_model,
    GNNLinkPredictor: add_link_predictor,
    HopfieldNetwork: add_hopfield_network,
    LanguageModel: add_language_model,
    RocketSequenceClassifier: add_rocket,
    RocketSequenceRegressor: add_rocket,
    SequenceToSequence: add_sequence_to_sequence,
    SeriesForecaster: add_forecaster,
}
