"""Loss of ensembles that are trained as one network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneural.losses.loss import Loss, Value
from skneural.ops.types import Array


@dataclass(frozen=True)
class MemberLoss(Loss):
    """Mean of the losses of the members, as opposed to the loss of their mean (Gorishniy et al. 2025).

    In training, raw has the shape (rows, members, n_outputs). In evaluation, it is the average of the members, of shape
    (rows, n_outputs).

    Parameters
    ----------
    loss : Loss
        Loss of each member.
    """

    loss: Loss

    @property
    def link_name(self) -> str:
        return self.loss.link_name

    @property
    def degree(self) -> int:
        return self.loss.degree

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        if raw.ndim == 2:
            return self.loss.value_and_gradient(y, raw, sample_weight, total)
        n_rows, n_members, n_outputs = raw.shape
        value, gradient = self.loss.value_and_gradient(
            np.repeat(y, n_members, axis=0),
            raw.reshape(-1, n_outputs),
            None if sample_weight is None else np.repeat(sample_weight, n_members),
            n_members * (n_rows if total is None else total),
        )
        return value, gradient.reshape(raw.shape)

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return self.loss.best_constant(y, sample_weight)
