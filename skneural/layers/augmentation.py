"""Random augmentation of images in training.

Moves of pixels are the first layers of a network, on the original pixels, x, y: (batch, height, width, channels); in
training they return no dx. Where pixels have targets, their container moves both instead
(`skneural.data.PixelImages`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.layers.layer import PREDICTING, Backward, Context, Layer
from skneural.ops.augmentation import flip_images, shift_images, turn_images
from skneural.ops.memory import empty_like
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class RandomFlip(Layer):
    """Flip images horizontally with probability 1/2."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if not context.training:
            return x, lambda dy, g: dy
        flipped = context.random_bits(x.shape[:1]) < 32768
        return flip_images(x, flipped), lambda dy, g: None

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return x


@dataclass(frozen=True)
class RandomRotation(Layer):
    """Turn each image by a random number of right angles; of half turns, if images are not square."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if not context.training:
            return x, lambda dy, g: dy
        n_turns = context.random_bits(x.shape[:1]) % 4
        if x.shape[1] != x.shape[2]:
            n_turns = n_turns // 2 * 2
        return turn_images(x, n_turns), lambda dy, g: None

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return x


@dataclass(frozen=True)
class RandomShift(Layer):
    """Shift each image by up to `reach` pixels vertically and horizontally, repeating its border pixels.

    Parameters
    ----------
    reach : int
    """

    reach: int

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if not context.training:
            return x, lambda dy, g: dy
        top, left = (context.random_bits((len(x), 2)) % (2 * self.reach + 1)).T
        return shift_images(x, top, left, self.reach), lambda dy, g: None

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return x


@dataclass(frozen=True)
class RandomBrightness(Layer):
    """Change contrast and brightness of each image: y = factor * x + shift, with random numbers around 1 and 0.

    x, y: (height, channels, width, batch), of pixels that are standardized.

    Parameters
    ----------
    reach : float, default=0.2
        Greatest shift, in standard deviations, and greatest logarithm of the factor; of either sign.
    """

    reach: float = 0.2

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if not context.training:
            return x, lambda dy, g: dy
        bits = context.random_bits((x.shape[-1], 2))
        exponent, shift = (self.reach * (bits / 32768 - 1)).astype(x.dtype).T
        factor = np.exp(exponent)
        y = np.multiply(x, factor, out=empty_like(x))
        y += shift
        return y, lambda dy, g: np.multiply(dy, factor, out=empty_like(dy))

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return x
