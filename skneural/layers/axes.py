"""From rows first to batch last and back: what stands at the ends of a stack of convolutions or recurrences."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.memory import empty, empty_like, zeros
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class BatchLast(Layer):
    """Images (batch, height, width, channels) or series (batch, steps, channels) to (height, channels, width, batch).

    A series becomes an image of height one.
    """

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        images = x[:, np.newaxis] if x.ndim == 3 else x

        def backward(dy: Any, g: Tree) -> Any:
            return np.ascontiguousarray(dy.transpose(3, 0, 2, 1)).reshape(x.shape)

        last = images.transpose(1, 3, 2, 0)
        y = empty_like(last)
        y[...] = last
        return y, backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        height, width = (1, x_shape[1]) if len(x_shape) == 3 else x_shape[1:3]
        return height, x_shape[-1], width, x_shape[0]

    def step(self, p: Tree, x: Array, state: Any = None) -> tuple[Any, Any]:
        return x.T[np.newaxis], None


@dataclass(frozen=True)
class Flatten(Layer):
    """All numbers of an image in one row: (height, channels, width, batch) to (batch, height * channels * width).

    The rows are a view, which `Dense` multiplies as it is.
    """

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        return x.reshape(-1, x.shape[-1]).T, lambda dy, g: dy.T.reshape(x.shape)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        *image, batch = x_shape
        return batch, None if None in image else math.prod(image)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Unflatten(Layer):
    """Images of rows: (batch, height * channels * width) to (height, channels, width, batch), which undoes `Flatten`.

    Parameters
    ----------
    height, channels, width : int
    """

    height: int
    channels: int
    width: int

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y = empty((self.height, self.channels, self.width, len(x)), x.dtype)
        y.reshape(-1, len(x))[...] = x.T
        return y, lambda dy, g: dy.reshape(-1, len(x)).T

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return self.height, self.channels, self.width, x_shape[0]


@dataclass(frozen=True)
class Mask(Layer):
    """Zeros beyond the end of each series, which is what a convolution expects there. x, y: (..., steps, batch)."""

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        mask = context.mask(x.shape[-2])
        if mask is None:
            return x, lambda dy, g: dy
        mask = mask.T
        return np.multiply(x, mask, out=empty_like(x)), lambda dy, g: np.multiply(dy, mask, out=empty_like(dy))


@dataclass(frozen=True)
class StepsFirst(Layer):
    """Series (batch, steps, features) to (steps, features, batch), as recurrences take them."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y = empty((*x.shape[1:], len(x)), x.dtype)
        y[...] = x.transpose(1, 2, 0)
        return y, lambda dy, g: np.ascontiguousarray(dy.transpose(2, 0, 1))

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[1], x_shape[2], x_shape[0]

    def step(self, p: Tree, x: Array, state: Any = None) -> tuple[Any, Any]:
        return x.T, None


@dataclass(frozen=True)
class RowsFirst(Layer):
    """From (steps, features, batch), or images (1, features, steps, batch), to (batch, steps, features), as a view."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if x.ndim == 4:
            return x[0].transpose(2, 1, 0), lambda dy, g: np.ascontiguousarray(dy.transpose(2, 1, 0))[np.newaxis]
        return x.transpose(2, 0, 1), lambda dy, g: np.ascontiguousarray(dy.transpose(1, 2, 0))

    def shape(self, x_shape: AnyShape) -> AnyShape:
        if len(x_shape) == 4:
            return x_shape[3], x_shape[2], x_shape[1]
        return x_shape[2], x_shape[0], x_shape[1]

    def step(self, p: Tree, x: Array, state: Any = None) -> tuple[Any, Any]:
        return (x[0] if x.ndim == 3 else x).T, None


@dataclass(frozen=True)
class RealSteps(Layer):
    """One row for each real step: (batch, steps, features) to (steps of all series, features), series by series."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        real = context.mask(x.shape[1])
        if real is None:
            return x.reshape(-1, x.shape[2]), lambda dy, g: dy.reshape(x.shape)

        def backward(dy: Any, g: Tree) -> Any:
            dx = zeros(x.shape, x.dtype)
            dx[real] = dy
            return dx

        return x[real], backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        """Where lengths differ, there are fewer rows than this."""
        batch, steps, n_features = x_shape
        return None if batch is None or steps is None else batch * steps, n_features

    def step(self, p: Tree, x: Array, state: Any = None) -> tuple[Any, Any]:
        return x, None
