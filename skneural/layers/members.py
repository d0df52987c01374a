"""Several members of an ensemble in one network (Gorishniy et al. 2025): x is (batch, members, features).

All other layers take that shape as they take steps: they share their parameters among members.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skneural.initializers import INITIALIZERS, Initializer, ones, signs
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops.members import average_members, linear_members, multiply_members
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree

STARTS: dict[str, Initializer] = {"signs": signs, "ones": ones}


@dataclass(frozen=True)
class MemberFactors(Layer):
    """Multiply the features of each member by learned numbers of its own.

    x: (batch, features), which is where members part, or (batch, members, features); y: (batch, members, features).

    Parameters
    ----------
    n_members, n_features : int
    start : {"signs", "ones"}, default="signs"
        Random signs make members differ from the start.
    input_gradient : bool, default=True
        False in the first layer of a network that learns, to skip dx.
    """

    n_members: int
    n_features: int
    start: str = "signs"
    input_gradient: bool = True

    def parameters(self) -> Tree:
        return {"factor": Parameter((self.n_members, self.n_features), STARTS[self.start], penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = multiply_members(x, p["factor"], input_gradient=self.input_gradient)
        return y, lambda dy, g: vjp(dy, g["factor"])

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_members, self.n_features)


@dataclass(frozen=True)
class MemberOutputs(Layer):
    """An output layer for each member. Only training tells members apart; predictions are their mean.

    x: (batch, members, n_in); y: (batch, members, n_out) while training, else (batch, n_out): raw scores whose link is
    the mean of the members' predictions.

    Parameters
    ----------
    n_members, n_in, n_out : int
    link : str, default="identity"
        Name in `skneural.losses.LINKS`.
    initializer : str, default="zeros"
        Name in `skneural.initializers.INITIALIZERS`, of each member's weight.
    """

    n_members: int
    n_in: int
    n_out: int
    link: str = "identity"
    initializer: str = "zeros"

    def parameters(self) -> Tree:
        weight = Parameter((self.n_members, self.n_in, self.n_out), INITIALIZERS[self.initializer])
        return {"weight": weight, "bias": Parameter((self.n_members, self.n_out), penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = linear_members(x, p["weight"], p["bias"])
        if context.training:
            return y, lambda dy, g: vjp(dy, g["weight"], g["bias"])
        mean, average_vjp = average_members(y, self.link)
        return mean, lambda dy, g: vjp(average_vjp(dy), g["weight"], g["bias"])

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return average_members(linear_members(x, p["weight"], p["bias"])[0], self.link)[0]

    def output_bias(self, p: Tree) -> Array | None:
        return p["bias"]

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_out)
