"""A moment beside the features of a row, and features that stand side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.memory import zeros
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


@dataclass(frozen=True)
class FeatureRange(Layer):
    """Features that stand side by side, without the others. x: (..., features); y: (..., stop - start).

    Parameters
    ----------
    start, stop : int
        The first of them, and the first behind them.
    """

    start: int
    stop: int

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        def backward(dy: Array, g: Tree) -> Array:
            dx = zeros(x.shape, x.dtype)
            dx[..., self.start : self.stop] = dy
            return dx

        return x[..., self.start : self.stop], backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], self.stop - self.start)
