"""Pooling of the steps of series. x: (batch, steps, features); y: (batch, features)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from skneural.initializers import glorot_uniform, uniform
from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.step_pooling import (
    attention_pooling,
    attention_so_far,
    first_step,
    last_step,
    max_of_steps,
    mean_of_steps,
    pooled_so_far,
)
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree

PooledSteps: TypeAlias = tuple[int, Array]  # number of steps so far, and their pooled value
AttentionSums: TypeAlias = tuple[Array, Array, Array]  # see `attention_so_far`

POOLINGS = {"first": first_step, "last": last_step, "mean": mean_of_steps, "max": max_of_steps}


@dataclass(frozen=True)
class StepPooling(Layer):
    """First step, last step, or mean or maximum of all steps of each series.

    Parameters
    ----------
    function : {"first", "last", "mean", "max"}, default="last"
    """

    function: str = "last"

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = POOLINGS[self.function](x, context.mask(x.shape[1]))
        return y, lambda dy, g: vjp(dy)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[0], x_shape[2]

    def step(self, p: Tree, x: Array, state: PooledSteps | None = None) -> tuple[Array, PooledSteps]:
        return pooled_so_far(self.function, x, state)


@dataclass(frozen=True)
class AttentionPooling(Layer):
    """Weighted mean of the steps, with weights from learned attention scores (Yang et al. 2016).

    The weights, of shape (batch, steps), are noted in the context as "pooling".

    Parameters
    ----------
    n_features : int
    n_hidden : int
        Hidden units of the score function.
    """

    n_features: int
    n_hidden: int

    def parameters(self) -> Tree:
        return {
            "weight": Parameter((self.n_features, self.n_hidden), glorot_uniform),
            "bias": Parameter((self.n_hidden,), penalized=False),
            "query": Parameter((self.n_hidden,), uniform(self.n_hidden**-0.5)),
        }

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        attended = attention_pooling(x, p["weight"], p["bias"], p["query"], context.mask(x.shape[1]))
        context.note("pooling", attended.shares)
        return attended.y, lambda dy, g: attended.vjp(dy, g["weight"], g["bias"], g["query"])

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[0], x_shape[2]

    def step(self, p: Tree, x: Array, state: AttentionSums | None = None) -> tuple[Array, AttentionSums]:
        return attention_so_far(x, p["weight"], p["bias"], p["query"], state)
