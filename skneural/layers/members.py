"""Several members of an ensemble in one network (Gorishniy et al. 2025): x is (batch, members, features).

All other layers take that shape as they take steps: they share their parameters among members. While training, members
are those that see a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skneural.initializers import INITIALIZERS, Initializer, ones, signs, tiled
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops.members import MemberAssignments, assign_members, average_members, linear_members, multiply_members
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree

STARTS: dict[str, Initializer] = {"signs": signs, "ones": ones}


@dataclass(frozen=True)
class MemberFactors(Layer):
    """Multiply the features of each member by learned numbers of its own.

    x: (batch, features), which is where members part, or (batch, members, features); y: (batch, members, features),
    with those members that see a row while training.

    Parameters
    ----------
    n_members, n_features : int
    start : {"signs", "ones"}, default="signs"
        Random signs make members differ from the start.
    members_per_row : int or None, default=None
        Members that see each row of a batch in training; None for all. Rows are dealt out, as many to each member, and
        so many members in turn start alike: whatever a row teaches, it teaches one of each kind. All layers of members
        in a network must be told the same.
    input_gradient : bool, default=True
        False in the first layer of a network that learns, to skip dx.
    """

    n_members: int
    n_features: int
    start: str = "signs"
    members_per_row: int | None = None
    input_gradient: bool = True

    def parameters(self) -> Tree:
        start = tiled(STARTS[self.start], self.members_per_row or self.n_members)
        return {"factor": Parameter((self.n_members, self.n_features), start, penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        deals = _deals(self, context)
        y, vjp = multiply_members(x, p["factor"], deals, input_gradient=self.input_gradient)
        return y, lambda dy, g: vjp(dy, g["factor"])

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return self.forward(p, x, PREDICTING)[0]

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_members, self.n_features)


@dataclass(frozen=True)
class MemberOutputs(Layer):
    """An output layer for each member. Only training tells members apart; predictions are their mean.

    x: (batch, members, n_in); y: (batch, members, n_out) while training, with those members that see a row, else
    (batch, n_out): raw scores whose link is the mean of the members' predictions.

    Parameters
    ----------
    n_members, n_in, n_out : int
    link : str, default="identity"
        Name in `skneural.losses.LINKS`.
    initializer : str, default="zeros"
        Name in `skneural.initializers.INITIALIZERS`, of each member's weight.
    members_per_row : int or None, default=None
        Members that see each row of a batch in training; None for all.
    """

    n_members: int
    n_in: int
    n_out: int
    link: str = "identity"
    initializer: str = "zeros"
    members_per_row: int | None = None

    def parameters(self) -> Tree:
        weight = Parameter((self.n_members, self.n_in, self.n_out), INITIALIZERS[self.initializer])
        return {"weight": weight, "bias": Parameter((self.n_members, self.n_out), penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        deals = _deals(self, context)
        y, vjp = linear_members(x, p["weight"], p["bias"], deals)
        if context.training:
            return y, lambda dy, g: vjp(dy, g["weight"], g["bias"])
        mean, average_vjp = average_members(y, self.link)
        return mean, lambda dy, g: vjp(average_vjp(dy), g["weight"], g["bias"])

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return self.forward(p, x, PREDICTING)[0]

    def output_bias(self, p: Tree) -> Array | None:
        return p["bias"]

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_out)


def _deals(layer: MemberFactors | MemberOutputs, context: Context) -> MemberAssignments:
    """Which members see which rows of this shard: all of them all rows while predicting."""
    members_per_row = layer.members_per_row if context.training else None
    first = 0 if context.samples is None else context.samples.rows.start
    return assign_members(layer.n_members, members_per_row or layer.n_members, first)
