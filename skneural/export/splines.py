"""Layers of spline edges as nodes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from skneural.export.graph import Converter, GraphContext, GraphValue, NotExportedError, OnnxGraph
from skneural.export.links import add_function
from skneural.layers import Layer, SplineEdges
from skneural.ops.spline import with_repeated_ends
from skneural.ops.types import Array
from skneural.parameters import Tree

# Limits of the arguments of functions near poles and far from zero, where those in double precision overflow.
SMALLEST, LARGEST = 1e-37, 1e9


def add_spline_edges(graph: OnnxGraph, layer: SplineEdges, p: Tree, x: GraphValue, context: GraphContext) -> GraphValue:
    base_weight, coefficients = layer.kept(p)
    based = add_function(graph, layer.base, x.name)
    matrix = _spline_matrix(graph, x.name, p["grid"], layer.order, layer.n_basis)
    matrix = graph.reshape(matrix, *(0,) * (x.rank - 1), layer.n_in * layer.n_basis)
    y = graph.op("Add", graph.linear(matrix, coefficients), graph.linear(based, base_weight))
    for k, (i, j, name) in enumerate(layer.named):
        curve = _curve(graph, graph.take(x.name, [i], -1), p["constants"][k], name)
        place = np.zeros((1, layer.n_out), np.float32)
        place[0, j] = 1.0
        y = graph.op("Add", y, graph.op("Mul", curve, place))
    return x._replace(name=y)


def _spline_matrix(graph: OnnxGraph, x: str, grid: Array, order: int, n_basis: int) -> str:
    """All basis functions of all inputs, (..., inputs, n_basis), as `skneural.ops.spline` computes them."""
    inside = graph.op("Min", graph.op("Max", x, grid[:, 0]), grid[:, -1])
    beyond = graph.op("Sub", x, inside)
    interval = _intervals(graph, inside, grid)
    knots = with_repeated_ends(grid, order - 1)
    first = graph.op("Add", interval, np.arange(0, knots.size, knots.shape[1]))
    near = [graph.take(graph.constant(knots.ravel()), graph.op("Add", first, j), 0) for j in range(2 * order)]
    left = [graph.op("Sub", inside, near[order - j]) for j in range(1, order + 1)]
    right = [graph.op("Sub", near[order - 1 + j], inside) for j in range(1, order + 1)]
    values, shares = [graph.constant(1.0)], [""]
    for degree in range(1, order + 1):
        shares = [
            graph.op("Div", value, graph.op("Add", right[r], left[degree - 1 - r])) for r, value in enumerate(values)
        ]
        rising = [graph.op("Mul", left[degree - 1 - r], share) for r, share in enumerate(shares)]
        falling = [graph.op("Mul", right[r], share) for r, share in enumerate(shares)]
        middle = [graph.op("Add", up, down) for up, down in zip(rising, falling[1:], strict=False)]
        values = [falling[0], *middle, rising[-1]]
    differences = [graph.op("Sub", a, b) for a, b in itertools.pairwise(shares)]
    slopes = [graph.op("Neg", shares[0]), *differences, shares[-1]]
    step = graph.op("Mul", beyond, float(order))
    values = [graph.op("Add", v, graph.op("Mul", slope, step)) for v, slope in zip(values, slopes, strict=True)]
    return _placed(graph, values, interval, n_basis)


def _intervals(graph: OnnxGraph, inside: str, grid: Array) -> str:
    """Index of the piece that contains each x, (rows, inputs)."""
    if grid.shape[1] == 2:
        return graph.cast(graph.op("Mul", inside, 0.0), np.int64)
    reached = graph.op("GreaterOrEqual", graph.unsqueeze(inside, -1), grid[:, 1:-1])
    return graph.reduce("Sum", graph.cast(reached, np.int64), -1)


def _placed(graph: OnnxGraph, values: list[str], interval: str, n_basis: int) -> str:
    """The values of the nonzero basis functions in their columns."""
    matrix = ""
    for r, value in enumerate(values):
        here = graph.op("Equal", graph.unsqueeze(interval, -1), np.arange(n_basis) - r)
        part = graph.op("Mul", graph.cast(here, np.float32), graph.unsqueeze(value, -1))
        matrix = graph.op("Add", matrix, part) if matrix else part
    return matrix


def _curve(graph: OnnxGraph, x: str, constants: Array, name: str) -> str:
    """``c * f(a * x + b) + d`` in single precision."""
    a, b, c, d = (float(constant) for constant in constants)
    if name not in FUNCTION_NODES:
        raise NotExportedError(f"The function {name!r} of an edge of splines has no ONNX graph.")
    value = FUNCTION_NODES[name](graph, graph.op("Add", graph.op("Mul", x, a), b))
    return graph.op("Add", graph.op("Mul", value, c), d)


def _clipped(graph: OnnxGraph, u: str, limit: float) -> str:
    return graph.op("Clip", u, -limit, limit)


def _power(graph: OnnxGraph, u: str, exponent: int) -> str:
    u = _clipped(graph, u, LARGEST)
    product = u
    for _ in range(exponent - 1):
        product = graph.op("Mul", product, u)
    return product


def _away_from_zero(graph: OnnxGraph, u: str) -> str:
    """Numbers close to a pole at zero become those at `SMALLEST`."""
    small = graph.op("Less", graph.op("Abs", u), SMALLEST)
    sign = graph.op("Where", graph.op("Less", u, 0.0), -SMALLEST, SMALLEST)
    return graph.op("Where", small, sign, u)


def _positive(graph: OnnxGraph, u: str) -> str:
    return graph.op("Max", u, SMALLEST)


def _applied(kind: str, limit: float = math.inf) -> Callable[[OnnxGraph, str], str]:
    return lambda graph, u: graph.op(kind, u if limit == math.inf else _clipped(graph, u, limit))


def _inverse(graph: OnnxGraph, u: str) -> str:
    return graph.op("Reciprocal", u)


# The functions of `skneural.symbolic`, by name.
FUNCTION_NODES: dict[str, Callable[[OnnxGraph, str], str]] = {
    "0": lambda graph, u: graph.op("Mul", u, 0.0),
    "x": lambda graph, u: u,
    "x^2": lambda graph, u: _power(graph, u, 2),
    "x^3": lambda graph, u: _power(graph, u, 3),
    "x^4": lambda graph, u: _power(graph, u, 4),
    "1/x": lambda graph, u: _inverse(graph, _away_from_zero(graph, u)),
    "1/x^2": lambda graph, u: _power(graph, _inverse(graph, _away_from_zero(graph, u)), 2),
    "sqrt": lambda graph, u: graph.op("Sqrt", graph.op("Max", u, 0.0)),
    "1/sqrt": lambda graph, u: _inverse(graph, graph.op("Sqrt", _positive(graph, u))),
    "exp": _applied("Exp", 88.0),
    "log": lambda graph, u: graph.op("Log", _positive(graph, u)),
    "abs": _applied("Abs"),
    "sin": _applied("Sin"),
    "cos": _applied("Cos"),
    "tan": _applied("Tan"),
    "tanh": _applied("Tanh"),
    "arctan": _applied("Atan"),
    "arcsin": _applied("Asin", 1.0),
    "arccos": _applied("Acos", 1.0),
    "arctanh": _applied("Atanh", 1.0 - 2**-23),
    "gaussian": lambda graph, u: graph.op("Exp", graph.op("Neg", _power(graph, _clipped(graph, u, 9.0), 2))),
    "sinh": _applied("Sinh", 88.0),
    "cosh": _applied("Cosh", 88.0),
}

OF_SPLINES: dict[type[Layer], Converter] = {SplineEdges: add_spline_edges}
