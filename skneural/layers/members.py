"""Ensembles of networks with shared parameters (Gorishniy et al. 2025): x is (batch, members, features).

Other layers treat the axis of members like an axis of steps, so that members share their parameters. In training, the
axis has the members to which a row is assigned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skneural.initializers import INITIALIZERS, Initializer, ones, signs, tiled
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer, rescale_linear
from skneural.ops.members import MemberAssignments, assign_members, average_members, linear_members, multiply_members
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree

STARTS: dict[str, Initializer] = {"signs": signs, "ones": ones}


@dataclass(frozen=True)
class MemberFactors(Layer):
    """Multiply the features of each member by separate learned factors.

    x: (batch, features), common to all members, or (batch, members, features); y: (batch, members, features), in
    training with the members to which a row is assigned.

    Parameters
    ----------
    n_members, n_features : int
    start : {"signs", "ones"}, default="signs"
        Initial factors; random signs make members differ.
    members_per_row : int or None, default=None
        Number of members to which each row of a batch is assigned in training, evenly; None for all. The initial
        factors of the first `members_per_row` members are repeated for the others, so that each row trains one member
        of each initialization. All layers of members in a network need the same value.
    input_gradient : bool, default=True
        False in the first layer with parameters, to skip dx.
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
        assignments = _assignments(self, context)
        y, vjp = multiply_members(x, p["factor"], assignments, input_gradient=self.input_gradient)
        return y, lambda dy, g: vjp(dy, g["factor"])

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return self.forward(p, x, PREDICTING)[0]

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_members, self.n_features)


@dataclass(frozen=True)
class MemberOutputs(Layer):
    """Separate output layers of the members; in prediction, the mean of their predictions.

    x: (batch, members, n_in); y: (batch, members, n_out) in training, with the members to which a row is assigned, else
    (batch, n_out): raw scores that `link` maps to the mean of the members' predictions.

    Parameters
    ----------
    n_members, n_in, n_out : int
    link : str, default="identity"
        Name in `skneural.losses.LINKS`.
    initializer : str, default="zeros"
        Name in `skneural.initializers.INITIALIZERS`, of each member's weight.
    members_per_row : int or None, default=None
        Number of members to which each row of a batch is assigned in training; None for all.
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
        assignments = _assignments(self, context)
        y, vjp = linear_members(x, p["weight"], p["bias"], assignments)
        if context.training:
            return y, lambda dy, g: vjp(dy, g["weight"], g["bias"])
        mean, average_vjp = average_members(y, self.link)
        return mean, lambda dy, g: vjp(average_vjp(dy), g["weight"], g["bias"])

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return self.forward(p, x, PREDICTING)[0]

    def output_bias(self, p: Tree) -> Array | None:
        return p["bias"]

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        return rescale_linear(p, factor, shift)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_out)


@dataclass(frozen=True)
class MemberMean(Layer):
    """Mean of members whose outputs are side by side; in training, the outputs of each member.

    x: (batch, n_members * n_out), the outputs of one member after those of another. y: (batch, n_members, n_out) in
    training, else (batch, n_out).
    """

    n_members: int
    n_out: int

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        each = x.reshape(len(x), self.n_members, self.n_out)
        if context.training:
            return each, lambda dy, g: dy.reshape(x.shape)
        mean, vjp = average_members(each, "identity")
        return mean, lambda dy, g: vjp(dy).reshape(x.shape)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_out)


def _assignments(layer: MemberFactors | MemberOutputs, context: Context) -> MemberAssignments:
    """Assignment of the rows of this shard to members; in prediction, all rows are assigned to all members."""
    members_per_row = layer.members_per_row if context.training else None
    first = 0 if context.shard.samples is None else context.shard.samples.rows.start
    return assign_members(layer.n_members, members_per_row or layer.n_members, first)
