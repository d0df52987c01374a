"""The loss protocol.

A loss has a link: networks emit raw scores, and ``loss.link`` turns them into predictions. Every loss is a mean over
rows, supports sample weights, and computes the optimal constant raw score, with which the bias of the output layer is
initialized.
"""

from __future__ import annotations

from dataclasses import dataclass

from skneural.losses.links import LINKS, Link
from skneural.ops.types import Array

Value = float | Array  # float, or one value per output


@dataclass(frozen=True)
class Loss:
    """Base class of the loss functions. Losses are frozen dataclasses without arrays, like layers.

    `link_name` is a key of `LINKS`. `degree` is the power of the unit of y in the loss (2 for squares), by which the
    loss of scaled targets is converted into the units of y.
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
            Divisor of the sums; the number of rows if None. Shards of a batch pass the total of the batch.

        Returns
        -------
        value : float for classification, array of shape (n_outputs,) for regression
        gradient : array like raw
            Gradient of the mean of `value` over the outputs.
        """
        raise NotImplementedError(f"{type(self).__name__} must define value_and_gradient")

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        """Constant raw scores that minimize the loss, an array of shape (n_outputs,)."""
        raise NotImplementedError(f"{type(self).__name__} must define best_constant")
