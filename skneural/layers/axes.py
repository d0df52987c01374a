"""Changes of the memory layout, between rows first and batch last, around convolutions and recurrences."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.join_steps import join_steps
from skneural.ops.memory import empty, empty_like, zeros
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class BatchLast(Layer):
    """Move the batch axis of images or series last.

    Images (batch, height, width, channels), or series (batch, steps, channels) as images of height one, become
    (height, channels, width, batch).
    """

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        images = x[:, np.newaxis] if x.ndim == 3 else x

        def backward(dy: Array, g: Tree) -> Any:
            return np.ascontiguousarray(dy.transpose(3, 0, 2, 1)).reshape(x.shape)

        last = images.transpose(1, 3, 2, 0)
        if context.adapting:  # a view is enough for statistics, and they take a third of the time then
            return last, backward
        y = empty_like(last)
        y[...] = last
        return y, backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        height, width = (1, x_shape[1]) if len(x_shape) == 3 else x_shape[1:3]
        return height, x_shape[-1], width, x_shape[0]

    def step(self, p: Tree, x: Array, state: None = None) -> tuple[Any, None]:
        return x.T[np.newaxis], None


@dataclass(frozen=True)
class Flatten(Layer):
    """Flatten images: (height, channels, width, batch) to (batch, height * channels * width).

    The rows are a view; `Dense` multiplies it without a copy.
    """

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        return x.reshape(-1, x.shape[-1]).T, lambda dy, g: dy.T.reshape(x.shape)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        *image, batch = x_shape
        return batch, functools.reduce(operator.mul, image)


@dataclass(frozen=True)
class Unflatten(Layer):
    """Inverse of `Flatten`: (batch, height * channels * width) to (height, channels, width, batch).

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
    """Set padding to zero, as convolutions expect.

    x, y: series (..., steps, batch), or images (height, channels, width, batch).
    """

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        mask = context.mask_behind(x.shape)
        if mask is None:
            return x, lambda dy, g: dy
        return np.multiply(x, mask, out=empty_like(x)), lambda dy, g: np.multiply(dy, mask, out=empty_like(dy))


@dataclass(frozen=True)
class StepsFirst(Layer):
    """Transpose series from (batch, steps, features) to (steps, features, batch), the layout of recurrent layers."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        first = x.transpose(1, 2, 0)
        y = first
        if not context.adapting:  # a view is enough for statistics, and they take a quarter of the time then
            y = empty(first.shape, x.dtype)
            y[...] = first
        return y, lambda dy, g: np.ascontiguousarray(dy.transpose(2, 0, 1))

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[1], x_shape[2], x_shape[0]

    def step(self, p: Tree, x: Array, state: None = None) -> tuple[Any, None]:
        return x.T, None


@dataclass(frozen=True)
class RowsFirst(Layer):
    """View (steps, features, batch), or images (1, features, steps, batch), as (batch, steps, features)."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if x.ndim == 4:
            return x[0].transpose(2, 1, 0), lambda dy, g: np.ascontiguousarray(dy.transpose(2, 1, 0))[np.newaxis]
        return x.transpose(2, 0, 1), lambda dy, g: np.ascontiguousarray(dy.transpose(1, 2, 0))

    def shape(self, x_shape: AnyShape) -> AnyShape:
        if len(x_shape) == 4:
            return x_shape[3], x_shape[2], x_shape[1]
        return x_shape[2], x_shape[0], x_shape[1]

    def step(self, p: Tree, x: Array, state: None = None) -> tuple[Any, None]:
        return (x[0] if x.ndim == 3 else x).T, None


@dataclass(frozen=True)
class ImageColumns(Layer):
    """View images as series of their columns: (height, channels, width, batch) to (width, height * channels, batch)."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        height, channels, width, batch = x.shape

        def backward(dy: Array, g: Tree) -> Any:
            columns = dy.reshape(width, height, channels, batch)
            return np.ascontiguousarray(columns.transpose(1, 2, 0, 3))

        return np.ascontiguousarray(x.transpose(2, 0, 1, 3)).reshape(width, height * channels, batch), backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        height, channels, width, batch = x_shape
        return width, height * channels, batch


@dataclass(frozen=True)
class ImagePositions(Layer):
    """View images as series of their pixels, row by row.

    (height, channels, width, batch) becomes (batch, height * width, channels).
    """

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        height, channels, width, batch = x.shape

        def backward(dy: Array, g: Tree) -> Any:
            pixels = dy.reshape(batch, height, width, channels)
            return np.ascontiguousarray(pixels.transpose(1, 3, 2, 0))

        return np.ascontiguousarray(x.transpose(3, 0, 2, 1)).reshape(batch, height * width, channels), backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        height, channels, width, batch = x_shape
        return batch, height * width, channels


@dataclass(frozen=True)
class JoinSteps(Layer):
    """Join consecutive steps into one of all their features (pyramid of Chan et al. 2016).

    x: (batch, steps, features), or (steps, features, batch) with ``steps_axis=0``. y has ``ceil(steps / n_joined)``
    steps of ``n_joined * features`` features, in the same order of axes.

    Parameters
    ----------
    n_joined : int
    steps_axis : {0, 1}, default=1
    """

    n_joined: int
    steps_axis: int = 1

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        mask = context.mask(x.shape[self.steps_axis])
        if mask is not None:
            mask = mask[:, :, np.newaxis] if self.steps_axis else mask.T[:, np.newaxis]
        y, vjp = join_steps(x, self.n_joined, self.steps_axis, mask)
        return y, lambda dy, g: vjp(dy)

    def output_lengths(self, lengths: Array) -> Array:
        return -(-lengths // self.n_joined)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        y_shape, axis = list(x_shape), self.steps_axis
        y_shape[axis] = (y_shape[axis] + (self.n_joined - 1)) // self.n_joined
        y_shape[axis + 1] = y_shape[axis + 1] * self.n_joined
        return tuple(y_shape)


@dataclass(frozen=True)
class OneStep(Layer):
    """View rows as series of one step: (batch, features) to (batch, 1, features)."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        return x[:, np.newaxis], lambda dy, g: dy[:, 0]

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[0], 1, x_shape[1]


@dataclass(frozen=True)
class RealSteps(Layer):
    """Concatenate the real steps of all series: (batch, steps, features) to (number of real steps, features)."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        real = context.mask(x.shape[1])
        if real is None:
            return x.reshape(-1, x.shape[2]), lambda dy, g: dy.reshape(x.shape)

        def backward(dy: Array, g: Tree) -> Any:
            dx = zeros(x.shape, x.dtype)
            dx[real] = dy
            return dx

        return x[real], backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        """Shape of y without padding; padded series have fewer rows."""
        batch, steps, n_features = x_shape
        return batch * steps, n_features

    def step(self, p: Tree, x: Array, state: None = None) -> tuple[Any, None]:
        return x, None


@dataclass(frozen=True)
class ChosenSteps(RealSteps):
    """Concatenate the steps that the container selects; all real steps if it selects none.

    If few steps have targets, as in masked language models, scores are computed for these only. The container provides
    the selection as `context.batch.structure`, a boolean array of shape (batch, steps).
    """

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        chosen = context.batch.structure
        if chosen is None:
            return super().forward(p, x, context)

        def backward(dy: Array, g: Tree) -> Any:
            dx = zeros(x.shape, x.dtype)
            dx[chosen] = dy
            return dx

        return x[chosen], backward
