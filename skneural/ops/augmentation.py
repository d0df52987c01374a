"""Random changes of images. x, y: (batch, height, width, channels)."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from skneural.ops.types import Array


def flip_images(x: Array, flipped: Array) -> Array:
    """Exchange left and right of the images for which `flipped`, of shape (batch,), is true."""
    return np.where(flipped[:, np.newaxis, np.newaxis, np.newaxis], x[:, :, ::-1], x)


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
