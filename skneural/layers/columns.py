"""What stands in the columns of a table: numbers, missing ones among them, and categories by their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import normal
from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.embedding import embedding
from skneural.ops.memory import zeros
from skneural.ops.pointwise import clip_smoothly
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class Columns(Layer):
    """Some columns of x. x: (..., features); y: (..., len(numbers)).

    Parameters
    ----------
    numbers : tuple of int, or range
        Of the columns, each once. Those of a range, which must ascend, are not copied.
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
    """One where a number is missing (NaN), zero elsewhere. x, y: any one shape."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        return np.isnan(x).astype(x.dtype), lambda dy, g: np.zeros_like(dy)


@dataclass(frozen=True)
class FillMissing(Layer):
    """Zero where a number is missing (NaN): behind a centring layer, that is the centre. x, y: any one shape."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        missing = np.isnan(x)
        return np.where(missing, 0.0, x).astype(x.dtype, copy=False), lambda dy, g: np.where(missing, 0.0, dy).astype(
            dy.dtype, copy=False
        )


@dataclass(frozen=True)
class SmoothClip(Layer):
    """Leave numbers around zero, and let none go beyond `bound` (Holzmueller et al. 2024). x, y: any one shape."""

    bound: float = 3.0

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = clip_smoothly(x, self.bound)
        return y, lambda dy, g: vjp(dy)


@dataclass(frozen=True)
class OneHot(Layer):
    """A one for the category of each feature, among zeros. x: (batch, features); y: (batch, sum of sizes).

    Parameters
    ----------
    sizes : tuple of int
        Categories of each feature; x numbers them from 0. Zeros alone stand for any other number, such as -1.
    """

    sizes: tuple[int, ...]

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        feature = np.repeat(np.arange(len(self.sizes)), self.sizes)
        category = np.concatenate([np.arange(size) for size in self.sizes])
        return (np.rint(x)[:, feature] == category).astype(x.dtype), lambda dy, g: np.zeros_like(x)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], sum(self.sizes))


@dataclass(frozen=True)
class CategoryEmbedding(Layer):
    """A learned vector for the category of each feature. x: (batch, features); y: (batch, features * size).

    Parameters
    ----------
    sizes : tuple of int
        Categories of each feature; x numbers them from 0. A negative number has zeros for its vector.
    size : int
        Of the vectors.
    input_gradient : bool, default=True
        False in the first layer of a network that learns: dx, which is zero, is None then.
    """

    sizes: tuple[int, ...]
    size: int
    input_gradient: bool = True

    def parameters(self) -> Tree:
        return {"table": Parameter((sum(self.sizes), self.size), normal(1.0), penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        first = np.array([0, *accumulate(self.sizes)][:-1])
        category = np.rint(x).astype(np.intp)
        known = (category >= 0)[:, :, np.newaxis]
        vectors, vjp = embedding(np.maximum(category, 0) + first, p["table"])

        def backward(dy: Array, g: Tree) -> Array | None:
            vjp(dy.reshape(vectors.shape) * known, g["table"])
            return np.zeros_like(x) if self.input_gradient else None

        return (vectors * known).reshape(len(x), -1), backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], len(self.sizes) * self.size)
