"""Random changes of images that do not change what they show; only while training.

x, y: (batch, height, width, channels). They stand first in a network and see the pixels as they were given; while
training, they skip dx.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from skneural.layers.layer import PREDICTING, Backward, Context, Layer
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class RandomFlip(Layer):
    """Exchange left and right in every second image."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if not context.training:
            return x, lambda dy, g: dy
        flipped = context.random_bits(x.shape[:1]) < 32768
        return np.where(flipped[:, np.newaxis, np.newaxis, np.newaxis], x[:, :, ::-1], x), lambda dy, g: None

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return x


@dataclass(frozen=True)
class RandomShift(Layer):
    """Move each image by up to `reach` pixels up or down, and left or right; its border is repeated.

    Parameters
    ----------
    reach : int
    """

    reach: int

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if not context.training:
            return x, lambda dy, g: dy
        top, left = (context.random_bits((len(x), 2)) % (2 * self.reach + 1)).T
        padded = np.pad(x, ((0, 0), (self.reach,) * 2, (self.reach,) * 2, (0, 0)), mode="edge")
        windows = sliding_window_view(padded, x.shape[1:3], axis=(1, 2))  # (batch, top, left, channels, height, width)
        return windows[np.arange(len(x)), top, left].transpose(0, 2, 3, 1), lambda dy, g: None

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return x
