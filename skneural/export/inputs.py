"""Inputs of graphs: X in the form in which users have it, and the nodes that read it as readers do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

from skneural.estimators.recurrent import RecurrentSequences
from skneural.estimators.segmentation.reader import ImagesOfAnySize
from skneural.estimators.tabular.reader import UNSEEN_CATEGORY, MixedTable
from skneural.estimators.transformer.reader import TransformerSequences
from skneural.export.graph import GraphContext, GraphValue, NotExportedError, OnnxGraph, Padding
from skneural.ops.types import Array
from skneural.readers import DenseTable, Images, Reader, Sequences, Table, TableColumns

MOST_EXACT = 2**24  # integers up to this one are exact in single precision


class Form(NamedTuple):
    """Form of the inputs.

    Attributes
    ----------
    columns : bool
        Whether each named column of a table is an input; otherwise "X" has all of them.
    rows : bool
        Whether images and series come as rows of numbers.
    lengths : bool
        Whether series that do not come as rows may have unequal lengths, which are then an input.
    further : bool
        Whether there are outputs besides those of `predict` or `transform`.
    """

    columns: bool = True
    rows: bool = False
    lengths: bool = True
    further: bool = True


class Input(NamedTuple):
    """The input of a network.

    Attributes
    ----------
    x : GraphValue
    context : GraphContext
    axes : tuple of str
        Axes of the elements of which each has a prediction, if the task has one for each element: names and sizes.
    """

    x: Any
    context: GraphContext = GraphContext()
    axes: tuple[str | int, ...] = ("n",)


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
    """Numbers without their offsets, and codes of categories behind them."""
    columns = reader.columns
    if columns.times.is_time.any():
        raise NotExportedError(
            "Columns of times have no ONNX graph. Give the model numbers in their place, such as those of "
            "skneural.preprocessing.calendar_features."
        )
    categories = columns.categories
    dtypes = [np.dtype(np.float64 if offset else np.float32) for offset in reader.offsets]
    kinds = _kinds(categories.is_categorical, categories.values, dtypes)
    each = _columns(graph, columns.columns, kinds, form)
    is_category = categories.is_categorical.tolist()
    numbers = list(compress(each, [not category for category in is_category]))
    parts = []
    if numbers:
        parts.append(_centred(graph, numbers, reader))
    for column, values in zip(compress(each, is_category), categories.values, strict=True):
        parts.append(graph.cast(_codes(graph, column, values), np.float32))
    return Input(GraphValue(_side_by_side(graph, parts)))


def _kinds(is_categorical: Array, categories: list[list[Any]], of_numbers: list[Any]) -> list[Any]:
    """Dtype of the input of each column."""
    values, numbers = iter(categories), iter(of_numbers)
    return [_kind_of(next(values)) if category else next(numbers) for category in is_categorical.tolist()]


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
    one_type = all(kind == kinds[0] for kind in kinds)
    if not form.columns and not one_type:
        raise NotExportedError(
            "A table with columns of several types has no ONNX graph with one input; call skneural.export.to_onnx on "
            "the model itself, whose graph has an input for each column."
        )
    if one_type and (columns.names is None or not form.columns):
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
            centred = graph.op("Sub", number, graph.constant(offset, np.float64))
            rounding = graph.constant(np.finfo(np.float64).eps * abs(offset), np.float64)
            is_error = graph.op("LessOrEqual", graph.op("Abs", centred), rounding)
            zero = graph.constant(0.0, np.float64)
            number = graph.cast(graph.op("Where", is_error, zero, centred), np.float32)
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
    numbers = np.array(present, np.float64)
    dtype = _kind_of(categories)
    equal = graph.op("Equal", column, graph.constant(numbers, dtype))
    code = graph.reduce(
        "Sum",
        graph.op("Mul", graph.cast(equal, np.int64), np.arange(len(present)) - UNSEEN_CATEGORY),
        1,
        keepdims=True,
    )
    of_missing = graph.op("Mul", graph.cast(graph.op("IsNaN", column), np.int64), missing - UNSEEN_CATEGORY)
    return graph.op("Add", graph.op("Add", code, of_missing), UNSEEN_CATEGORY)


def read_images(graph: OnnxGraph, reader: Images, form: Form) -> Input:
    """Images (n, height, width, channels), or rows of pixels if the columns have names."""
    shape = tuple(map(int, reader.image_shape))
    if reader.columns.names is not None or form.rows:
        x = graph.input("X", np.float32, ("n", reader.columns.n_features))
        return Input(GraphValue(graph.reshape(x, 0, *shape), rank=4))
    return Input(GraphValue(graph.input("X", np.float32, ("n", *shape)), rank=4))


def read_images_of_any_size(graph: OnnxGraph, reader: ImagesOfAnySize, form: Form) -> Input:
    """Images (n, height, width, channels), or rows of pixels, padded to multiples of the least size."""
    height, width, channels = map(int, reader.image_shape)
    if reader.of_rows:
        rows = graph.input("X", np.float32, ("n", reader.columns.n_features))
        x = graph.reshape(rows, 0, height, width, channels)
    else:
        x = graph.input("X", np.float32, ("n", "height", "width", channels))
    axes: tuple[str | int, ...] = ("n", height * width) if reader.of_rows else ("n", "height", "width")
    if reader.multiple == 1:
        return Input(GraphValue(x, rank=4), axes=axes)
    real = [graph.size(x, 1), graph.size(x, 2)]
    padded = [_next_multiple(graph, n, reader.multiple) for n in real]
    missing = [graph.op("Sub", after, before) for after, before in zip(padded, real, strict=True)]
    x = graph.op("Pad", x, graph.op("Concat", [0, 0], *missing, axis=0), 0.0, [1, 2])
    padding = Padding((real[0], real[1]), (padded[0], padded[1]))
    return Input(GraphValue(x, rank=4), GraphContext(padding=padding), axes)


def _next_multiple(graph: OnnxGraph, n: str, multiple: int) -> str:
    return graph.op("Mul", graph.op("Div", graph.op("Add", n, multiple - 1), multiple), multiple)


def read_series(graph: OnnxGraph, reader: Sequences, form: Form) -> Input:
    """Series (n, steps, features), univariate ones (n, steps), or tokens (n, steps), and their lengths."""
    steps = ("n", "steps")
    if _has_tokens(reader):
        x = GraphValue(graph.input("X", np.int64, steps))
    elif reader.columns is not None or form.rows:
        x = GraphValue(graph.unsqueeze(graph.input("X", np.float32, steps), 2), rank=3)
        return Input(x, axes=steps)
    else:
        x = GraphValue(graph.input("X", np.float32, (*steps, reader.n_features)), rank=3)
    if not form.lengths:
        return Input(x, axes=steps)
    lengths = graph.cast(graph.input("lengths", np.int32, ("n",)), np.int64)
    real = graph.mask(lengths, graph.size(x.name, 1))
    # Whatever stands behind the end of a series, such as NaN or -1, has no effect.
    known = (
        graph.op("Where", graph.unsqueeze(real, 2), x.name, 0.0) if x.rank == 3 else graph.op("Where", real, x.name, 0)
    )
    return Input(x._replace(name=known), GraphContext(lengths), steps)


def _has_tokens(reader: Sequences) -> bool:
    """Return True for tokens, also if these are those of texts that a language model has read."""
    return reader.vocabulary_size is not None or getattr(reader, "texts", None) is not None


READERS: dict[type[Reader], Callable[[OnnxGraph, Any, Form], Input]] = {
    DenseTable: read_table,
    Images: read_images,
    ImagesOfAnySize: read_images_of_any_size,
    MixedTable: read_mixed_table,
    RecurrentSequences: read_series,
    Sequences: read_series,
    Table: read_table,
    TransformerSequences: read_series,
}
