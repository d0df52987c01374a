"""Activations, links, and averages of members as nodes."""

from __future__ import annotations

from collections.abc import Callable

from skneural.export.graph import NotExportedError, OnnxGraph
from skneural.ops.pointwise import (
    GELU_CUBE,
    GELU_SCALE,
    LEAKY_SLOPE,
    MISH_LINEAR_FROM,
    SELU_ALPHA,
    SELU_SCALE,
    AnyActivation,
)

Elementwise = Callable[[OnnxGraph, str], str]


def _gelu(graph: OnnxGraph, x: str) -> str:
    """In its tanh form; ONNX has an operator for it from opset 20 on."""
    inner = graph.op("Add", graph.op("Mul", graph.op("Mul", x, x), GELU_SCALE * GELU_CUBE), GELU_SCALE)
    gate = graph.op("Add", graph.op("Tanh", graph.op("Mul", inner, x)), 1.0)
    return graph.op("Mul", graph.op("Mul", gate, x), 0.5)


def _silu(graph: OnnxGraph, x: str) -> str:
    return graph.op("Mul", x, graph.op("Sigmoid", x))


def _mish(graph: OnnxGraph, x: str) -> str:
    """With n = e (e + 2) and e = exp(x), the product of x and n / (n + 2)."""
    exponential = graph.op("Exp", graph.op("Min", x, MISH_LINEAR_FROM))
    gate = graph.op("Mul", exponential, graph.op("Add", exponential, 2.0))
    return graph.op("Mul", x, graph.op("Div", gate, graph.op("Add", gate, 2.0)))


def add_softplus(graph: OnnxGraph, x: str) -> str:
    """log(1 + exp(x)), written out so that no runtime overflows."""
    decay = graph.op("Exp", graph.op("Neg", graph.op("Abs", x)))
    return graph.op("Add", graph.op("Log", graph.op("Add", decay, 1.0)), graph.op("Max", x, 0.0))


ACTIVATION_NODES: dict[str, Elementwise] = {
    "identity": lambda graph, x: x,
    "logistic": lambda graph, x: graph.op("Sigmoid", x),
    "tanh": lambda graph, x: graph.op("Tanh", x),
    "relu": lambda graph, x: graph.op("Relu", x),
    "leaky_relu": lambda graph, x: graph.op("LeakyRelu", x, alpha=LEAKY_SLOPE),
    "elu": lambda graph, x: graph.op("Elu", x),
    "selu": lambda graph, x: graph.op("Selu", x, alpha=SELU_ALPHA, gamma=SELU_SCALE),
    "gelu": _gelu,
    "silu": _silu,
    "mish": _mish,
    "softplus": add_softplus,
}


def add_function(graph: OnnxGraph, function: AnyActivation, x: str) -> str:
    """The values of an activation that has a name; a function that a user brings has no operator."""
    if not isinstance(function, str):
        raise NotExportedError(f"the activation {function!r} of a user has no ONNX operator.")
    return ACTIVATION_NODES[function](graph, x)


def _expit(graph: OnnxGraph, raw: str) -> str:
    """1 / (1 + exp(-x)): onnxruntime's logistic operator has errors of 1e-7, also of smaller probabilities."""
    return graph.op("Reciprocal", graph.op("Add", graph.op("Exp", graph.op("Neg", raw)), 1.0))


LINK_NODES: dict[str, Elementwise] = {
    "identity": lambda graph, raw: raw,
    "exp": lambda graph, raw: graph.op("Exp", raw),
    "logistic": _expit,
    "softmax": lambda graph, raw: graph.op("Softmax", raw, axis=-1),
}


def add_average(graph: OnnxGraph, raw: str, link: str, axis: int) -> str:
    """Raw scores whose link is the mean of the links of members along an axis, as in `skneural.ops.members`."""
    if link == "identity":
        return graph.reduce("Mean", raw, axis)
    if link == "exp":
        return _log_mean(graph, raw, axis)
    if link == "softmax":
        return _log_mean(graph, graph.op("LogSoftmax", raw, axis=-1), axis)
    positive = graph.op("Neg", add_softplus(graph, graph.op("Neg", raw)))
    negative = graph.op("Neg", add_softplus(graph, raw))
    return graph.op("Sub", _log_mean(graph, positive, axis), _log_mean(graph, negative, axis))


def _log_mean(graph: OnnxGraph, logarithms: str, axis: int) -> str:
    greatest = graph.reduce("Max", logarithms, axis, keepdims=True)
    total = graph.reduce("Mean", graph.op("Exp", graph.op("Sub", logarithms, greatest)), axis)
    return graph.op("Add", graph.op("Log", total), graph.squeeze(greatest, axis))
