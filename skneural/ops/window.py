"""Geometry of the windows of convolution and pooling, over images of shape ``(height, channels, width, batch)``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skneural.ops.dimension import Size
from skneural.ops.memory import empty
from skneural.ops.types import Array

Pair = tuple[int, int]
ImageShape = tuple[int, ...]
SymbolicShape = tuple[Size, ...]


class Window(NamedTuple):
    """A rectangular window and its strides. Pairs are (along the height, along the width).

    Attributes
    ----------
    size : pair of int
    stride : pair of int
        Distance from one position of the window to the next.
    dilation : pair of int
        Distance from one element of the window to the next.
    before, after : pair of int
        Rows and columns of padding above and to the left, and below and to the right.
    """

    size: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    before: Pair = (0, 0)
    after: Pair = (0, 0)

    @classmethod
    def over(cls, shape: ImageShape, size: Pair, stride: Pair, dilation: Pair, padding: str) -> Window:
        """The window for images of this shape with "same", "causal" or "valid" padding.

        "same" pads so that there are ``ceil(n / stride)`` positions; if the padding is odd, the larger half is `after`.
        "causal" has as many positions, but all padding of the width is on the left: no output depends on columns to its
        right.
        """
        if padding == "valid":
            window = cls(size, stride, dilation)
            if shape[0] <= window.reach[0] or shape[2] <= window.reach[1]:
                raise ValueError(
                    f"A window of size {size[0]} x {size[1]} with dilation {dilation[0]} x {dilation[1]} "
                    f"does not fit into an image of {shape[0]} x {shape[2]}. Use a smaller window, larger images or "
                    "padding."
                )
            return window
        along = [_same(shape[axis], size[i], stride[i], dilation[i]) for i, axis in enumerate((0, 2))]
        if padding == "causal":
            along[1] = dilation[1] * (size[1] - 1), 0
        return cls(size, stride, dilation, (along[0][0], along[1][0]), (along[0][1], along[1][1]))

    @property
    def reach(self) -> Pair:
        """Distance in rows and columns from the first element of the window to its last."""
        return self.dilation[0] * (self.size[0] - 1), self.dilation[1] * (self.size[1] - 1)

    def output_shape(self, shape: ImageShape, channels: int) -> ImageShape:
        """Output shape for images of this shape, given without padding."""
        height, width = (
            (shape[axis] + self.before[i] + self.after[i] - self.reach[i] - 1) // self.stride[i] + 1
            for i, axis in enumerate((0, 2))
        )
        return height, channels, width, shape[3]

    def taps(self, height: int, width: int) -> Iterator[tuple[Pair, slice, slice]]:
        """Iterate over the elements of the window, each with the rows and columns of padded images that it covers.

        `height` and `width` are the numbers of positions of the window.
        """
        for i in range(self.size[0]):
            rows = every(i * self.dilation[0], self.stride[0], height)
            for j in range(self.size[1]):
                yield (i, j), rows, every(j * self.dilation[1], self.stride[1], width)

    def padded(self, x: Array, fill: float = 0.0) -> Array:
        """Pad images; the result is contiguous."""
        if self.before == self.after == (0, 0):
            return np.ascontiguousarray(x)
        image = empty(self.padded_shape(x.shape), x.dtype)
        (top, left), (bottom, right) = self.before, self.after
        image[:top] = image[len(image) - bottom :] = fill
        image[:, :, :left] = image[:, :, image.shape[2] - right :] = fill
        self.without_padding(image, x.shape)[...] = x
        return image

    def padded_shape(self, shape: ImageShape) -> ImageShape:
        """Shape of padded images."""
        height, channels, width, batch = shape
        (top, left), (bottom, right) = self.before, self.after
        return top + height + bottom, channels, left + width + right, batch

    def without_padding(self, image: Array, shape: ImageShape) -> Array:
        """View of padded images without their padding; `shape` is the shape before padding."""
        top, left = self.before
        return image[top : top + shape[0], :, left : left + shape[2]]


def shape_behind(
    shape: SymbolicShape, channels: Size, size: Pair, stride: Pair, dilation: Pair, padding: str
) -> SymbolicShape:
    """Output shape of a window of `Window.over` for images of this shape, in which dimensions may be symbolic."""
    height, width = (_positions(shape[2 * i], size[i], stride[i], dilation[i], padding) for i in (0, 1))
    return height, channels, width, shape[3]


def _positions(n: Size, size: int, stride: int, dilation: int, padding: str) -> Size:
    return ((n - dilation * (size - 1) if padding == "valid" else n) + (stride - 1)) // stride


def _same(n: int, size: int, stride: int, dilation: int) -> Pair:
    total = max((math.ceil(n / stride) - 1) * stride + dilation * (size - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def every(start: int, stride: int, n: int) -> slice:
    """Slice of the `n` indices start, start + stride, ..."""
    return slice(start, start + stride * (n - 1) + 1, stride)
