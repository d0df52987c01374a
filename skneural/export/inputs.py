"""Inputs of graphs: images, series and tokens in the form in which users have them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skneural.estimators.graph.reader import GraphReader, NodeReader
from skneural.estimators.segmentation.reader import ImagesOfAnySize
from skneural.export.graph import Edges, GraphContext, GraphValue, NotExportedError, OnnxGraph, Padding
from skneural.readers import Images, Sequences


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


def read_nodes(graph: OnnxGraph, reader: NodeReader, form: Form) -> Input:
    """Nodes of a graph, (nodes, features), and its edges."""
    if reader.training is not None:
        raise NotExportedError(
            "rows whose graph is that of their nearest neighbours in the training data have no ONNX graph. Fit the "
            "model on GraphNodes."
        )
    x = graph.input("X", np.float32, ("nodes", reader.widths.of_nodes))
    return Input(GraphValue(x), GraphContext(edges=_edges(graph, x, reader.widths.of_edges)), ("nodes",))


def read_graphs(graph: OnnxGraph, reader: GraphReader, form: Form) -> Input:
    """Nodes of all graphs, one graph behind the other, with their edges and the number of nodes of each graph."""
    if reader.columns is not None:  # each row is a graph by itself
        return Input(GraphValue(graph.input("X", np.float32, ("n", reader.widths.of_nodes))))
    x = graph.input("X", np.float32, ("nodes", reader.widths.of_nodes))
    edges = _edges(graph, x, reader.widths.of_edges)
    lengths = graph.cast(graph.input("lengths", np.int32, ("n",)), np.int64)
    return Input(GraphValue(x), GraphContext(lengths, edges=edges))


def _edges(graph: OnnxGraph, x: str, n_features: int) -> Edges:
    """Numbers of the nodes from which edges come and to which they lead, their weights, and their features."""
    ends = graph.input("edges", np.int64, (2, "edges"))
    weight = graph.input("edge_weight", np.float32, ("edges",))
    features = graph.input("edge_features", np.float32, ("edges", n_features)) if n_features else ""
    sources, targets = (graph.take(ends, number, 0) for number in (0, 1))
    return Edges(sources, targets, weight, features, graph.size(x, 0))


def read_series(graph: OnnxGraph, reader: Sequences, form: Form) -> Input:
    """Series (n, steps, features), univariate ones (n, steps), or tokens (n, steps), and their lengths."""
    steps = ("n", "steps")
    if _has_tokens(reader):
        tokens = graph.input("X", np.int64, steps)
        if reader.replaces_unknown and reader.vocabulary_size is not None:
            tokens = graph.op("Where", graph.op("Less", tokens, reader.vocabulary_size), tokens, 0)
        x = GraphValue(tokens)
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
