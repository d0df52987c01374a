"""Pooling of images and series in the batch-last layout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.pooling import average_pooling, global_average_pooling, global_max_pooling, max_pooling
from skneural.ops.step_pooling import pooled_so_far
from skneural.ops.types import Array
from skneural.ops.window import Pair, Window, shape_behind
from skneural.parameters import Tree

WINDOWED = {"max": max_pooling, "average": average_pooling}
GLOBAL = {"max": global_max_pooling, "average": global_average_pooling}


@dataclass(frozen=True)
class Pooling(Layer):
    """Maximum or mean of each window. x: (height, channels, width, batch).

    Padding is excluded from the windows.

    Parameters
    ----------
    function : {"max", "average"}, default="max"
    size : pair of int, default=(2, 2)
    stride : pair of int, default=(2, 2)
        Series need a stride of (1, 1), which keeps the number of steps.
    padding : {"same", "valid"}, default="valid"
    """

    function: str = "max"
    size: Pair = (2, 2)
    stride: Pair = (2, 2)
    padding: str = "valid"

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        window = Window.over(x.shape, self.size, self.stride, (1, 1), self.padding)
        mask = _mask(x, context)
        if mask is None:
            y, vjp = WINDOWED[self.function](x, window)
            return y, lambda dy, g: vjp(dy)
        if self.function == "average":
            raise ValueError("average pooling of series of unequal lengths is not defined here")
        y, vjp = max_pooling(np.where(mask, x, x.dtype.type(-math.inf)), window)
        y = np.where(mask, y, x.dtype.type(0))
        return y, lambda dy, g: vjp(dy * mask)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return shape_behind(x_shape, x_shape[1], self.size, self.stride, (1, 1), self.padding)


@dataclass(frozen=True)
class GlobalPooling(Layer):
    """Maximum or mean of each channel. x: (height, channels, width, batch); y: (batch, channels).

    Padding is ignored.

    Parameters
    ----------
    function : {"average", "max"}, default="average"
    """

    function: str = "average"

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = GLOBAL[self.function](x, _mask(x, context))
        return y, lambda dy, g: vjp(dy)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[3], x_shape[1]

    def step(self, p: Tree, x: Array, state: tuple[int, Array] | None = None) -> tuple[Array, tuple[int, Array]]:
        over_height = x.mean(axis=0) if self.function == "average" else x.max(axis=0)
        return pooled_so_far("mean" if self.function == "average" else "max", over_height.T, state)


def _mask(x: Array, context: Context) -> Array | None:
    """Mask of the real columns of batch-last series, of shape (width, batch); None if all are real."""
    mask = context.mask(x.shape[2])
    return None if mask is None else mask.T
