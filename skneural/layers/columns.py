"""Layers for the columns of tables: selection, missing values and categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import normal
from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.columns import embed_categories, fill_missing, is_missing, one_hot
from skneural.ops.memory import zeros
from skneural.ops.pointwise import clip_smoothly
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class Columns(Layer):
    """Select columns. x: (..., features); y: (..., len(numbers)).

    Parameters
    ----------
    numbers : tuple of int, or range
        Indices of the columns, without repetition. An ascending range is selected without a copy.
    """

    numbers: tuple[int, ...] | range

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        which = self.numbers
        columns = slice(which.start, which.stop, which.step) if isinstance(which, range) else list(which)

        def backward(dy: Array, g: Tree) -> Array:
            dx = zeros(x.shape, x.dtype)
            dx[..., columns] = dy
            return dx

        return x[..., columns], backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], len(self.numbers))


@dataclass(frozen=True)
class MissingIndicator(Layer):
    """Indicate missing values: one for NaN, zero otherwise. x, y: any shape."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        return is_missing(x), lambda dy, g: np.zeros_like(dy)


@dataclass(frozen=True)
class FillMissing(Layer):
    """Replace missing values (NaN) by zero, the centre after a centring layer. x, y: any shape.

    Missing values remain NaN while later layers adapt to the training data, so that statistics ignore them.
    """

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if context.adapting:
            return x, lambda dy, g: dy
        y, vjp = fill_missing(x)
        return y, lambda dy, g: vjp(dy)


@dataclass(frozen=True)
class SmoothClip(Layer):
    """Clip smoothly to [-bound, bound], close to the identity around zero (Holzmueller et al. 2024).

    x, y: any shape.
    """

    bound: float = 3.0

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = clip_smoothly(x, self.bound)
        return y, lambda dy, g: vjp(dy)


@dataclass(frozen=True)
class OneHot(Layer):
    """One-hot encoding of categories. x: (batch, features); y: (batch, sum of sizes).

    Parameters
    ----------
    sizes : tuple of int
        Number of categories of each feature, which x numbers from 0. Other numbers, such as -1, are encoded as zeros.
    """

    sizes: tuple[int, ...]

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        return one_hot(x, self.sizes), lambda dy, g: np.zeros_like(x)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], sum(self.sizes))


@dataclass(frozen=True)
class CategoryEmbedding(Layer):
    """Learned embedding of categories. x: (batch, features); y: (batch, features * size).

    Parameters
    ----------
    sizes : tuple of int
        Number of categories of each feature, which x numbers from 0. Negative numbers are embedded as zeros.
    size : int
        Size of the embedding vectors.
    input_gradient : bool, default=True
        False in the first layer with parameters: `backward` then returns None instead of zeros.
    """

    sizes: tuple[int, ...]
    size: int
    input_gradient: bool = True

    def parameters(self) -> Tree:
        return {"table": Parameter((sum(self.sizes), self.size), normal(1.0), penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = embed_categories(x, p["table"], self.sizes)

        def backward(dy: Array, g: Tree) -> Array | None:
            vjp(dy, g["table"])
            return np.zeros_like(x) if self.input_gradient else None

        return y, backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], len(self.sizes) * self.size)
