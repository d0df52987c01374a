"""Patches of images under a window, as matrices for products.

The input rows under an output row are contiguous in memory: they form a matrix of shape ``(kernel height * channels,
width * batch)``, and moving the kernel by a column moves that matrix by `batch` elements. So a convolution is one
product per output row and kernel column, of views that BLAS accepts as they are. Nothing is unfolded (no im2col).
Large images are not padded either: at the upper and lower edge, matrices have fewer rows, and at the sides fewer
columns, which saves a tenth of the products of 14 x 14 pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from skneural.ops.memory import ALIGNMENT, empty
from skneural.ops.products import LARGEST_UNPACKED, is_aliased
from skneural.ops.tiles import Band, Meeting, bands, meeting, rows_and_columns, tiles
from skneural.ops.types import Array
from skneural.ops.window import ImageShape, Window

# If a column of the kernel has fewer elements than this, all columns are gathered into one matrix, because BLAS is slow
# for products with so few terms: 32 kernels of 3 x 3 over 28 x 28 grey images take 0.20 ms instead of 0.40.
FEW_TERMS = 16

# If columns of images begin inside cache lines, products read moved rows slowly. With up to this number of kernel
# columns, the products are moved instead, if a column has many terms, or products are so large that BLAS packs them:
# 3 x 3 kernels over 4 images of 64 channels and 64 x 64 pixels take 0.8 of the time, but of 16 channels 1.25.
WIDEST_STACKED = 5
STACKED_TERMS = 96
LEAST_STACKED_TERMS = 48

# Numbers in the images from which they are not padded: below, additional products at the edges take longer.
LEAST_UNPADDED = 150_000


class Patch(NamedTuple):
    """Factor of a product: the elements of the images that meet a part of the kernel.

    Attributes
    ----------
    column : int
        Column of the kernel; 0 if all columns are gathered.
    terms : slice
        The terms of that column, of `kernel_matrices`.
    outputs : slice
        Columns (times batch) of the block of the output to which the product belongs.
    matrix : array of shape (rows, terms, outputs)
    """

    column: int
    terms: slice
    outputs: slice
    matrix: Array


class Strip(NamedTuple):
    """Images under the rows of the output that meet the same rows of the kernel.

    Attributes
    ----------
    rows : slice
        Rows of the output.
    terms : slice
        Terms of a kernel column, of `kernel_matrices`, that belong to these rows of the kernel.
    view : array of shape (rows, terms, width * batch)
    """

    rows: slice
    terms: slice
    view: Array


class Block(NamedTuple):
    """A block of the output: its rows, its columns (times batch), and the patches whose products are its sum.

    A matrix of gathered patches is valid until the next block is requested.
    """

    rows: slice
    columns: slice
    patches: Sequence[Patch]


class Patches:
    """The patches of images under each position of a window.

    Parameters
    ----------
    x : array of shape (height, channels, width, batch)
    window : Window
    shape : tuple of int
        Shape of the output.

    Attributes
    ----------
    gathered : bool
        True if the patches of all kernel columns are copied into one matrix, False if there is a view for each column.
    stacked : bool
        True if products of entire rows with all columns of the kernel, which are moved afterwards, are faster than
        products with rows that are moved before.
    """

    def __init__(self, x: Array, window: Window, shape: ImageShape) -> None:
        (height, width), (_, channels, columns, batch) = window.size, x.shape
        can_view = window.stride[1] == 1 and window.dilation[0] == 1
        self.gathered = not can_view or (width > 1 and height * channels < FEW_TERMS)
        n_terms, crosses_lines = height * channels, batch * x.itemsize % ALIGNMENT > 0
        packed = n_terms >= LEAST_STACKED_TERMS and shape[1] * n_terms * columns * batch > LARGEST_UNPACKED
        many_terms = packed or n_terms >= STACKED_TERMS
        self.stacked = not self.gathered and crosses_lines and many_terms and 1 < width <= WIDEST_STACKED
        aliased = is_aliased(columns * batch * x.itemsize) and not self.stacked
        if self.gathered or aliased or x.size < LEAST_UNPADDED:
            x, window = window.padded(x), window._replace(before=(0, 0), after=(0, 0))
        self.image = np.ascontiguousarray(x)
        self.window = window
        self.shape = shape

    def blocks(self, size: int) -> Iterator[Block]:
        """Blocks of about `size` elements of the output."""
        return self._gathered_blocks(size) if self.gathered else self._views(size)

    def _views(self, size: int) -> Iterator[Block]:
        for tile in tiles(self.window, self.image.shape, self.shape, size):
            terms, view = self._terms(tile.band), self._view(tile.band, tile.rows)
            patches = [Patch(j, terms, outputs, view[:, :, inputs]) for j, outputs, inputs in tile.meetings]
            yield Block(tile.rows, tile.columns, patches)

    def strips(self) -> Iterator[Strip]:
        """The images under each band of the output."""
        for band in bands(self.window, self.image.shape[0], self.shape[0]):
            yield Strip(band.rows, self._terms(band), self._view(band, band.rows))

    def meetings(self) -> list[Meeting]:
        """Columns of the output (times batch) that meet images in each kernel column, and these columns of the images.

        Those of a column that meets only padding are empty.
        """
        columns = slice(0, self.shape[2] * self.shape[3])
        return [meeting(self.window, self.image.shape, self.shape, j, columns) for j in range(self.window.size[1])]

    def _terms(self, band: Band) -> slice:
        n_channels = self.image.shape[1]
        return slice(band.window_rows.start * n_channels, band.window_rows.stop * n_channels)

    def _view(self, band: Band, rows: slice) -> Array:
        """The images under some rows of a band.

        The constructor of arrays takes a tenth of the time of `as_strided`, 1 us.
        """
        _, n_channels, width, batch = self.image.shape
        row_bytes, channel_bytes, _, element_bytes = self.image.strides
        stride = self.window.stride[0]
        view: Array = np.ndarray(
            (rows.stop - rows.start, (band.window_rows.stop - band.window_rows.start) * n_channels, width * batch),
            self.image.dtype,
            self.image,
            (band.first_row + (rows.start - band.rows.start) * stride) * row_bytes,
            (row_bytes * stride, channel_bytes, element_bytes),
        )
        return view

    def _gathered_blocks(self, size: int) -> Iterator[Block]:
        (height, width), stride, dilation = self.window.size, self.window.stride, self.window.dilation
        row_bytes, channel_bytes, column_bytes, element_bytes = self.image.strides
        n_rows, _, n_columns, batch = self.shape
        view: Array = np.ndarray(
            (n_rows, width, height, self.image.shape[1], n_columns, batch),
            self.image.dtype,
            self.image,
            strides=(
                row_bytes * stride[0],
                column_bytes * dilation[1],
                row_bytes * dilation[0],
                channel_bytes,
                column_bytes * stride[1],
                element_bytes,
            ),
        )
        gathered = None
        for rows, columns in rows_and_columns(slice(0, n_rows), self.shape, size):
            part = view[rows, ..., slice(columns.start // batch, columns.stop // batch), :]
            if gathered is None or gathered.shape != part.shape:
                gathered = empty(part.shape, part.dtype)
            gathered[...] = part
            matrix = gathered.reshape(len(part), -1, columns.stop - columns.start)
            yield Block(rows, columns, [Patch(0, slice(None), slice(None), matrix)])


def kernel_matrices(kernel: Array, gathered: bool) -> Array:
    """The kernel as factors of patches, of shape (1 or kernel columns, outputs, terms)."""
    width, channels_out = kernel.shape[1], kernel.shape[3]
    if gathered:
        return kernel.transpose(3, 1, 0, 2).reshape(1, channels_out, -1)
    return kernel.transpose(1, 3, 0, 2).reshape(width, channels_out, -1)


def from_kernel_matrices(matrices: Array, window: Window, gathered: bool) -> Array:
    """Inverse of `kernel_matrices`."""
    (height, width), channels_out = window.size, matrices.shape[1]
    if gathered:
        return matrices.reshape(channels_out, width, height, -1).transpose(2, 1, 3, 0)
    return matrices.reshape(width, channels_out, height, -1).transpose(2, 0, 3, 1)
