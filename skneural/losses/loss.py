"""The loss protocol.

A loss has a link: networks emit raw scores, ``loss.link`` turns them into predictions. Every loss
is a mean over rows, weighs samples, and knows the best constant raw score, from which the bias of
the output layer starts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneural.losses.links import LINKS, Link
from skneural.ops.types import Array

Value = float | Array  # float, or one value per output


@dataclass(frozen=True)
class Loss:
    """What is minimized. Frozen and without arrays, like layers.

    `link_name` names the link. `degree` says how the loss grows with the unit of y (2 for squares), so
    that a loss of scaled targets can be told in the units of y.
    """

    @property
    def link_name(self) -> str:
        return "identity"

    @property
    def degree(self) -> int:
        return 1

    @property
    def link(self) -> Link:
        return LINKS[self.link_name]

    def value(self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None) -> Value:
        """Mean loss of the raw scores."""
        return self.value_and_gradient(y, raw, sample_weight, total)[0]

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        """Mean loss and its gradient.

        Parameters
        ----------
        y : array of shape (rows, n_outputs), or (rows,) integers for the softmax
        raw : array of shape (rows, n_outputs)
            Raw scores of the network.
        sample_weight : array of shape (rows,), optional
        total : float, optional
            By what sums are divided; the number of rows if None. Shards of a batch pass the batch's.

        Returns
        -------
        value : float for classification, array of shape (n_outputs,) for regression
        gradient : array like raw
            Gradient of the mean over outputs of `value`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define value_and_gradient")

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        """The raw scores, one per output, that minimize the loss if nothing is known of X."""
        raise NotImplementedError(f"{type(self).__name__} must define best_constant")


def weighted_mean(y: Array, sample_weight: Array | None) -> Array:
    return np.average(y, axis=0, weights=sample_weight)
