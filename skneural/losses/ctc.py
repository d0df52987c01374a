"""Connectionist temporal classification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneural.losses.classification import clipped_shares
from skneural.losses.loss import Loss, Value
from skneural.ops.ctc import ctc
from skneural.ops.types import Array


@dataclass(frozen=True)
class CTCLoss(Loss):
    """Negative log-likelihood of sequences of labels that are shorter than the series (Graves et al. 2006).

    Link: softmax, over the labels and the blank, the last class. raw: the rows of all steps, one series after another.
    y: integers, shape (samples, 1 + longest): the number of rows of each sample, and its labels, followed by -1 where
    there are fewer. Value: mean over samples of ``-log(p)``, where p is the total probability of all alignments of the
    labels. Weights are those of samples.

    Parameters
    ----------
    n_classes : int
        Labels, and the blank.
    """

    n_classes: int

    @property
    def link_name(self) -> str:
        return "softmax"

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        total = len(y) if total is None else total
        n_steps, labels = y[:, 0], y[:, 1:]
        losses, vjp = ctc(raw, n_steps, labels, (labels >= 0).sum(axis=1))
        weight = np.ones(len(y)) if sample_weight is None else sample_weight.astype(np.float64)
        return float(losses @ weight) / total, vjp(weight / total)

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        """Logarithms of the shares of the classes, if each label occupies one step and blanks occupy the others."""
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        labels = y[:, 1:]
        counts = np.bincount(
            labels[labels >= 0],
            weights=np.broadcast_to(weight[:, np.newaxis], labels.shape)[labels >= 0],
            minlength=self.n_classes,
        )
        counts[-1] = weight @ (y[:, 0] - (labels >= 0).sum(axis=1))
        logarithm = np.log(clipped_shares(counts))
        return logarithm - logarithm.mean()
