"""Inputs of graphs: tables of numbers, times and categories, and the nodes that read them as readers do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np

from skneural.estimators.tabular.reader import UNSEEN_CATEGORY, MixedTable
from skneural.export.graph import GraphValue, NotExportedError, OnnxGraph
from skneural.export.inputs import Form, Input
from skneural.export.times import add_calendar_numbers
from skneural.readers import DenseTable, TableColumns

TIME = np.dtype(np.int64)  # microseconds since 1970
MOST_EXACT = 2**24  # integers up to this one are exact in single precision


def read_table(graph: OnnxGraph, reader: DenseTable, form: Form) -> Input:
    return Input(GraphValue(_numbers(graph, reader.columns, form)))


def _numbers(graph: OnnxGraph, columns: TableColumns, form: Form) -> str:
    """The columns of a table of numbers, (n, features)."""
    if columns.names is None or not form.columns:
        return graph.input("X", np.float32, ("n", columns.n_features))
    return _side_by_side(graph, [graph.input(str(name), np.float32, ("n", 1)) for name in columns.names])


def _side_by_side(graph: OnnxGraph, columns: Sequence[str]) -> str:
    return columns[0] if len(columns) == 1 else graph.op("Concat", *columns, axis=1)


def read_mixed_table(graph: OnnxGraph, reader: MixedTable, form: Form) -> Input:
    """Numbers without their offsets, those of times behind them, and codes of categories behind these."""
    columns = reader.columns
    if reader.texts is not None:
        raise NotExportedError("text_features have no ONNX graph, which cannot split texts into words.")
    categories, is_time = columns.categories, columns.times.is_time.tolist()
    is_category, is_number = categories.is_categorical.tolist(), columns.is_number.tolist()
    values, offsets = iter(categories.values), iter(reader.offsets)
    kinds = [
        _kind_of(next(values)) if category else TIME if time else _kind_of_number(next(offsets))
        for category, time in zip(is_category, is_time, strict=True)
    ]
    each = _columns(graph, columns.columns, kinds, form)
    numbers = list(compress(each, is_number))
    numbers += [number for time in compress(each, is_time) for number in add_calendar_numbers(graph, time)]
    parts = [_centred(graph, numbers, reader)] if numbers else []
    for column, known in zip(compress(each, is_category), categories.values, strict=True):
        parts.append(graph.cast(_codes(graph, column, known), np.float32))
    return Input(GraphValue(_side_by_side(graph, parts)))


def _kind_of_number(offset: float) -> np.dtype[Any]:
    """Double precision for numbers from which an offset is subtracted before they are rounded."""
    return np.dtype(np.float64 if offset else np.float32)


def _kind_of(categories: list[Any]) -> Any:
    """Dtype of a column of categories: strings, float32, or float64 if single precision does not hold the numbers."""
    present = [value for value in categories if value is not None]
    strings = [isinstance(value, str) for value in present]
    if all(strings):
        return np.dtype(object)
    if any(strings):
        raise NotExportedError(
            f"A column with numbers and strings as categories, such as {present[0]!r} and {present[-1]!r}, has no ONNX "
            "graph, whose inputs are of one type. Convert the column to strings before fit."
        )
    return np.dtype(np.float32 if max(map(abs, present)) <= MOST_EXACT else np.float64)


def _columns(graph: OnnxGraph, columns: TableColumns, kinds: list[Any], form: Form) -> list[str]:
    """The columns of a table, (n, 1) each: an input for each of them, unless all are of one type and have no names."""
    separate = form.columns and columns.names is not None
    if not separate and {kind.kind for kind in kinds} == {"f"}:  # an array of numbers in the greater precision
        kinds = [max(kinds, key=lambda kind: kind.itemsize)] * len(kinds)
    one_type = all(kind == kinds[0] for kind in kinds)
    if not form.columns and not one_type:
        raise NotExportedError(
            "A table with columns of several types has no ONNX graph with one input; call skneural.export.to_onnx on "
            "the model itself, whose graph has an input for each column."
        )
    if one_type and not separate:
        x = graph.input("X", kinds[0], ("n", columns.n_features))
        return [graph.take(x, [i], 1) for i in range(columns.n_features)]
    names = [f"x{i}" for i in range(columns.n_features)] if columns.names is None else columns.names
    return [graph.input(str(name), kind, ("n", 1)) for name, kind in zip(names, kinds, strict=True)]


def _centred(graph: OnnxGraph, numbers: list[str], reader: MixedTable) -> str:
    """Numbers in single precision, from which the offsets are subtracted in double precision."""
    empty = np.zeros(len(reader.offsets), bool)
    empty[reader.columns.empty] = True
    each = []
    for number, offset, is_empty in zip(numbers, reader.offsets, empty, strict=True):
        if offset:
            centred = graph.op("Sub", graph.cast(number, np.float64), graph.constant(offset, np.float64))
            rounding = graph.constant(np.finfo(np.float64).eps * abs(offset), np.float64)
            is_error = graph.op("LessOrEqual", graph.op("Abs", centred), rounding)
            zero = graph.constant(0.0, np.float64)
            number = graph.op("Where", is_error, zero, centred)
        number = graph.cast(number, np.float32)
        if is_empty:  # later numbers have no effect
            number = graph.op("Where", graph.op("IsNaN", number), number, float("nan"))
        each.append(number)
    return _side_by_side(graph, each)


def _codes(graph: OnnxGraph, column: str, categories: list[Any]) -> str:
    """Code of each category, (n, 1), and `UNSEEN_CATEGORY` for others; the empty string is a missing one."""
    if len(categories) == 1:  # it says nothing
        known = graph.op("Expand", graph.constant(0), graph.shape(graph.size(column, 0), 1))
        return known
    present = [value for value in categories if value is not None]
    missing = categories.index(None) if None in categories else UNSEEN_CATEGORY
    if isinstance(present[0], str):
        keys = dict(zip(present, range(len(present)), strict=True))
        keys.setdefault("", missing)
        return graph.op(
            "LabelEncoder",
            column,
            domain="ai.onnx.ml",
            keys_strings=list(keys),
            values_int64s=list(keys.values()),
            default_int64=UNSEEN_CATEGORY,
        )
    column = graph.cast(column, np.float64)
    equal = graph.op("Equal", column, graph.constant(np.array(present, np.float64), np.float64))
    code = graph.reduce(
        "Sum",
        graph.op("Mul", graph.cast(equal, np.int64), np.arange(len(present)) - UNSEEN_CATEGORY),
        1,
        keepdims=True,
    )
    of_missing = graph.op("Mul", graph.cast(graph.op("IsNaN", column), np.int64), missing - UNSEEN_CATEGORY)
    return graph.op("Add", graph.op("Add", code, of_missing), UNSEEN_CATEGORY)
