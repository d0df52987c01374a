"""Networks that return scores of each pixel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from skneural.data.images import ImageSizes
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops.blocks import slices
from skneural.ops.memory import empty
from skneural.ops.pixels import pixels_as_rows
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class PixelScores(Layer):
    """Scores of each pixel as rows. x: (height, channels, width, batch); y: (pixels of all images, n_out).

    The pixels of an image are in the order of its rows, without padding. Larger images than `tile` are predicted in
    parts that overlap, so that feature maps take little memory.

    Parameters
    ----------
    inner : Layer
        Network from images to scores of the same height and width, in the layout of x.
    reach : int
        Scores depend on pixels that are at most as far away, vertically and horizontally.
    multiple : int, default=1
        Parts begin at multiples of this number of pixels, by which the inner network divides height and width.
    tile : int, default=1024
        Height and width of the parts without their overlap.
    """

    inner: Layer
    reach: int
    multiple: int = 1
    tile: int = 1024

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        scores, inner_backward = self.inner.forward(p["inner"], x, context)
        rows, vjp = pixels_as_rows(scores, _real_sizes(context))
        return rows, lambda dy, g: inner_backward(vjp(dy), g["inner"])

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return pixels_as_rows(self._scores(p["inner"], x, context), _real_sizes(context))[0]

    def _scores(self, p: Tree, x: Array, context: Context) -> Array:
        height, _, width, batch = x.shape
        if max(height, width) <= self.tile:
            whole: Array = self.inner.predict(p, x, context)
            return whole
        scores: Array | None = None
        for (rows, top), (columns, left) in self._tiles(height, width):
            part = x[rows, :, columns]
            tile = self.inner.predict(p, part, _inside(context, rows.start, columns.start, part.shape))
            if scores is None:
                scores = empty((height, tile.shape[1], width, batch), tile.dtype)
            inside = scores[top, :, left]
            inside[...] = tile[top.start - rows.start :, :, left.start - columns.start :][
                : inside.shape[0], :, : inside.shape[2]
            ]
        assert scores is not None
        return scores

    def _tiles(self, height: int, width: int) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
        """Rows and columns of each part, each with and without its overlap."""
        for rows in self._along(height):
            for columns in self._along(width):
                yield rows, columns

    def _along(self, n: int) -> Iterator[tuple[slice, slice]]:
        overlap = -(-self.reach // self.multiple) * self.multiple
        step = max(self.multiple, self.tile // self.multiple * self.multiple)
        for part in slices(n, step):
            yield slice(max(0, part.start - overlap), min(n, part.stop + overlap)), part

    def output_bias(self, p: Tree) -> Array | None:
        return self.inner.output_bias(p["inner"])

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        return self.inner.rescale_output(p["inner"], factor, shift)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        """Shape of y without padding; padded images have fewer rows."""
        height, n_out, width, batch = self.inner.shape(x_shape)
        return batch * height * width, n_out


def _real_sizes(context: Context) -> Array | None:
    sizes = context.batch.structure
    return sizes.real if isinstance(sizes, ImageSizes) else None


def _inside(context: Context, top: int, left: int, shape: tuple[int, ...]) -> Context:
    """Context of a window of the batch."""
    sizes = context.batch.structure
    if not isinstance(sizes, ImageSizes):
        return context
    window = sizes.window(top, left, shape[0], shape[2])
    return replace(context, batch=context.batch._replace(structure=window))
