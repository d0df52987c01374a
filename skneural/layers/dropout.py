"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.layers.layer import PREDICTING, Backward, Context, Layer
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class Dropout(Layer):
    """Set a share `rate` of the elements to zero and scale up the others; only while training.

    Parameters
    ----------
    rate : float in [0, 1)
        Share of elements that is dropped, to 1 / 65536.
    batch_axis : int, default=0
        The axis of x that counts the rows of the batch.
    rows : {"samples", "elements"}, default="samples"
        What these rows are: samples, or steps or nodes of all samples, one behind the other.
    """

    rate: float
    batch_axis: int = 0
    rows: str = "samples"

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if not context.training:
            return x, lambda dy, g: dy
        threshold = min(round(self.rate * 65536), 65535)
        kept = context.random_bits(x.shape, self.batch_axis, self.rows) >= threshold
        scale = np.multiply(kept, 65536 / (65536 - threshold), dtype=x.dtype)
        return x * scale, lambda dy, g: dy * scale

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return x
