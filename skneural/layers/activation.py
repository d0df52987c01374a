"""Activations as layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from skneural.layers.layer import Backward, Context, Layer
from skneural.ops.pointwise import ACTIVATIONS, AnyActivation, activation_function, limited
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class Activation(Layer):
    """Apply a function to each element. x, y: any shape.

    Parameters
    ----------
    function : str or ActivationFunction
        Name in `skneural.ops.pointwise.ACTIVATIONS`, or another function with its derivative.
    """

    function: AnyActivation

    stepwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if isinstance(self.function, str) and self.function not in ACTIVATIONS:
            raise ValueError(f"{self.function!r} is no activation function; there are {', '.join(ACTIVATIONS)}.")

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = activation_function(self.function)(x)
        return y, lambda dy, g: vjp(dy)


@dataclass(frozen=True)
class Limit(Layer):
    """Clip each element to [-limit, limit].

    Parameters
    ----------
    limit : float
    """

    limit: float

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = limited(x, self.limit)
        return y, lambda dy, g: vjp(dy)
