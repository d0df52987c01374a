"""Outputs of graphs: predictions from the raw scores of a network, as tasks decode them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skneural.estimators.graph.task import NodeClasses
from skneural.estimators.perceptron import PerceptronClasses
from skneural.estimators.segmentation.task import PixelClasses, PixelNumbers
from skneural.estimators.tabular.task import TabularClasses, TabularNumbers
from skneural.export.graph import OnnxGraph
from skneural.export.inputs import Input
from skneural.export.links import LINK_NODES
from skneural.export.series import add_series_statistics
from skneural.losses import GaussianLoss
from skneural.ops.types import Array
from skneural.tasks import Classes, Numbers, SequenceNumbers, SeriesNumbers, StepClasses, Task

LABEL, PROBABILITIES, VARIABLE, DEVIATION = "label", "probabilities", "variable", "deviation"


def add_classes(graph: OnnxGraph, task: Classes, raw: str, given: Input) -> None:
    """Labels, and probabilities with a column for each class, also for two classes."""
    n = len(task.classes)
    axes = axes_of(task, given)
    if task.multilabel:
        label, dtype, shape = graph.cast(graph.op("Greater", raw, 0.0), np.int64), np.dtype(np.int64), (*axes, n)
        probabilities = LINK_NODES["logistic"](graph, raw)
    else:
        label, dtype, shape = _chosen(graph, task, raw), _dtype_of(task.classes), axes
        probabilities = LINK_NODES[task.loss()[0].link_name](graph, raw)
    if task.binary:
        probabilities = graph.op("Concat", graph.op("Sub", 1.0, probabilities), probabilities, axis=-1)
    graph.output(LABEL, label, dtype, shape)
    if gives_probabilities(task):
        graph.output(PROBABILITIES, probabilities, np.float32, (*axes, n))


def gives_probabilities(task: Classes) -> bool:
    """Return False for Rosenblatt's perceptrons."""
    return task.loss()[0].link_name != "identity"


def _chosen(graph: OnnxGraph, task: Classes, raw: str) -> str:
    """The labels of the chosen classes."""
    if task.binary:
        chosen = graph.squeeze(graph.cast(graph.op("Greater", raw, 0.0), np.int64), -1)
    else:
        chosen = graph.op("ArgMax", raw, axis=-1, keepdims=0)
    return graph.take(graph.constant(task.classes, _dtype_of(task.classes)), chosen, 0)


def _dtype_of(labels: Array) -> np.dtype[Any]:
    """Dtype of labels in a graph: int64, strings, float64 or bool."""
    return {"i": np.dtype(np.int64), "u": np.dtype(np.int64), "f": np.dtype(np.float64), "b": np.dtype(bool)}.get(
        labels.dtype.kind, np.dtype(object)
    )


def axes_of(task: Task, given: Input) -> tuple[str | int, ...]:
    """The axes of predictions before that of their numbers."""
    return given.axes if task.per_step or given.axes == ("nodes",) else ("n",)


def add_numbers(graph: OnnxGraph, task: Numbers, raw: str, given: Input) -> None:
    """Numbers in the units of y; in double precision if single precision does not hold these."""
    y, dtype = LINK_NODES[task.loss()[0].link_name](graph, raw), _dtype_of_units(task)
    axes, n_outputs, quantiles = axes_of(task, given), len(task.mean), task.quantiles
    scale, mean, shape = task.scale, task.mean, (*axes, n_outputs)
    if task.has_deviations:
        y = graph.take(y, np.arange(n_outputs), len(axes))
    if quantiles is not None:
        y = _in_order(graph, y, len(axes), n_outputs, quantiles)
        scale, mean, shape = scale[:, np.newaxis], mean[:, np.newaxis], (*shape, len(quantiles))
    y = graph.op("Mul", graph.cast(y, dtype), graph.constant(scale, dtype))
    y = graph.op("Add", y, graph.constant(mean, dtype))
    if getattr(task.options, "reversible_normalization", False):
        y = _in_units_of_series(graph, y, given, n_outputs, quantiles is not None)
    if quantiles is not None and n_outputs == 1:
        y, shape = graph.squeeze(y, len(axes)), (*axes, len(quantiles))
    graph.output(VARIABLE, y, dtype, shape)


def add_deviations(graph: OnnxGraph, task: Numbers, raw: str, given: Input) -> None:
    """Standard deviations of a normal distribution, in the units of y."""
    axes, n_outputs, dtype = axes_of(task, given), len(task.mean), _dtype_of_units(task)
    excess = graph.op("Exp", graph.take(raw, np.arange(n_outputs, 2 * n_outputs), len(axes)))
    deviations = graph.cast(graph.op("Sqrt", graph.op("Add", excess, GaussianLoss().floor)), dtype)
    deviations = graph.op("Mul", deviations, graph.constant(task.scale, dtype))
    if getattr(task.options, "reversible_normalization", False):
        deviations = graph.op("Mul", deviations, graph.cast(_units_of_series(graph, given, n_outputs)[1], np.float32))
    graph.output(DEVIATION, deviations, dtype, (*axes, n_outputs))


def _dtype_of_units(task: Numbers) -> np.dtype[Any]:
    """Precision that holds the units of y."""
    units = np.concatenate([task.scale, np.abs(task.mean) + 1e3 * task.scale])
    fits = units.min() >= np.finfo(np.float32).tiny and units.max() <= np.finfo(np.float32).max
    return np.dtype(np.float32 if fits else np.float64)


def _in_order(graph: OnnxGraph, y: str, n_axes: int, n_outputs: int, quantiles: list[float]) -> str:
    """Sorted quantiles on a further axis, in the order in which they were asked for."""
    y = graph.reshape(y, *[0] * n_axes, n_outputs, len(quantiles))
    ordered, _ = graph.ops(2, "TopK", y, [len(quantiles)], axis=-1, largest=0)
    return graph.take(ordered, np.argsort(np.argsort(quantiles)), n_axes + 1)


def _in_units_of_series(graph: OnnxGraph, y: str, given: Input, n_outputs: int, several: bool) -> str:
    """Numbers in the units of the feature of the series that they continue."""
    centre, scale = _units_of_series(graph, given, n_outputs)
    if several:
        centre, scale = (graph.unsqueeze(each, 2) for each in (centre, scale))
    return graph.op("Add", graph.op("Mul", y, graph.cast(scale, np.float32)), graph.cast(centre, np.float32))


def _units_of_series(graph: OnnxGraph, given: Input, n_outputs: int) -> tuple[str, str]:
    """Mean and deviation of the feature that each number continues, (n, n_outputs)."""
    mean, deviation, _ = add_series_statistics(graph, given.x, given.context)
    n_features = graph.op("Squeeze", graph.size(given.x.name, 2), [0])
    feature = graph.op("Mod", np.arange(n_outputs), n_features)
    return graph.take(graph.squeeze(mean, 1), feature, 1), graph.take(graph.squeeze(deviation, 1), feature, 1)


TASKS: dict[type[Task], Callable[[OnnxGraph, Any, str, Input], None]] = {
    Classes: add_classes,
    NodeClasses: add_classes,
    Numbers: add_numbers,
    PerceptronClasses: add_classes,
    PixelClasses: add_classes,
    PixelNumbers: add_numbers,
    SequenceNumbers: add_numbers,
    SeriesNumbers: add_numbers,
    StepClasses: add_classes,
    TabularClasses: add_classes,
    TabularNumbers: add_numbers,
}
