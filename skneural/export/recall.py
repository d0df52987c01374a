"""Recall of associative memories as a loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.export.graph import NotExportedError, OnnxGraph
from skneural.export.inputs import Form
from skneural.export.outputs import VARIABLE
from skneural.ops.hopfield import SETTLED, TIE


def add_hopfield_network(graph: OnnxGraph, model: Any, form: Form) -> None:
    """States after as many updates as `predict` makes, in double precision."""
    if model.factors_ is not None and model.update != "synchronous":
        raise NotExportedError(
            'update="asynchronous" sets units in a random order, which an ONNX graph does not repeat. Set '
            'update="synchronous", or rule="modern".'
        )
    names = getattr(model, "feature_names_in_", None)
    if names is None or not form.columns:
        x = graph.input("X", np.float32, ("n", model.n_features_in_))
    else:
        columns = [graph.input(str(name), np.float32, ("n", 1)) for name in names]
        x = graph.op("Concat", *columns, axis=1)
    x, threshold = graph.cast(x, np.float64), graph.constant(model.threshold_, np.float64)
    if model.factors_ is None:
        recalled = _settled(graph, model, graph.op("Sub", x, threshold))
        y = graph.op("Add", recalled, threshold)
    else:
        recalled = _settled(graph, model, _signs(graph, graph.op("Greater", x, threshold)))
        low, high = (graph.constant(level, np.float64) for level in model.levels_)
        y = graph.op("Where", graph.op("Greater", recalled, graph.constant(0.0, np.float64)), high, low)
    graph.output(VARIABLE, graph.cast(y, np.float32), np.float32, ("n", model.n_features_in_))


def _signs(graph: OnnxGraph, positive: str) -> str:
    return graph.op("Where", positive, graph.constant(1.0, np.float64), graph.constant(-1.0, np.float64))


def _settled(graph: OnnxGraph, model: Any, start: str) -> str:
    """Repeat the update of rows that still change; see `skneural.ops.hopfield.settle`."""
    patterns = model.patterns_ - model.threshold_
    tolerance = 0.0 if model.factors_ is not None else SETTLED * float(np.abs(patterns).max())
    shape = (None, model.n_features_in_)
    body = graph.body()
    body.input(body.unique("number"), np.int64, ())
    body.input(body.unique("goes on"), bool, ())
    x, before = (body.input(body.unique(name), np.float64, shape) for name in ("state", "before"))
    moving = body.input(body.unique("moving"), bool, (None, 1))
    new = _attended(body, x, patterns, model.beta_) if model.factors_ is None else _flipped(body, x, model.factors_)
    distance = body.reduce("Max", body.op("Abs", body.op("Sub", new, x)), 1, keepdims=True)
    changed = body.op("Greater", distance, body.constant(tolerance, np.float64))
    differs = body.reduce("Max", body.op("Abs", body.op("Sub", new, before)), 1, keepdims=True)
    alternating = body.op("Equal", differs, body.constant(0.0, np.float64))
    goes_on = body.op("And", moving, body.op("And", changed, body.op("Not", alternating)))
    any_moves = body.op("Greater", body.reduce("Sum", body.cast(goes_on, np.int64), 0, 1), 0)
    body.output(body.unique("any moves"), any_moves, bool, ())
    for value in (body.op("Where", moving, new, x), body.op("Where", moving, x, before)):
        body.output(body.unique("after"), value, np.float64, shape)
    body.output(body.unique("still moving"), goes_on, bool, (None, 1))
    unknown = graph.op("Add", start, graph.constant(np.inf, np.float64))
    every_row = graph.op("Expand", graph.constant(True), graph.shape(graph.size(start, 0), 1))
    limits = [graph.constant(int(model.max_iter)), graph.constant(True)]
    settled, *_ = graph.loop("Loop", [*limits, start, unknown, every_row], body, n_outputs=3)
    return settled


def _attended(graph: OnnxGraph, x: str, patterns: np.ndarray, beta: float) -> str:
    """Mean of the patterns, weighted by the softmax of their similarities."""
    similarity = graph.op("MatMul", x, graph.constant(patterns.T, np.float64))
    half_squares = graph.constant(np.square(patterns).sum(axis=1) / 2, np.float64)
    scores = graph.op("Mul", graph.op("Sub", similarity, half_squares), graph.constant(beta, np.float64))
    return graph.op("MatMul", graph.op("Softmax", scores, axis=-1), graph.constant(patterns, np.float64))


def _flipped(graph: OnnxGraph, x: str, factors: np.ndarray) -> str:
    """States with the sign of their fields."""
    left, right = graph.constant(factors, np.float64), graph.constant(factors.T, np.float64)
    diagonal = graph.constant(np.square(factors).sum(axis=1), np.float64)
    fields = graph.op("Sub", graph.op("MatMul", graph.op("MatMul", x, left), right), graph.op("Mul", x, diagonal))
    wrong = graph.op("Less", graph.op("Mul", fields, x), graph.constant(-TIE, np.float64))
    return graph.op("Where", wrong, graph.op("Neg", x), x)
