"""Pixels of images as rows."""

from __future__ import annotations

import itertools

import numpy as np

from skneural.ops.memory import empty, zeros
from skneural.ops.types import Array, Vjp


def pixels_as_rows(y: Array, sizes: Array | None = None) -> tuple[Array, Vjp]:
    """Concatenate the pixels of all images, each row by row.

    Parameters
    ----------
    y : array of shape (height, features, width, batch)
    sizes : integer array of shape (batch, 2) or None, default=None
        Height and width of each image, behind which there is padding; None if there is none.

    Returns
    -------
    rows : array of shape (pixels, features)
        With features first in memory: losses reduce few features of many pixels, which is slow along the last axis.
    vjp : ``vjp(d_rows) -> dy``
        Zero in the padding.
    """
    images = _without_padding(y, sizes)
    bounds = np.cumsum([0, *(image[0].size for image in images)])
    ranges = list(itertools.pairwise(bounds))
    rows = empty((y.shape[1], int(bounds[-1])), y.dtype)
    for image, (start, stop) in zip(images, ranges, strict=True):
        rows[:, start:stop].reshape(image.shape)[...] = image

    def vjp(d_rows: Array) -> Array:
        dy = zeros(y.shape, y.dtype)
        for image, (start, stop) in zip(_without_padding(dy, sizes), ranges, strict=True):
            image[...] = d_rows[start:stop].T.reshape(image.shape)
        return dy

    return rows.T, vjp


def _without_padding(y: Array, sizes: Array | None) -> list[Array]:
    """Views (features, ..., height, width) of the images: of all at once if they are of one size."""
    if sizes is None:
        return [y.transpose(1, 3, 0, 2)]
    if (sizes == sizes[0]).all():
        return [y[: sizes[0, 0], :, : sizes[0, 1]].transpose(1, 3, 0, 2)]
    return [y[:height, :, :width, i].transpose(1, 0, 2) for i, (height, width) in enumerate(sizes)]
