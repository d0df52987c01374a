"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from skneural.layers.layer import PREDICTING, Backward, Context, Layer
from skneural.ops.memory import empty, empty_like
from skneural.ops.types import Array, Matrix
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
    shared_below : int, default=0
        A batch of fewer rows drops the same elements of all: one thinned network learns from all of it, to which a row
        of weight two is what two rows are. For many rows that is too rough: on California housing, batches of 256
        with one mask each ended at 48 000 dollars, with a mask for each row at 46 100.
    """

    rate: float
    batch_axis: int = 0
    rows: str = "samples"
    shared_below: int = 0

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        if not context.training:
            return x, lambda dy, g: dy
        if sparse.issparse(x):
            return self._sparse(x, context)
        threshold = min(round(self.rate * 65536), 65535)
        kept = self._random_bits(x.shape, context) >= threshold
        scale = np.multiply(kept, 65536 / (65536 - threshold), out=empty(kept.shape, x.dtype), dtype=x.dtype)

        def backward(dy: Any, g: Tree) -> Any:
            return np.multiply(dy, scale, out=empty_like(dy))

        return np.multiply(x, scale, out=empty_like(x)), backward

    def _random_bits(self, shape: tuple[int, ...], context: Context) -> Array:
        share = context.share(shape[self.batch_axis], self.rows)
        if (shape[self.batch_axis] if share is None else share.of) >= self.shared_below:
            return context.random_bits(shape, self.batch_axis, self.rows)
        assert context.rng is not None
        of_one_row = [1 if axis == self.batch_axis else size for axis, size in enumerate(shape)]
        return context.rng.integers(0, 65536, of_one_row, dtype=np.uint16)  # shards draw alike

    def _sparse(self, x: sparse.csr_array, context: Context) -> tuple[Any, Backward]:
        """What is stored is dropped or kept: zeros stay zeros. x holds the whole batch and has no gradient."""
        assert self.shared_below == 0, "Sparse rows have nothing in common that could be dropped."
        assert context.samples is None, "Shards of sparse rows would not draw alike."
        dropped, _ = self.forward({}, x.data, context)
        return sparse.csr_array((dropped, x.indices, x.indptr), shape=x.shape), lambda dy, g: None

    def predict(self, p: Tree, x: Matrix, context: Context = PREDICTING) -> Any:
        return x
