"""Random changes of images. x, y: (batch, height, width, channels)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from skneural.ops.types import Array


def flip_images(x: Array, flipped: Array) -> Array:
    """Exchange left and right of the images for which `flipped`, of shape (batch,), is true."""
    return np.where(flipped[:, np.newaxis, np.newaxis, np.newaxis], x[:, :, ::-1], x)


def turn_images(x: Array, n_turns: Array) -> Array:
    """Turn images counterclockwise by right angles.

    Parameters
    ----------
    x : array of shape (batch, height, width, channels)
        Square images, unless all numbers are even.
    n_turns : integer array of shape (batch,)
        Between 0 and 3.
    """
    y = np.empty_like(x)
    for n in np.unique(n_turns):
        y[n_turns == n] = np.rot90(x[n_turns == n], n, axes=(1, 2))
    return y


def shift_images(x: Array, top: Array, left: Array, reach: int) -> Array:
    """Crop images whose border is repeated `reach` times.

    Parameters
    ----------
    x : array of shape (batch, height, width, channels)
    top, left : integer arrays of shape (batch,)
        First row and column of each crop, between 0 and 2 * reach; `reach` leaves an image where it is.
    reach : int
    """
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    windows = sliding_window_view(padded, x.shape[1:3], axis=(1, 2))  # (batch, top, left, channels, height, width)
    return windows[np.arange(len(x)), top, left].transpose(0, 2, 3, 1)


def shift_reach(height: int, width: int) -> int:
    """Number of pixels by which images are shifted at most: an eighth of the smaller side."""
    return max(1, min(height, width) // 8)


class PixelMoves(NamedTuple):
    """Moves of the pixels of an image, which its labels follow.

    Attributes
    ----------
    positions : integer array of shape (height, width)
        Number, row by row, of the pixel of the original image at each place of the other one.
    inside : boolean array of shape (height * width,)
        False where there was no pixel, so that one from the border is repeated.
    """

    positions: Array
    inside: Array

    @classmethod
    def drawn(cls, size: tuple[int, int], names: Collection[str], rng: np.random.Generator) -> Self:
        """Draw moves: "flip" left and right, "rotate" by right angles, half turns unless square, "shift"."""
        positions = np.arange(size[0] * size[1]).reshape(size)
        if "flip" in names and rng.random() < 0.5:
            positions = positions[:, ::-1]
        if "rotate" in names:
            positions = np.rot90(positions, int(rng.integers(4) if size[0] == size[1] else 2 * rng.integers(2)))
        rows, columns = map(np.arange, size)
        if "shift" in names:
            reach = shift_reach(*size)
            down, right = rng.integers(-reach, reach + 1, 2)
            rows, columns = rows - down, columns - right
        inside = ((rows >= 0) & (rows < size[0]))[:, np.newaxis] & (columns >= 0) & (columns < size[1])
        positions = positions[rows.clip(0, size[0] - 1)][:, columns.clip(0, size[1] - 1)]
        return cls(positions, inside.ravel())

    def of_image(self, image: Array) -> Array:
        """The moved image, of shape (height, width, channels)."""
        return image.reshape(-1, image.shape[-1])[self.positions]

    def of_pixels(self, values: Array) -> Array:
        """Moved values of the pixels, in the order of rows; the first axis has one entry for each pixel."""
        return values[self.positions.ravel()]
