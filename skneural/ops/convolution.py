"""Convolution of images with the batch in the last axis: x has the shape ``(height, channels, width, batch)``.

A convolution is a sum of products of parts of the kernel with views of the images (`skneural.ops.patches`), and the
inner loops of NumPy run over entire batches. A series is an image of height one.

As usual in deep learning, the kernel is not flipped: in signal processing this is called a correlation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from skneural.ops.blocks import slices
from skneural.ops.memory import empty, zeros
from skneural.ops.patches import Patch, Patches, from_kernel_matrices, kernel_matrices
from skneural.ops.products import is_unpacked, product, sum_of_products
from skneural.ops.types import Array, Vjp
from skneural.ops.window import ImageShape, Window

# Output elements in a block, a megabyte in float32, while the products of all kernel columns are added up. On one
# thread, half and twice as many take as long; on two, which wait for each other between calls, 1.04 and 1.1 times.
OUTPUTS_PER_BLOCK = 262_144

# The same if the products of all kernel columns are computed at once, and are in the cache together.
OUTPUTS_PER_STACKED_BLOCK = 32_768

# Output elements in a block of the kernel's gradient: more, because each block yields a gradient of the entire kernel.
OUTPUTS_PER_GRADIENT_BLOCK = 524_288

# If a column of the kernel has at least as many elements, and a row of the output at most as many columns times batch,
# the kernel's gradient takes 0.5 to 0.9 times as long by one product for all kernel columns, where BLAS packs factors.
WIDE_TERMS = 96
WIDE_COLUMNS = 1024


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
    patches = Patches(x, window, window.output_shape(x.shape, kernel.shape[3]))
    y = _convolve(patches, kernel, bias)

    def vjp(dy: Array, d_kernel: Array | None = None, d_bias: Array | None = None) -> Array | None:
        dy = np.ascontiguousarray(dy)
        if d_kernel is not None:
            d_kernel[...] = _kernel_gradient(patches, dy)
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
        dy = np.ascontiguousarray(dy)
        patches = Patches(dy, window, x.shape)
        d_kernel[...] = _kernel_gradient(patches, x)
        if d_bias is not None:
            d_bias[...] = _channel_sums(dy)
        return _convolve(patches, kernel)

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


def _convolve(patches: Patches, kernel: Array, bias: Array | None = None) -> Array:
    y = empty(patches.shape, patches.image.dtype)
    weight = kernel_matrices(kernel, patches.gathered)
    for part in (_stacked_sums if patches.stacked else _sums)(patches, weight, _flat(y)):
        if bias is not None:
            part += bias[:, np.newaxis]
    return y


def _sums(patches: Patches, weight: Array, y: Array) -> Iterator[Array]:
    """Compute the blocks of y by a product for each column of the kernel."""
    scratch = empty((0,), y.dtype)
    for block in patches.blocks(OUTPUTS_PER_BLOCK):
        part = y[block.rows, :, block.columns]
        if scratch.size < part.size and not patches.gathered:  # one product, which needs no place of its own
            scratch = empty((part.size,), y.dtype)
        _sum_of_patches(weight, block.patches, part, scratch)
        yield part


def _stacked_sums(patches: Patches, weight: Array, y: Array) -> Iterator[Array]:
    """Compute the blocks of y by one product for all columns of the kernel, whose parts are moved and added."""
    n_kernel_columns, channels_out, _ = weight.shape
    n_columns = patches.image.shape[2] * patches.image.shape[3]
    rows_at_once = min(len(y), max(1, OUTPUTS_PER_STACKED_BLOCK // (channels_out * n_columns)))
    scratch = empty((rows_at_once, n_kernel_columns * channels_out, n_columns), y.dtype)
    meetings = patches.meetings()
    meetings.sort(key=lambda each: each.outputs.start - each.outputs.stop)  # one that meets all columns comes first
    for strip in patches.strips():
        factor = weight[:, :, strip.terms].reshape(n_kernel_columns * channels_out, -1)
        for rows in slices(len(strip.view), rows_at_once):
            view, part = strip.view[rows], y[strip.rows][rows]
            products = product(factor, view, out=scratch[: len(view)]).reshape(len(view), *weight.shape[:2], -1)
            for i, (j, outputs, inputs) in enumerate(meetings):
                moved = products[:, j, :, inputs]
                if i == 0 and moved.shape == part.shape:
                    part[...] = moved
                    continue
                if i == 0:
                    part.fill(0)
                if outputs.start < outputs.stop:
                    part[:, :, outputs] += moved
            yield part


def _sum_of_patches(weight: Array, patches: Sequence[Patch], y: Array, scratch: Array) -> None:
    """Sum of the products of a block with the matrices of the kernel."""
    for i, patch in enumerate(patches):
        factor, part = weight[patch.column, :, patch.terms], y[:, :, patch.outputs]
        if i == 0 and part.shape == y.shape:
            product(factor, patch.matrix, out=part)
            continue
        if i == 0:
            y.fill(0)
        part += product(factor, patch.matrix, out=scratch[: part.size].reshape(part.shape))
    if not patches:
        y.fill(0)


def _kernel_gradient(patches: Patches, dy: Array) -> Array:
    window = patches.window
    kernel = np.zeros((*window.size, patches.image.shape[1], dy.shape[1]), dy.dtype)
    total = kernel_matrices(kernel, patches.gathered)
    if _is_wide(patches):
        _add_gradient_at_once(patches, dy, total)
    else:
        _add_gradients_of_columns(patches, dy, total)
    return from_kernel_matrices(total, window, patches.gathered)


def _is_wide(patches: Patches) -> bool:
    """Return True if a product for each kernel column takes longer than one for all of them, with a copy of dy."""
    if patches.gathered or patches.window.size[1] == 1 or is_unpacked(patches.image):
        return False
    n_terms = patches.window.size[0] * patches.image.shape[1]
    n_columns = patches.shape[2] * patches.shape[3]
    return n_terms >= WIDE_TERMS and n_columns <= WIDE_COLUMNS


def _add_gradients_of_columns(patches: Patches, dy: Array, total: Array) -> None:
    """Add the gradients of `kernel_matrices`, by a product for each column of the kernel."""
    flat = _flat(dy)
    for block in patches.blocks(OUTPUTS_PER_GRADIENT_BLOCK):
        part = flat[block.rows, :, block.columns]
        for patch in block.patches:
            total[patch.column, :, patch.terms] += sum_of_products(part[:, :, patch.outputs], patch.matrix)


def _add_gradient_at_once(patches: Patches, dy: Array, total: Array) -> None:
    """Add the gradients of `kernel_matrices`, by products with copies of dy, moved to the place of each column."""
    n_kernel_columns, channels_out, _ = total.shape
    n_columns = patches.image.shape[2] * patches.image.shape[3]
    rows_at_once = min(len(dy), max(1, OUTPUTS_PER_BLOCK // (n_kernel_columns * channels_out * n_columns)))
    moved = zeros((rows_at_once, n_kernel_columns, channels_out, n_columns), dy.dtype)
    flat = _flat(dy)
    meetings = [each for each in patches.meetings() if each.outputs.start < each.outputs.stop]
    for strip in patches.strips():
        for rows in slices(len(strip.view), rows_at_once):
            part, view = flat[strip.rows][rows], strip.view[rows]
            copies = moved[: len(part)]
            for j, outputs, inputs in meetings:
                copies[:, j, :, inputs] = part[:, :, outputs]
            stacked = copies.reshape(len(part), -1, n_columns)
            gradient = sum_of_products(stacked, view).reshape(n_kernel_columns, channels_out, -1)
            total[:, :, strip.terms] += gradient


def _input_gradient(dy: Array, kernel: Array, window: Window, shape: ImageShape) -> Array:
    if window.stride == (1, 1):
        # A convolution of dy with the flipped kernel, padded by as much as the kernel extends beyond a pixel.
        (down, right), (top, left), (bottom, end) = window.reach, window.before, window.after
        back = window._replace(before=(down - top, right - left), after=(down - bottom, right - end))
        return _convolve(Patches(dy, back, shape), kernel[::-1, ::-1].swapaxes(2, 3))
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


def _channel_sums(y: Array) -> Array:
    """Sum of each channel. The product with ones takes a third of the time of a sum over the last axis."""
    flat = _flat(y)
    return np.add.reduce(flat @ np.ones(flat.shape[2], y.dtype), axis=0)


def _flat(y: Array) -> Array:
    return y.reshape(*y.shape[:2], -1)
