"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from skneural.layers.layer import PREDICTING, Backward, Context, Layer
from skneural.ops.memory import empty_like
from skneural.ops.types import Rows
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

    def forward(self, p: Tree, x: Rows, context: Context) -> tuple[Any, Backward]:
        if not context.training:
            return x, lambda dy, g: dy
        if sparse.issparse(x):
            return self._sparse(x, context)
        threshold = min(round(self.rate * 65536), 65535)
        kept = context.random_bits(x.shape, self.batch_axis, self.rows) >= threshold
        scale = np.multiply(kept, 65536 / (65536 - threshold), out=empty_like(x), dtype=x.dtype)

        def backward(dy: Any, g: Tree) -> Any:
            return np.multiply(dy, scale, out=empty_like(scale))

        return np.multiply(x, scale, out=empty_like(x)), backward

    def _sparse(self, x: sparse.csr_array, context: Context) -> tuple[Any, Backward]:
        """What is stored is dropped or kept: zeros stay zeros. x holds the whole batch and has no gradient."""
        assert context.samples is None, "Shards of sparse rows would not draw alike."
        dropped, _ = self.forward({}, x.data, context)
        return sparse.csr_array((dropped, x.indices, x.indptr), shape=x.shape), lambda dy, g: None

    def predict(self, p: Tree, x: Rows, context: Context = PREDICTING) -> Any:
        return x
