"""Tokens to vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from skneural.initializers import uniform
from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.embedding import embedding
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class Embedding(Layer):
    """A learned vector for each token. x: integers (batch, steps); y: (batch, steps, size).

    It is the first layer of a network: tokens have no gradient.

    Parameters
    ----------
    vocabulary_size : int
        Tokens are numbered from 0 to ``vocabulary_size - 1``.
    size : int
    """

    vocabulary_size: int
    size: int

    stepwise: ClassVar[bool] = True

    def parameters(self) -> Tree:
        # Uniform over [-0.25, 0.25], as in Kim 2014.
        return {"table": Parameter((self.vocabulary_size, self.size), uniform(0.25))}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = embedding(x, p["table"])
        return y, lambda dy, g: vjp(dy, g["table"])

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape, self.size)
