"""Normalization of each row over its features, as before every sublayer of Transformers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from skneural.initializers import ones
from skneural.layers.layer import Backward, Context, Layer, step_axis
from skneural.ops.layer_normalize import layer_normalize, rms_normalize
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class LayerNormalization(Layer):
    """Centre and scale each row over its features (Ba, Kiros and Hinton 2016).

    Training and prediction are the same, and rows are independent.

    Parameters
    ----------
    n_features : int
    epsilon : float, default=1e-5
        Added to the variance.
    axis : int, default=-1
        Axis of the features in x: -1 with rows first, 1 with the batch last.
    """

    n_features: int
    epsilon: float = 1e-5
    axis: int = -1

    stepwise: ClassVar[bool] = True

    def parameters(self) -> Tree:
        shape = (self.n_features,)
        return {"gamma": Parameter(shape, ones, penalized=False), "beta": Parameter(shape, penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = layer_normalize(x, p["gamma"], p["beta"], self.epsilon, axis=self.axis)
        return y, lambda dy, g: vjp(dy, g["gamma"], g["beta"])

    def step(self, p: Tree, x: Array, state: None = None) -> tuple[Any, None]:
        return replace(self, axis=step_axis(self.axis, x.ndim)).predict(p, x), None


@dataclass(frozen=True)
class RMSNormalization(Layer):
    """Divide each row by the root mean square of its features (Zhang and Sennrich 2019).

    Two passes fewer than `LayerNormalization`, as nothing is centred or shifted.

    Parameters
    ----------
    n_features : int
    epsilon : float, default=1e-5
        Added to the mean square.
    axis : int, default=-1
        Axis of the features in x: -1 with rows first, 1 with the batch last.
    """

    n_features: int
    epsilon: float = 1e-5
    axis: int = -1

    stepwise: ClassVar[bool] = True

    def parameters(self) -> Tree:
        return {"gamma": Parameter((self.n_features,), ones, penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = rms_normalize(x, p["gamma"], self.epsilon, axis=self.axis)
        return y, lambda dy, g: vjp(dy, g["gamma"])

    def step(self, p: Tree, x: Array, state: None = None) -> tuple[Any, None]:
        return replace(self, axis=step_axis(self.axis, x.ndim)).predict(p, x), None
