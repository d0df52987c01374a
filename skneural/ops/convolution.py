"""Convolution of images with the batch in the last axis: x has the shape ``(height, channels, width, batch)``.

The input rows under an output row are contiguous in memory: once padded, they form a matrix of shape
``(kernel height * channels, width * batch)``, and moving the kernel by a column moves that matrix by `batch` elements.
So a convolution is one product per output row and kernel column, of views that BLAS accepts as they are. Nothing is
unfolded (no im2col), and the inner loops of NumPy run over entire batches. A series is an image of height one.

As usual in deep learning, the kernel is not flipped: in signal processing this is called a correlation.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided

from skneural.ops.blocks import slices
from skneural.ops.memory import empty, zeros
from skneural.ops.types import Array, Vjp
from skneural.ops.window import ImageShape, Window

# Output elements in a block: half a megabyte in float32, which stays in the cache while the products of all kernel
# columns are added up. Half and twice as many take as long.
OUTPUTS_PER_BLOCK = 131_072

# Output elements in a block of the kernel's gradient: more, because each block yields a gradient of the entire kernel.
OUTPUTS_PER_GRADIENT_BLOCK = 524_288

# If a column of the kernel has at least as many elements, and a row of the output at most as many columns times batch,
# the kernel's gradient takes 0.5 to 0.9 times as long by one product for all kernel columns.
WIDE_TERMS = 96
WIDE_COLUMNS = 1024

# If a column of the kernel has fewer elements than this, all columns are gathered into one matrix, because BLAS is slow
# for products with so few terms: 32 kernels of 3 x 3 over 28 x 28 grey images take 0.20 ms instead of 0.40.
FEW_TERMS = 16


def convolution(
    x: Array, kernel: Array, window: Window, bias: Array | None = None, *, input_gradient: bool = True
) -> tuple[Array, Vjp]:
    """Convolve images with kernels, summed over the channels.

    Parameters
    ----------
    x : array of shape (height, channels_in, width, batch)
    kernel : array of shape (kernel_height, kernel_width, channels_in, channels_out)
    window : Window
        A window of the size of the kernel.
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
    """Transposed convolution: the gradient of a convolution with respect to its images.

    A convolution with strides shrinks images; its transpose enlarges them.

    Parameters
    ----------
    x : array of shape (height, channels_in, width, batch)
    kernel : array of shape (kernel_height, kernel_width, channels_out, channels_in)
        Kernel of the convolution from y to x whose transpose this is.
    window : Window
        Window of that convolution.
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
    if window.stride == window.size and window.padded_shape(shape) == shape:
        return _kernels_side_by_side(x, kernel, bias)
    y = _input_gradient(x, kernel, window, shape)
    if bias is not None:
        y += bias[:, np.newaxis, np.newaxis]

    def vjp(dy: Array, d_kernel: Array, d_bias: Array | None = None) -> Array:
        image = window.padded(dy)
        d_kernel[...] = _kernel_gradient(image, x, window)
        if d_bias is not None:
            d_bias[...] = _channel_sums(image)  # padding is zero
        return _convolve(image, kernel, window)

    return y, vjp


def depthwise_convolution(
    x: Array, kernel: Array, window: Window, bias: Array | None = None, *, input_gradient: bool = True
) -> tuple[Array, Vjp]:
    """Convolve each channel with its kernel.

    Parameters
    ----------
    x : array of shape (height, channels, width, batch)
    kernel : array of shape (kernel_height, kernel_width, 1, channels)
    window : Window
        A window of the size of the kernel.
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
    """Convolve images that are padded already."""
    window = window._replace(before=(0, 0), after=(0, 0))
    y = empty(window.output_shape(image.shape, kernel.shape[3]), image.dtype)
    patches = _Patches(image, window, y.shape)
    weight = _as_matrices(kernel, patches.gathered)
    flat = _flat(y)
    product = None
    for rows, columns in _blocks(y.shape, OUTPUTS_PER_BLOCK):
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
    if _is_wide(patches, window, dy.shape):
        return _kernel_gradient_at_once(patches, dy, window)
    total = _as_matrices(np.zeros((*window.size, image.shape[1], dy.shape[1]), dy.dtype), patches.gathered)
    flat = _flat(dy)
    for rows, columns in _blocks(dy.shape, OUTPUTS_PER_GRADIENT_BLOCK):
        part = flat[rows, :, columns]
        for j, matrix in enumerate(patches.matrices(rows, columns)):
            total[j] += np.add.reduce(np.matmul(part, matrix.transpose(0, 2, 1)), axis=0)
    return _from_matrices(total, window, patches.gathered)


def _is_wide(patches: _Patches, window: Window, shape: ImageShape) -> bool:
    """Return True if a product for each kernel column takes longer than one for all of them, with a copy of dy."""
    terms = patches.view.shape[1]
    return not patches.gathered and window.size[1] > 1 and terms >= WIDE_TERMS and shape[2] * shape[3] <= WIDE_COLUMNS


def _kernel_gradient_at_once(patches: _Patches, dy: Array, window: Window) -> Array:
    """Gradient of the kernel by products of rows of images and copies of dy, moved to the place of each column."""
    height, channels_out, width, batch = dy.shape
    flat, (_, terms, n_columns) = _flat(dy), patches.view.shape
    rows_at_once = max(1, OUTPUTS_PER_BLOCK // (window.size[1] * channels_out * n_columns))
    moved = zeros((rows_at_once, window.size[1], channels_out, n_columns), dy.dtype)
    total = np.zeros((terms, window.size[1] * channels_out), dy.dtype)
    for rows in slices(height, rows_at_once):
        part = flat[rows]
        copies = moved[: len(part)]
        for j, offset in enumerate(patches.column_offsets):
            copies[:, j, :, offset : offset + width * batch] = part
        stacked = copies.reshape(len(part), -1, n_columns)
        total += np.add.reduce(np.matmul(patches.view[rows], stacked.transpose(0, 2, 1)), axis=0)
    kernel = total.reshape(window.size[0], -1, window.size[1], channels_out)
    return kernel.transpose(0, 2, 1, 3)


def _input_gradient(dy: Array, kernel: Array, window: Window, shape: ImageShape) -> Array:
    if window.stride == (1, 1):
        # A convolution of dy with the flipped kernel, padded by as much as the kernel extends beyond a pixel.
        (down, right), (top, left), (bottom, end) = window.reach, window.before, window.after
        back = window._replace(before=(down - top, right - left), after=(down - bottom, right - end))
        return _convolve(back.padded(dy), kernel[::-1, ::-1].swapaxes(2, 3), back)
    d_image = zeros(window.padded_shape(shape), dy.dtype)
    height, _, width, batch = dy.shape
    for (i, j), rows, columns in window.taps(height, width):
        share = np.matmul(kernel[i, j], _flat(dy))
        d_image[rows, :, columns] += share.reshape(height, shape[1], width, batch)
    return window.without_padding(d_image, shape)


def _kernels_side_by_side(x: Array, kernel: Array, bias: Array | None) -> tuple[Array, Vjp]:
    """Transposed convolution whose kernels do not overlap: one product, whose pixels are put next to each other."""
    tall, wide, channels_out, channels_in = kernel.shape
    height, _, width, batch = x.shape
    matrix = kernel.reshape(-1, channels_in)
    by_kernel = (height, tall, wide, channels_out, width, batch)
    by_pixel = (height, tall, channels_out, width, wide, batch)
    product = np.matmul(matrix, _flat(x), out=empty((height, len(matrix), width * batch), x.dtype))
    if bias is not None:
        product.reshape(height, tall * wide, channels_out, -1)[...] += bias[:, np.newaxis]
    y = empty((tall * height, channels_out, wide * width, batch), x.dtype)
    y.reshape(by_pixel)[...] = product.reshape(by_kernel).transpose(0, 1, 3, 4, 2, 5)

    def vjp(dy: Array, d_kernel: Array, d_bias: Array | None = None) -> Array:
        d_product = empty(product.shape, dy.dtype)
        d_product.reshape(by_kernel)[...] = dy.reshape(by_pixel).transpose(0, 1, 4, 2, 3, 5)
        if d_bias is not None:
            ones = np.ones(d_product.shape[2], dy.dtype)
            d_bias[...] = (d_product @ ones).reshape(-1, channels_out).sum(axis=0)
        d_matrix = np.add.reduce(np.matmul(d_product, _flat(x).transpose(0, 2, 1)), axis=0)
        d_kernel[...] = d_matrix.reshape(kernel.shape)
        dx = np.matmul(matrix.T, d_product, out=empty((height, channels_in, width * batch), dy.dtype))
        return dx.reshape(x.shape)

    return y, vjp


class _Patches:
    """The patches of the images under each position of the window, as matrices for products.

    Parameters
    ----------
    image : array of shape (height, channels, width, batch)
        Contiguous and padded.
    window : Window
    shape : tuple of int
        Shape of the output.

    Attributes
    ----------
    gathered : bool
        True if the patches of all kernel columns are copied into one matrix, False if there is a view for each column.
    """

    def __init__(self, image: Array, window: Window, shape: ImageShape) -> None:
        (height, width), stride, dilation = window.size, window.stride, window.dilation
        _, channels, image_width, self.batch = image.shape
        row_bytes, channel_bytes, column_bytes, element_bytes = image.strides
        can_view = stride[1] == 1 and dilation[0] == 1
        self.gathered = not can_view or (width > 1 and height * channels < FEW_TERMS)
        if self.gathered:
            view_shape: tuple[int, ...] = (shape[0], width, height, channels, shape[2], self.batch)
            view_strides: tuple[int, ...] = (
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

        A matrix is valid until the next one is requested.
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
    """The kernel as factors of the matrices of `_Patches`, of shape (1 or kernel columns, outputs, terms)."""
    width, channels_out = kernel.shape[1], kernel.shape[3]
    if gathered:
        return kernel.transpose(3, 1, 0, 2).reshape(1, channels_out, -1)
    return kernel.transpose(1, 3, 0, 2).reshape(width, channels_out, -1)


def _from_matrices(matrices: Array, window: Window, gathered: bool) -> Array:
    """Inverse of `_as_matrices`."""
    (height, width), channels_out = window.size, matrices.shape[1]
    if gathered:
        return matrices.reshape(channels_out, width, height, -1).transpose(2, 1, 3, 0)
    return matrices.reshape(width, channels_out, height, -1).transpose(2, 0, 3, 1)


def _blocks(shape: ImageShape, size: int) -> Iterator[tuple[slice, slice]]:
    """Slices of the rows, and of the columns times the batch, of an output: blocks of about `size` elements."""
    height, channels, width, batch = shape
    n_columns = min(width, max(1, size // (channels * batch)))
    n_rows = max(1, size // (channels * n_columns * batch)) if n_columns == width else 1
    for rows in slices(height, n_rows):
        for columns in slices(width * batch, n_columns * batch):
            yield rows, columns


def _channel_sums(y: Array) -> Array:
    """Sum of each channel. The product with ones takes a third of the time of a sum over the last axis."""
    flat = _flat(y)
    return np.add.reduce(flat @ np.ones(flat.shape[2], y.dtype), axis=0)


def _flat(y: Array) -> Array:
    return y.reshape(*y.shape[:2], -1)
