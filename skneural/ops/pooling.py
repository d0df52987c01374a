"""Pooling of images of shape ``(height, channels, width, batch)``.

Windows are rectangles, so the maximum is taken along the height first and along the width after that: rows are
contiguous in memory, and there are fewer rows left for the second pass. The gradient of a maximum goes to exactly one
of the elements that attain it.
"""

from __future__ import annotations

import math

import numpy as np

from skneural.ops.blocks import slices
from skneural.ops.memory import empty, empty_like, zeros
from skneural.ops.types import Array, Vjp
from skneural.ops.window import Window, every

# The window between the blocks of most networks, which has a faster op.
DISJOINT_SQUARES = Window((2, 2), (2, 2))

# Numbers computed at once: a megabyte in float32. On one thread, a quarter of it, and all numbers at once, take as
# long. On two threads, which wait for each other between calls, a step with 28 x 28 pixels takes 1.05 times as long
# with a quarter.
POOLED_AT_ONCE = 262_144


def max_pooling(x: Array, window: Window) -> tuple[Array, Vjp]:
    """Maximum of each window, ignoring padding.

    Parameters
    ----------
    x : array of shape (height, channels, width, batch)
    window : Window
        Without dilation.

    Returns
    -------
    y : array of shape (height_out, channels, width_out, batch)
    vjp : ``vjp(dy) -> dx``
    """
    if window == DISJOINT_SQUARES:
        return _max_of_squares(x)
    image = window.padded(x, -math.inf)
    tall, rows_vjp = _max_along(image, 0, window.size[0], window.stride[0])
    y, columns_vjp = _max_along(tall, 2, window.size[1], window.stride[1])
    return y, lambda dy: window.without_padding(rows_vjp(columns_vjp(dy)), x.shape)


def average_pooling(x: Array, window: Window) -> tuple[Array, Vjp]:
    """Mean of each window, ignoring padding.

    Parameters
    ----------
    x : array of shape (height, channels, width, batch)
    window : Window
        Without dilation.

    Returns
    -------
    y : array of shape (height_out, channels, width_out, batch)
    vjp : ``vjp(dy) -> dx``
    """
    image = window.padded(x)
    y = zeros(window.output_shape(x.shape, x.shape[1]), x.dtype)
    taps = [(rows, columns) for _, rows, columns in window.taps(y.shape[0], y.shape[2])]
    for rows, columns in taps:
        y += image[rows, :, columns]
    share = 1.0 / _elements(x, window, y.shape)
    y *= share

    def vjp(dy: Array) -> Array:
        dy = np.multiply(dy, share, out=empty_like(dy))
        d_image = zeros(image.shape, image.dtype)
        for rows, columns in taps:
            d_image[rows, :, columns] += dy
        return window.without_padding(d_image, x.shape)

    return y, vjp


def global_average_pooling(x: Array, mask: Array | None = None) -> tuple[Array, Vjp]:
    """Mean of each channel over height and width; the batch becomes the first axis.

    Parameters
    ----------
    x : array of shape (height, channels, width, batch)
    mask : boolean array of shape (width, batch), optional
        True for real columns, False for padding; each image of the batch has at least one real column.

    Returns
    -------
    y : array of shape (batch, channels)
    vjp : ``vjp(dy) -> dx``
    """
    height, _, width, batch = x.shape
    if mask is None:
        share: Array = np.full(batch, 1.0 / (height * width), x.dtype)
        y = np.add.reduce(np.add.reduce(x, axis=2), axis=0) * share
    else:
        share = 1.0 / (height * np.add.reduce(mask, axis=0, dtype=x.dtype))
        y = np.einsum("hcwb,wb->cb", x, mask.astype(x.dtype)) * share

    def vjp(dy: Array) -> Array:
        dx = empty_like(x)
        dx[...] = (dy.T * share)[:, np.newaxis, :]
        if mask is not None:
            dx *= mask
        return dx

    return y.T, vjp


def global_max_pooling(x: Array, mask: Array | None = None) -> tuple[Array, Vjp]:
    """Maximum of each channel over height and width; the batch becomes the first axis.

    Parameters
    ----------
    x : array of shape (height, channels, width, batch)
    mask : boolean array of shape (width, batch), optional
        True for real columns, False for padding; each image of the batch has at least one real column.

    Returns
    -------
    y : array of shape (batch, channels)
    vjp : ``vjp(dy) -> dx``
    """
    height, channels, width, batch = x.shape
    present = x if mask is None else np.where(mask, x, -math.inf).astype(x.dtype)
    flat = present.transpose(1, 0, 2, 3).reshape(channels, height * width, batch)
    place = flat.argmax(axis=1, keepdims=True)
    y = np.take_along_axis(flat, place, axis=1)[:, 0]

    def vjp(dy: Array) -> Array:
        d_flat = zeros(flat.shape, dy.dtype)
        np.put_along_axis(d_flat, place, dy.T[:, np.newaxis], axis=1)
        return d_flat.reshape(channels, height, width, batch).transpose(1, 0, 2, 3)

    return y.T, vjp


def _max_of_squares(x: Array) -> tuple[Array, Vjp]:
    """Maximum of disjoint squares of 2 x 2 pixels.

    Truth values for each pair, a quarter as large as numbers, remember whether the second element was greater. The
    backward pass takes half as long as by comparing x with y again.
    """
    height, channels, width, batch = x.shape
    n_rows, n_columns = height // 2, width // 2
    y = empty((n_rows, channels, n_columns, batch), x.dtype)
    second_row = empty((n_rows, channels, width, batch), bool)
    second_column = empty(y.shape, bool)
    rows_at_once = max(1, min(n_rows, POOLED_AT_ONCE // max(1, channels * width * batch)))
    block = (rows_at_once, channels, width, batch)
    (top, bottom), tall = _pairs(x, 0), empty(block, x.dtype)
    for rows in slices(n_rows, rows_at_once):
        part = tall[: rows.stop - rows.start]
        np.maximum(top[rows], bottom[rows], out=part)
        np.less(top[rows], bottom[rows], out=second_row[rows])
        left, right = _pairs(part, 2)
        np.maximum(left, right, out=y[rows])
        np.less(left, right, out=second_column[rows])

    def vjp(dy: Array) -> Array:
        dx, d_tall = empty(x.shape, dy.dtype), zeros(block, dy.dtype)
        dx[2 * n_rows :] = 0
        d_top, d_bottom = _pairs(dx, 0)
        for rows in slices(n_rows, rows_at_once):
            part = d_tall[: rows.stop - rows.start]
            d_left, d_right = _pairs(part, 2)
            np.multiply(dy[rows], second_column[rows], out=d_right)
            np.subtract(dy[rows], d_right, out=d_left)
            np.multiply(part, second_row[rows], out=d_bottom[rows])
            np.subtract(part, d_bottom[rows], out=d_top[rows])
        return dx

    return y, vjp


def _pairs(x: Array, axis: int) -> tuple[Array, Array]:
    """Views of the first and the second element of each pair of neighbours along an axis."""
    before, n = (slice(None),) * axis, x.shape[axis] // 2
    return x[(*before, slice(0, 2 * n, 2))], x[(*before, slice(1, 2 * n, 2))]


def _max_along(x: Array, axis: int, size: int, stride: int) -> tuple[Array, Vjp]:
    """Maximum of `size` neighbours along an axis, at every `stride`-th position."""
    if size == 1 and stride == 1:
        return x, lambda dy: dy
    n = (x.shape[axis] - size) // stride + 1
    taps = [(slice(None),) * axis + (every(start, stride, n),) for start in range(size)]
    first = x[taps[0]]
    y = np.maximum(first, x[taps[1 % size]], out=empty(first.shape, x.dtype))
    for tap in taps[2:]:
        np.maximum(y, x[tap], out=y)

    def vjp(dy: Array) -> Array:
        disjoint = size <= stride
        dx = empty_like(x) if size == stride and n * stride == x.shape[axis] else zeros(x.shape, x.dtype)
        last = dx[taps[-1]] if disjoint else empty_like(dy)
        rest = dy
        for tap in taps[:-1]:
            greatest = np.equal(x[tap], y, out=empty(y.shape, bool))
            share = np.multiply(rest, greatest, out=dx[tap] if disjoint else empty_like(dy))
            # The gradient that goes to the first of several equal elements is subtracted for the others.
            rest = np.subtract(rest, share, out=last)
            if not disjoint:
                dx[tap] += share
        if not disjoint:
            dx[taps[-1]] += last
        elif size == 1:
            last[...] = dy
        return dx

    return y, vjp


def _elements(x: Array, window: Window, shape: tuple[int, ...]) -> Array:
    """Number of image elements in each window, without padding, of shape (height_out, 1, width_out, 1)."""
    height, _, width, _ = x.shape
    real = window.padded(np.ones((height, 1, width, 1), x.dtype))
    count: Array = np.zeros((shape[0], 1, shape[2], 1), x.dtype)
    for _, rows, columns in window.taps(shape[0], shape[2]):
        count += real[rows, :, columns]
    return count
