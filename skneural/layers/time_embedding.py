"""Embedding of the time of diffusion models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.sinusoids import embed_last
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class TimeEmbedding(Layer):
    """Replace the last feature, a time between 0 and 1, by sines and cosines (Ho et al. 2020).

    x: (..., features + 1); y: (..., features + size).

    Parameters
    ----------
    size : int
        Even number of sines and cosines, with frequencies from 1 to `fastest` in a geometric sequence.
    fastest : float, default=30.0
    """

    size: int
    fastest: float = 30.0

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = embed_last(x, np.geomspace(1.0, self.fastest, self.size // 2).astype(x.dtype))
        return y, lambda dy, g: vjp(dy)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], x_shape[-1] - 1 + self.size)
