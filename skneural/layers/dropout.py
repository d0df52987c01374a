"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from scipy import sparse

from skneural.layers.layer import PREDICTING, Backward, Context, Layer
from skneural.ops.dropout import dropout
from skneural.ops.types import Matrix
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
    """

    rate: float
    batch_axis: int = 0
    rows: str = "samples"

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        if not context.training:
            return x, lambda dy, g: dy
        if sparse.issparse(x):
            return self._sparse(x, context)
        y, vjp = dropout(x, context.random_bits(x.shape, self.batch_axis, self.rows), self.rate)
        return y, lambda dy, g: vjp(dy)

    def _sparse(self, x: sparse.csr_array, context: Context) -> tuple[Any, Backward]:
        """Dropout of the stored elements only. x is the whole batch and has no gradient."""
        assert context.shard.samples is None, "Shards of sparse rows would not draw alike."
        dropped, _ = replace(self, rows="elements").forward({}, x.data, context)
        return sparse.csr_array((dropped, x.indices, x.indptr), shape=x.shape), lambda dy, g: None

    def predict(self, p: Tree, x: Matrix, context: Context = PREDICTING) -> Any:
        return x
