"""Graphs of forecasters: windows in, horizon out, in double precision as the units of series need."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.estimators.forecast.task import ranks
from skneural.export.graph import GraphValue, OnnxGraph
from skneural.export.inputs import Form, Input
from skneural.export.layers import add_network
from skneural.export.outputs import VARIABLE
from skneural.export.scans import Loop, add_scan
from skneural.ops.window_units import RELATIVE_ROUNDING


def add_forecaster(graph: OnnxGraph, model: Any, form: Form) -> None:
    """Forecasts of the steps that follow each window, of shape (n, horizon, channels[, quantiles])."""
    task, options = model._task, model._reader.options
    windows = task.form
    channels, n_known = len(windows.least), len(windows.known_scale)
    given = graph.input("X", np.float64, ("n", "steps", channels))
    values, present = _window(graph, given, windows, options)
    units = _units(graph, values, present, windows)
    rows = _rows(graph, values, present, units, windows)
    if n_known:
        known = graph.input("known", np.float64, ("n", "known steps", n_known))
        rows = _with_known(graph, rows, known, windows)
    else:
        rows = graph.reshape(rows, 0, windows.longest * windows.step_size)
    x = GraphValue(graph.cast(rows, np.float32))
    raw = graph.cast(add_network(graph, model.network_, model._parameters(), Input(x)), np.float64)
    forecasts = _restored(graph, raw, units, task)
    if options.log:
        forecasts = graph.op("Exp", forecasts)
    quantiles = () if task.options.quantiles is None else (len(task.options.quantiles),)
    graph.output(VARIABLE, forecasts, np.float64, ("n", windows.horizon, channels, *quantiles))


def _double(graph: OnnxGraph, value: Any) -> str:
    return graph.constant(value, np.float64)


def _window(graph: OnnxGraph, given: str, windows: Any, options: Any) -> tuple[str, str]:
    """The last steps of the series, whose gaps are filled, and which of them are present, as numbers."""
    given = graph.op("Log", given) if options.log else given
    missing = graph.op("IsNaN", given)
    present = graph.cast(graph.op("Not", missing), np.float64)
    if windows.masked:  # gaps, or steps before the start of a series
        given = _filled(graph, given, missing, options.season or 1, len(windows.least))
    last = [graph.slice(each, 1, -windows.longest) for each in (given, present)]
    return last[0], last[1]


def _filled(graph: OnnxGraph, given: str, missing: str, season: int, n_channels: int) -> str:
    """Gaps have the value of the season before, or the last one; those at the start the first value."""
    first = graph.cast(graph.op("ArgMin", graph.cast(missing, np.int32), axis=1), np.int64)
    first = graph.op("GatherElements", given, first, axis=1)
    nothing = _double(graph, np.nan)
    size = graph.size(given, 0), season - 1, n_channels
    unknown = graph.op("Expand", nothing, graph.shape(*size))
    state_before = graph.op("Concat", unknown, first, axis=1) if season > 1 else first
    body = graph.body()
    state = body.input(body.unique("state"), np.float64, (None, season, n_channels))
    step = body.input(body.unique("step"), np.float64, (None, n_channels))
    before = body.take(state, 0, 1)
    before = body.op("Where", body.op("IsNaN", before), body.take(state, -1, 1), before)
    known = body.op("Where", body.op("IsNaN", step), before, step)
    kept = [body.slice(state, 1, 1)] if season > 1 else []
    after = body.op("Concat", *kept, body.unsqueeze(known, 1), axis=1)
    loop = Loop(body, after, known, (None, season, n_channels), (None, n_channels))
    filled = add_scan(graph, loop, state_before, [graph.transpose(given, 1, 0, 2)], np.float64)
    return graph.transpose(filled, 1, 0, 2)


def _units(graph: OnnxGraph, values: str, present: str, windows: Any) -> tuple[str, str, str]:
    """Centre and scale of each window, (n, 1, channels), and centre of its targets, (n, horizon or 1, channels)."""
    if windows.normalize is None:
        centre, scale = (_double(graph, each[np.newaxis, np.newaxis]) for each in (windows.centre, windows.scale))
        return centre, scale, centre
    size = sorted(windows.window_sizes)[len(windows.window_sizes) // 2]
    part, real = graph.slice(values, 1, -size), graph.slice(present, 1, -size)
    n = graph.op("Max", graph.reduce("Sum", real, 1, keepdims=True), _double(graph, 1.0))

    def mean_of(each: str) -> str:
        return graph.op("Div", graph.reduce("Sum", graph.op("Mul", each, real), 1, keepdims=True), n)

    mean, magnitude = mean_of(part), mean_of(graph.op("Abs", part))
    centred = graph.op("Sub", part, mean)
    deviation = graph.op("Sqrt", mean_of(graph.op("Mul", centred, centred)))
    centre = mean if windows.normalize == "mean" else graph.slice(values, 1, -1)
    scale = graph.op("Max", deviation, graph.op("Mul", magnitude, _double(graph, windows.least)))
    size_or_one = graph.op("Where", graph.op("Greater", magnitude, _double(graph, 0.0)), magnitude, _double(graph, 1.0))
    varies = graph.op("Greater", scale, graph.op("Mul", magnitude, _double(graph, RELATIVE_ROUNDING)))
    behind = centre
    if windows.normalize == "season":
        n_last = min(windows.season, windows.longest)
        last = graph.slice(values, 1, -n_last)
        behind = graph.take(last, np.arange(windows.horizon) % n_last, 1)
    return centre, graph.op("Where", varies, scale, size_or_one), behind


def _rows(graph: OnnxGraph, values: str, present: str, units: tuple[str, str, str], windows: Any) -> str:
    """Numbers of each step of the windows, (n, steps, numbers)."""
    centre, scale, _ = units
    normalized = graph.op("Div", graph.op("Sub", values, centre), scale)
    if not windows.masked:
        return normalized
    is_present = graph.op("Greater", present, _double(graph, 0.0))
    known = graph.op("Where", is_present, normalized, _double(graph, 0.0))
    return graph.op("Concat", known, present, axis=2)


def _with_known(graph: OnnxGraph, steps: str, known: str, windows: Any) -> str:
    """Rows with values that are known in advance, of the steps of the window and of the horizon."""
    centred = graph.op("Sub", known, _double(graph, windows.known_centre))
    last = graph.slice(centred, 1, -(windows.longest + windows.horizon))
    last = graph.op("Div", last, _double(graph, windows.known_scale))
    n_known = len(windows.known_scale)
    inside = graph.slice(graph.slice(last, 1, 0, windows.longest), 2, 0, n_known - windows.n_calendar)
    after = graph.reshape(graph.slice(last, 1, windows.longest), 0, windows.horizon * n_known)
    whole = graph.reshape(graph.op("Concat", steps, inside, axis=2), 0, windows.longest * windows.step_size)
    return graph.op("Concat", whole, after, axis=1)


def _restored(graph: OnnxGraph, raw: str, units: tuple[str, str, str], task: Any) -> str:
    """Forecasts in the units of the series."""
    _, scale, behind = units
    horizon, channels, quantiles = task.form.horizon, len(task.form.least), task.options.quantiles
    if quantiles is None:
        shaped = graph.reshape(raw, 0, horizon, channels)
    else:
        each = graph.reshape(raw, 0, horizon, channels, len(quantiles))
        ordered, _ = graph.ops(2, "TopK", each, [len(quantiles)], axis=-1, largest=0)
        shaped = graph.take(ordered, ranks(quantiles), 3)
        scale, behind = graph.unsqueeze(scale, 3), graph.unsqueeze(behind, 3)
    return graph.op("Add", graph.op("Mul", shaped, scale), behind)
