"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from skneural.layers.layer import PREDICTING, Backward, Context, Layer
from skneural.ops.dropout import dropout
from skneural.ops.types import Array, Matrix
from skneural.parameters import Tree


@dataclass(frozen=True)
class Dropout(Layer):
    """Set a fraction `rate` of the elements to zero and scale up the others, in training only.

    Parameters
    ----------
    rate : float in [0, 1)
        Fraction of elements that are dropped, in steps of 1 / 65536.
    batch_axis : int, default=0
        Batch axis of x.
    rows : {"samples", "elements"}, default="samples"
        Whether a row is a sample, or an element such as a step or a node, concatenated over all samples.
    shared_below : int, default=0
        A batch of fewer rows shares one dropout mask, so that one thinned network is trained on all of it and a row of
        weight two is equivalent to two rows. For many rows the gradient is then too noisy: on California housing,
        batches of 256 with one mask each ended at 48 000 dollars, with a mask for each row at 46 100.
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
        y, vjp = dropout(x, self._random_bits(x.shape, context), self.rate)
        return y, lambda dy, g: vjp(dy)

    def _random_bits(self, shape: tuple[int, ...], context: Context) -> Array:
        share = context.shard.share(shape[self.batch_axis], self.rows)
        if (shape[self.batch_axis] if share is None else share.of) >= self.shared_below:
            return context.random_bits(shape, self.batch_axis, self.rows)
        assert context.rng is not None
        of_one_row = [1 if axis == self.batch_axis else size for axis, size in enumerate(shape)]
        return context.rng.integers(0, 65536, of_one_row, dtype=np.uint16)  # all shards draw the same numbers

    def _sparse(self, x: sparse.csr_array, context: Context) -> tuple[Any, Backward]:
        """Dropout of the stored elements only. x is the whole batch and has no gradient."""
        assert self.shared_below == 0, "Sparse rows have nothing in common that could be dropped."
        assert context.shard.samples is None, "Shards of sparse rows would not draw alike."
        dropped, _ = self.forward({}, x.data, context)
        return sparse.csr_array((dropped, x.indices, x.indptr), shape=x.shape), lambda dy, g: None

    def predict(self, p: Tree, x: Matrix, context: Context = PREDICTING) -> Any:
        return x
