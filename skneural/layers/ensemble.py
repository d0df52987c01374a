"""Ensembles of separate networks as one network, whose parameters are those of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skneural.layers.combinators import Composite, sum_of_paths
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops.concatenate import concatenate
from skneural.ops.members import average_members
from skneural.ops.types import Array, Arrays
from skneural.parameters import Tree


@dataclass(frozen=True, init=False, repr=False)
class Ensemble(Composite):
    """Apply every network to x; in prediction, average their predictions, and in training, return those of each.

    y: (batch, members, n_out) in training, for `skneural.losses.MemberLoss`, where a network that is an ensemble itself
    contributes all of its members; else (batch, n_out): raw scores that `link` maps to the mean of the networks'
    predictions.

    Parameters
    ----------
    *networks, **named : Layer
        As for `Composite`.
    link : str, default="identity"
        Name in `skneural.losses.LINKS`.
    """

    link: str = "identity"

    def __init__(self, *networks: Layer | Mapping[str, Layer], link: str = "identity", **named: Layer) -> None:
        super().__init__(*networks, **named)
        object.__setattr__(self, "link", link)

    def forward(self, p: Tree, x: Arrays, context: Context) -> tuple[Any, Backward]:
        passes = [network.forward(p[name], x, context) for name, network in self.parts]
        each, vjp = concatenate([_by_member(y) for y, _ in passes], 1)
        mean, average_vjp = (each, None) if context.training else average_members(each, self.link)

        def backward(dy: Array, g: Tree) -> Any:
            d_each = vjp(dy if average_vjp is None else average_vjp(dy))
            backwards = zip(self.parts, passes, d_each, strict=True)
            return sum_of_paths(
                *(
                    network_backward(part.reshape(y.shape), g[name])
                    for (name, _), (y, network_backward), part in backwards
                )
            )

        return mean, backward

    def predict(self, p: Tree, x: Arrays, context: Context = PREDICTING) -> Any:
        each = [_by_member(network.predict(p[name], x, context)) for name, network in self.parts]
        return average_members(concatenate(each, 1)[0], self.link)[0]

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        for name, network in self.parts:
            if network.rescale_output(p[name], factor, shift) is not None:
                raise NotImplementedError(f"The network {name} of an Ensemble must end in an output layer")
        return None

    def shape(self, x_shape: AnyShape) -> AnyShape:
        shapes = [network.shape(x_shape) for network in self.layers]
        return shapes[0]


def _by_member(y: Array) -> Array:
    """Outputs with an axis of members, of which a single network is one."""
    return y if y.ndim == 3 else y.reshape(len(y), 1, -1)
