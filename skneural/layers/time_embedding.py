"""A moment beside the features of a row."""

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
    """Sines and cosines take the place of the last feature, a time between 0 and 1 (Ho et al. 2020).

    x: (..., features + 1); y: (..., features + size).

    Parameters
    ----------
    size : int
        Even: half of them are sines, of frequencies from 1 to `fastest`, each a constant multiple of the one before.
    fastest : float, default=30.0
    """

    size: int
    fastest: float = 30.0

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = embed_last(x, np.geomspace(1.0, self.fastest, self.size // 2).astype(x.dtype))
        return y, lambda dy, g: vjp(dy)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        n = x_shape[-1]
        return (*x_shape[:-1], None if n is None else n - 1 + self.size)
