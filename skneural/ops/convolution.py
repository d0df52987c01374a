"""Convolution of images that lie with their batch last: x is ``(height, channels, width, batch)``.

The rows that one output row needs lie behind one another in memory: with the padding in place they are one matrix of
``(kernel height * channels, width * batch)``, and to move the kernel by a column is to move that matrix by `batch`
elements. So a convolution is one product per output row and kernel column, of views that BLAS takes as they are;
nothing is unfolded, and NumPy's own loops run over whole batches. A series is an image of height one.

As everywhere in deep learning the kernel is not flipped: signal processing calls this a correlation.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided

from skneural.ops.memory import empty, zeros
from skneural.ops.types import Array, Vjp
from skneural.ops.window import Shape, Window

# Output elements that are made at a time: half a megabyte in float32, which stays in cache while the products of all
# kernel columns are added up. Half and twice as many take as long.
BLOCK = 131_072

# Output elements whose share of the gradient is added up at a time: more, because each share is a whole kernel.
BLOCK_OF_GRADIENT = 524_288

# Where the kernel's rows hold fewer numbers than this, its columns are gathered into one matrix, because BLAS wastes
# its time on products with so few terms: 32 kernels of 3 x 3 over 28 x 28 grey images take 0.20 ms instead of 0.40.
FEW_TERMS = 16


def convolution(
    x: Array, kernel: Array, window: Window, bias: Array | None = None, *, input_gradient: bool = True
) -> tuple[Array, Vjp]:
    """Slide kernels over images, and sum over the channels.

    Parameters
    ----------
    x : array of shape (height, channels_in, width, batch)
    kernel : array of shape (kernel_height, kernel_width, channels_in, channels_out)
    window : Window
        Of the size of the kernel.
    bias : array of shape (channels_out,), optional
    input_gradient : bool, default=True
        False to skip dx, which saves one of the three convolutions.

    Returns
    -------
    y : array of shape (height_out, channels_out, width_out, batch)
    vjp : ``vjp(dy, d_kernel, d_bias) -> dx``
        dx is None if `input_gradient` is False.
    """
    image = window.padded(x)
    y = _convolve(image, kernel, window)
    if bias is not None:
        y += bias[:, np.newaxis, np.newaxis]

    def vjp(dy: Array, d_kernel: Array | None = None, d_bias: Array | None = None) -> Array | None:
        dy = np.ascontiguousarray(dy)
        if d_kernel is not None:
            d_kernel[...] = _kernel_gradient(image, dy, window)
        if d_bias is not None:
            d_bias[...] = _channel_sums(dy)
        return _input_gradient(dy, kernel, window, x.shape) if input_gradient else None

    return y, vjp


def transposed_convolution(
    x: Array, kernel: Array, window: Window, image_size: tuple[int, int], bias: Array | None = None
) -> tuple[Array, Vjp]:
    """What the gradient of a convolution by its images would be: images grow where that has strides.

    Parameters
    ----------
    x : array of shape (height, channels_in, width, batch)
    kernel : array of shape (kernel_height, kernel_width, channels_out, channels_in)
        That of the convolution that would go back from y to x.
    window : Window
        Of that convolution.
    image_size : pair of int
        Height and width of y.
    bias : array of shape (channels_out,), optional

    Returns
    -------
    y : array of shape (height_out, channels_out, width_out, batch)
    vjp : ``vjp(dy, d_kernel, d_bias) -> dx``
    """
    shape = (image_size[0], kernel.shape[2], image_size[1], x.shape[3])
    x = np.ascontiguousarray(x)
    y = _input_gradient(x, kernel, window, shape)
    if bias is not None:
        y += bias[:, np.newaxis, np.newaxis]

    def vjp(dy: Array, d_kernel: Array, d_bias: Array | None = None) -> Array:
        image = window.padded(dy)
        d_kernel[...] = _kernel_gradient(image, x, window)
        if d_bias is not None:
            d_bias[...] = _channel_sums(np.ascontiguousarray(dy))
        return _convolve(image, kernel, window)

    return y, vjp


def depthwise_convolution(
    x: Array, kernel: Array, window: Window, bias: Array | None = None, *, input_gradient: bool = True
) -> tuple[Array, Vjp]:
    """Slide a kernel of its own over each channel.

    Parameters
    ----------
    x : array of shape (height, channels, width, batch)
    kernel : array of shape (kernel_height, kernel_width, 1, channels)
    window : Window
        Of the size of the kernel.
    bias : array of shape (channels,), optional
    input_gradient : bool, default=True
        False to skip dx.

    Returns
    -------
    y : array of shape (height_out, channels, width_out, batch)
    vjp : ``vjp(dy, d_kernel, d_bias) -> dx``
        dx is None if `input_gradient` is False.
    """
    image = window.padded(x)
    y = np.zeros(window.output_shape(x.shape, x.shape[1]), x.dtype)
    for (i, j), rows, columns in window.taps(y.shape[0], y.shape[2]):
        y += image[rows, :, columns] * kernel[i, j, 0, :, np.newaxis, np.newaxis]
    if bias is not None:
        y += bias[:, np.newaxis, np.newaxis]

    def vjp(dy: Array, d_kernel: Array, d_bias: Array | None = None) -> Array | None:
        d_image = np.zeros_like(image) if input_gradient else None
        for (i, j), rows, columns in window.taps(dy.shape[0], dy.shape[2]):
            np.einsum("hcwb,hcwb->c", image[rows, :, columns], dy, out=d_kernel[i, j, 0])
            if d_image is not None:
                d_image[rows, :, columns] += dy * kernel[i, j, 0, :, np.newaxis, np.newaxis]
        if d_bias is not None:
            np.einsum("hcwb->c", dy, out=d_bias)
        return None if d_image is None else window.without_padding(d_image, x.shape)

    return y, vjp


def _convolve(image: Array, kernel: Array, window: Window) -> Array:
    """Convolve images whose padding is in place."""
    window = window._replace(before=(0, 0), after=(0, 0))
    y = empty(window.output_shape(image.shape, kernel.shape[3]), image.dtype)
    patches = _Patches(image, window, y.shape)
    weight = _as_matrices(kernel, patches.gathered)
    flat = _flat(y)
    product = None
    for rows, columns in _blocks(y.shape, BLOCK):
        part = flat[rows, :, columns]
        for j, matrix in enumerate(patches.matrices(rows, columns)):
            if j == 0:
                np.matmul(weight[j], matrix, out=part)
                continue
            if product is None or product.shape != part.shape:
                product = empty(part.shape, part.dtype)
            part += np.matmul(weight[j], matrix, out=product)
    return y


def _kernel_gradient(image: Array, dy: Array, window: Window) -> Array:
    patches = _Patches(image, window, dy.shape)
    total = _as_matrices(np.zeros((*window.size, image.shape[1], dy.shape[1]), dy.dtype), patches.gathered)
    flat = _flat(dy)
    for rows, columns in _blocks(dy.shape, BLOCK_OF_GRADIENT):
        part = flat[rows, :, columns]
        for j, matrix in enumerate(patches.matrices(rows, columns)):
            total[j] += np.add.reduce(np.matmul(part, matrix.transpose(0, 2, 1)), axis=0)
    return _from_matrices(total, window, patches.gathered)


def _input_gradient(dy: Array, kernel: Array, window: Window, shape: Shape) -> Array:
    if window.stride == (1, 1):
        # The same convolution, of dy with as much padding as the kernel reaches, with the kernel turned round.
        (down, right), (top, left), (bottom, end) = window.reach, window.before, window.after
        back = window._replace(before=(down - top, right - left), after=(down - bottom, right - end))
        return _convolve(back.padded(dy), kernel[::-1, ::-1].swapaxes(2, 3), back)
    d_image = zeros(window.padded_shape(shape), dy.dtype)
    height, _, width, batch = dy.shape
    for (i, j), rows, columns in window.taps(height, width):
        share = np.matmul(kernel[i, j], _flat(dy))
        d_image[rows, :, columns] += share.reshape(height, shape[1], width, batch)
    return window.without_padding(d_image, shape)


class _Patches:
    """The part of the images under the window at each of its positions, as matrices for products.

    Parameters
    ----------
    image : array of shape (height, channels, width, batch)
        Contiguous, with padding in place.
    window : Window
    shape : tuple of int
        Of the output.

    Attributes
    ----------
    gathered : bool
        Whether all kernel columns make one matrix, which is copied, or each has a view of its own.
    """

    def __init__(self, image: Array, window: Window, shape: Shape) -> None:
        (height, width), stride, dilation = window.size, window.stride, window.dilation
        _, channels, image_width, self.batch = image.shape
        row_bytes, channel_bytes, column_bytes, element_bytes = image.strides
        can_view = stride[1] == 1 and dilation[0] == 1
        self.gathered = not can_view or (width > 1 and height * channels < FEW_TERMS)
        if self.gathered:
            view_shape: Shape = (shape[0], width, height, channels, shape[2], self.batch)
            view_strides: Shape = (
                row_bytes * stride[0],
                column_bytes * dilation[1],
                row_bytes * dilation[0],
                channel_bytes,
                column_bytes * stride[1],
                element_bytes,
            )
        else:
            self.column_offsets = [j * dilation[1] * self.batch for j in range(width)]
            view_shape = (shape[0], height * channels, image_width * self.batch)
            view_strides = (row_bytes * stride[0], channel_bytes, element_bytes)
        self.view = as_strided(image, view_shape, view_strides)
        self.gathered_matrix: Array | None = None

    def matrices(self, rows: slice, columns: slice) -> Iterator[Array]:
        """One matrix for each kernel column, or one for all, of shape (rows, terms, columns * batch).

        It is good until the next is asked for.
        """
        if self.gathered:
            part = self.view[rows, ..., slice(columns.start // self.batch, columns.stop // self.batch), :]
            if self.gathered_matrix is None or self.gathered_matrix.shape != part.shape:
                self.gathered_matrix = empty(part.shape, part.dtype)
            self.gathered_matrix[...] = part
            yield self.gathered_matrix.reshape(len(part), -1, columns.stop - columns.start)
        else:
            for offset in self.column_offsets:
                yield self.view[rows, :, columns.start + offset : columns.stop + offset]


def _as_matrices(kernel: Array, gathered: bool) -> Array:
    """The kernel as the matrices that those of `_Patches` are multiplied by: (1 or kernel columns, outputs, terms)."""
    width, channels_out = kernel.shape[1], kernel.shape[3]
    if gathered:
        return kernel.transpose(3, 1, 0, 2).reshape(1, channels_out, -1)
    return kernel.transpose(1, 3, 0, 2).reshape(width, channels_out, -1)


def _from_matrices(matrices: Array, window: Window, gathered: bool) -> Array:
    """Undo `_as_matrices`."""
    (height, width), channels_out = window.size, matrices.shape[1]
    if gathered:
        return matrices.reshape(channels_out, width, height, -1).transpose(2, 1, 3, 0)
    return matrices.reshape(width, channels_out, height, -1).transpose(2, 0, 3, 1)


def _blocks(shape: Shape, size: int) -> Iterator[tuple[slice, slice]]:
    """Rows of the output and columns times batch of them, about `size` elements at a time."""
    height, channels, width, batch = shape
    n_columns = min(width, max(1, size // (channels * batch)))
    n_rows = max(1, size // (channels * n_columns * batch)) if n_columns == width else 1
    for top in range(0, height, n_rows):
        for left in range(0, width, n_columns):
            yield slice(top, min(top + n_rows, height)), slice(left * batch, min(left + n_columns, width) * batch)


def _channel_sums(y: Array) -> Array:
    """Sum of each channel; the product with ones takes a third of the time of a sum over the last axis."""
    flat = _flat(y)
    return np.add.reduce(flat @ np.ones(flat.shape[2], y.dtype), axis=0)


def _flat(y: Array) -> Array:
    return y.reshape(*y.shape[:2], -1)
