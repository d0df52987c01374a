"""Tiles of the output of a window: which rows and columns are computed together, and from which parts of the images.

Tiles depend on shapes alone. A training step has the same shapes as the step before it, so they are kept: computing
them took up to a fifth of the convolution of 8 x 8 pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from skneural.ops.blocks import slices
from skneural.ops.window import ImageShape, Window

# Shapes that are remembered. A network has a few; series of unequal lengths have one for each length.
REMEMBERED_SHAPES = 512


class Band(NamedTuple):
    """Rows of the output that meet the same rows of the window. There is one between an upper and a lower edge.

    Attributes
    ----------
    rows : slice
        Rows of the output.
    window_rows : slice
        Rows of the window that meet images; the others meet only padding.
    first_row : int
        Row of the images under the first of these rows of the window, at the first row of the output.
    """

    rows: slice
    window_rows: slice
    first_row: int


class Meeting(NamedTuple):
    """Columns in which a tile and a column of the window meet images.

    Attributes
    ----------
    column : int
        Column of the window.
    outputs : slice
        Columns (times batch) of the tile.
    inputs : slice
        Columns (times batch) of the images.
    """

    column: int
    outputs: slice
    inputs: slice


class Tile(NamedTuple):
    """Rows and columns (times batch) of the output that are computed together.

    Attributes
    ----------
    band : Band
    rows : slice
        Rows of the output, all of that band.
    columns : slice
    meetings : tuple of Meeting
        Those that meet something; one that covers the tile, if there is any, comes first.
    """

    band: Band
    rows: slice
    columns: slice
    meetings: tuple[Meeting, ...]


@lru_cache(REMEMBERED_SHAPES)
def bands(window: Window, height: int, n_rows: int) -> tuple[Band, ...]:
    """Bands of an output of `n_rows` rows, from images of `height` rows."""
    stride, n_window_rows = window.stride[0], window.size[0]

    def window_rows(row: int) -> tuple[int, int]:
        top = row * stride - window.before[0]
        first = min(max(0, -top), n_window_rows)
        return first, max(first, min(n_window_rows, height - top))

    from_top = []
    for (first, stop), group in groupby(range(n_rows), window_rows):
        rows = list(group)
        first_row = rows[0] * stride - window.before[0] + first if first < stop else 0
        from_top.append(Band(slice(rows[0], rows[-1] + 1), slice(first, stop), first_row))
    return tuple(from_top)


@lru_cache(REMEMBERED_SHAPES)
def tiles(window: Window, image_shape: ImageShape, shape: ImageShape, size: int) -> tuple[Tile, ...]:
    """Tiles of about `size` elements of an output of this shape."""
    in_order = []
    for band in bands(window, image_shape[0], shape[0]):
        for rows, columns in rows_and_columns(band.rows, shape, size):
            every = (meeting(window, image_shape, shape, j, columns) for j in range(window.size[1]))
            meetings = [each for each in every if each.outputs.start < each.outputs.stop]
            meetings.sort(key=lambda each: each.outputs.start - each.outputs.stop)
            in_order.append(Tile(band, rows, columns, tuple(meetings)))
    return tuple(in_order)


def rows_and_columns(band: slice, shape: ImageShape, size: int) -> Iterator[tuple[slice, slice]]:
    """Slices of the rows of a band, and of the columns times the batch: blocks of about `size` elements."""
    _, channels, width, batch = shape
    n_columns = min(width, max(1, size // (channels * batch)))
    n_rows = max(1, size // (channels * n_columns * batch)) if n_columns == width else 1
    for rows in slices(band.stop - band.start, n_rows):
        for columns in slices(width * batch, n_columns * batch):
            yield slice(band.start + rows.start, band.start + rows.stop), columns


def meeting(window: Window, image_shape: ImageShape, shape: ImageShape, column: int, columns: slice) -> Meeting:
    """The columns in which a column of the window meets images, among these columns of the output."""
    move = (column * window.dilation[1] - window.before[1]) * shape[3]
    start = max(columns.start, -move)
    stop = max(start, min(columns.stop, image_shape[2] * image_shape[3] - move))
    return Meeting(column, slice(start - columns.start, stop - columns.start), slice(start + move, stop + move))
