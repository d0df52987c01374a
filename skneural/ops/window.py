"""How a kernel or a pooling window moves over images that lie as ``(height, channels, width, batch)``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.types import Array

Pair = tuple[int, int]
Shape = tuple[int, ...]
KnownOrNot = tuple[int | None, ...]


class Window(NamedTuple):
    """A rectangle and its steps; of each pair, the first number is along the height, the second along the width.

    Attributes
    ----------
    size : pair of int
    stride : pair of int
        From one position of the window to the next.
    dilation : pair of int
        From one element of the window to the next.
    before, after : pair of int
        Rows and columns of padding: above and to the left, below and to the right.
    """

    size: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    before: Pair = (0, 0)
    after: Pair = (0, 0)

    @classmethod
    def over(cls, shape: Shape, size: Pair, stride: Pair, dilation: Pair, padding: str) -> Window:
        """The window for images of the given shape with "same", "causal" or "valid" padding.

        "same" pads so that there are ``ceil(n / stride)`` positions; if the padding is odd, the greater half is after.
        "causal" has as many, but all padding of the width on the left: no position sees a column right of its own.
        """
        if padding == "valid":
            window = cls(size, stride, dilation)
            if shape[0] <= window.reach[0] or shape[2] <= window.reach[1]:
                raise ValueError(f"{window} does not fit into an image of {shape[0]} x {shape[2]}.")
            return window
        along = [_same(shape[axis], size[i], stride[i], dilation[i]) for i, axis in enumerate((0, 2))]
        if padding == "causal":
            along[1] = dilation[1] * (size[1] - 1), 0
        return cls(size, stride, dilation, (along[0][0], along[1][0]), (along[0][1], along[1][1]))

    @property
    def reach(self) -> Pair:
        """Rows and columns from the first element of the window to its last."""
        return self.dilation[0] * (self.size[0] - 1), self.dilation[1] * (self.size[1] - 1)

    def output_shape(self, shape: Shape, channels: int) -> Shape:
        """Shape of what is computed from images of the given shape, without their padding."""
        height, width = (
            (shape[axis] + self.before[i] + self.after[i] - self.reach[i] - 1) // self.stride[i] + 1
            for i, axis in enumerate((0, 2))
        )
        return height, channels, width, shape[3]

    def taps(self, height: int, width: int) -> Iterator[tuple[Pair, slice, slice]]:
        """Each element of the window, and which rows and columns of padded images it meets.

        `height` and `width` count the positions of the window.
        """
        for i in range(self.size[0]):
            rows = every(i * self.dilation[0], self.stride[0], height)
            for j in range(self.size[1]):
                yield (i, j), rows, every(j * self.dilation[1], self.stride[1], width)

    def padded(self, x: Array, fill: float = 0.0) -> Array:
        """Images with the padding in place; contiguous."""
        if self.before == self.after == (0, 0):
            return np.ascontiguousarray(x)
        image = empty(self.padded_shape(x.shape), x.dtype)
        image.fill(fill)
        self.without_padding(image, x.shape)[...] = x
        return image

    def padded_shape(self, shape: Shape) -> Shape:
        height, channels, width, batch = shape
        (top, left), (bottom, right) = self.before, self.after
        return top + height + bottom, channels, left + width + right, batch

    def without_padding(self, image: Array, shape: Shape) -> Array:
        """The part of padded images that `padded` took from images of the given shape."""
        top, left = self.before
        return image[top : top + shape[0], :, left : left + shape[2]]


def shape_behind(
    shape: KnownOrNot, channels: int | None, size: Pair, stride: Pair, dilation: Pair, padding: str
) -> KnownOrNot:
    """Shape of what a window of `Window.over` makes of images of the given shape, in which numbers may be None."""
    height, width = (_positions(shape[2 * i], size[i], stride[i], dilation[i], padding) for i in (0, 1))
    return height, channels, width, shape[3]


def _positions(n: int | None, size: int, stride: int, dilation: int, padding: str) -> int | None:
    if n is None:
        return None
    return math.ceil((n - dilation * (size - 1) if padding == "valid" else n) / stride)


def _same(n: int, size: int, stride: int, dilation: int) -> Pair:
    total = max((math.ceil(n / stride) - 1) * stride + dilation * (size - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def every(start: int, stride: int, n: int) -> slice:
    """The `n` places start, start + stride, ..."""
    return slice(start, start + stride * (n - 1) + 1, stride)
