"""Random augmentation of images in training.

x, y: (batch, height, width, channels). These are the first layers of a network, on the original pixels; in training
they return no dx.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skneural.layers.layer import PREDICTING, Backward, Context, Layer
from skneural.ops.augmentation import flip_images, shift_images
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
