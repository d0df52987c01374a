"""Fully connected layers, and biases as separate layers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import initializer_of, uniform, zeros
from skneural.layers.layer import AnyShape, Backward, Context, Layer, rescale_linear, step_axis
from skneural.ops.linear import linear
from skneural.ops.normalize import add_bias
from skneural.ops.types import Array, Matrix
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class Bias(Layer):
    """Add a bias to each feature.

    Parameters
    ----------
    n_features : int
    axis : int, default=-1
        Axis of the features in x: -1 with rows first, 1 with the batch last.
    """

    n_features: int
    axis: int = -1

    stepwise: ClassVar[bool] = True

    def parameters(self) -> Tree:
        return {"bias": Parameter((self.n_features,), penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = add_bias(x, p["bias"], axis=self.axis)
        return y, lambda dy, g: vjp(dy, g["bias"])

    def output_bias(self, p: Tree) -> Array | None:
        return p["bias"]

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        p["bias"][...] = p["bias"] * factor + shift
        return np.zeros_like(shift)

    def step(self, p: Tree, x: Array, state: None = None) -> tuple[Any, None]:
        return replace(self, axis=step_axis(self.axis, x.ndim)).predict(p, x), None


@dataclass(frozen=True)
class BiasAndSpread(Layer):
    """Add a bias to each feature, and append a column with a learned spread that is equal for all rows.

    x: (rows, n_features); y: (rows, n_features + 1), the input of `skneural.losses.GaussianLoss`.

    Parameters
    ----------
    n_features : int
    """

    n_features: int

    def parameters(self) -> Tree:
        return {"bias": Parameter((self.n_features + 1,), penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        bias = p["bias"]
        y = np.empty((len(x), self.n_features + 1), x.dtype)
        np.add(x, bias[:-1], out=y[:, :-1])
        y[:, -1] = bias[-1]

        def backward(dy: Array, g: Tree) -> Any:
            np.add.reduce(dy, axis=0, out=g["bias"])
            return dy[:, :-1]

        return y, backward

    def output_bias(self, p: Tree) -> Array | None:
        return p["bias"]

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        p["bias"][:-1] = p["bias"][:-1] * factor + shift
        return np.zeros_like(shift)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[0], self.n_features + 1


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected layer, y = x @ weight + bias. x: (..., n_in), dense or CSR; y: (..., n_out).

    Parameters
    ----------
    n_in, n_out : int
    initializer : str or float, default="glorot_uniform"
        Name in `skneural.initializers.INITIALIZERS`, or standard deviation of the initial weights.
    bias : {"uniform", "zeros", None}, default="zeros"
        Initial bias. "uniform" draws it from [-1 / sqrt(n_in), 1 / sqrt(n_in)], so that the kinks of ReLU units are
        not all at the origin. With None there is no bias.
    input_gradient : bool, default=True
        False in the first layer of a network, to skip dx.
    """

    n_in: int
    n_out: int
    initializer: str | float = "glorot_uniform"
    bias: str | None = "zeros"
    input_gradient: bool = True

    stepwise: ClassVar[bool] = True

    def parameters(self) -> Tree:
        weight = Parameter((self.n_in, self.n_out), initializer_of(self.initializer))
        if self.bias is None:
            return {"weight": weight}
        start = zeros if self.bias == "zeros" else uniform(1 / math.sqrt(self.n_in))
        return {"weight": weight, "bias": Parameter((self.n_out,), start, penalized=False)}

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        y, vjp = linear(x, p["weight"], p.get("bias"), input_gradient=self.input_gradient)
        return y, lambda dy, g: vjp(dy, g["weight"], g.get("bias"))

    def output_bias(self, p: Tree) -> Array | None:
        return p.get("bias")

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        return rescale_linear(p, factor, shift)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], self.n_out)
