"""Task of autoencoders: reconstruction of X."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from skneural.data import Container, Samples, Targets
from skneural.data.statistics import block_moments, blocks_of_rows, channel_moments
from skneural.estimators.autoencoder.container import ReconstructedRows, in_units
from skneural.estimators.autoencoder.reader import RowsOrImages
from skneural.losses import LINKS, ElementwiseLoss, GaussianLoss, LogisticLoss, Loss, SquaredLoss
from skneural.ops.moments import InUnits, RunningMoments, number_of_repetitions
from skneural.ops.types import Array
from skneural.readers import Reader
from skneural.tasks import FitArguments, Task


@dataclass(frozen=True)
class ReconstructionOptions:
    """Hyper-parameters of the task of autoencoders.

    Attributes
    ----------
    loss : str or ElementwiseLoss
        "auto", "squared_error", "log_loss", or another one.
    noise : float
        Standard deviation of the noise added to X during training, in units of the scale.
    variational : bool
    """

    loss: str | ElementwiseLoss
    noise: float
    variational: bool


@dataclass(frozen=True)
class Reconstruction(InUnits, Task):
    """Reconstruction of X, centred and scaled.

    Targets of images have the layout of the output of convolutions: (height, channels, width), flattened to rows.

    Attributes
    ----------
    options : ReconstructionOptions
    loss_function : str or ElementwiseLoss
        "squared_error", "log_loss", or another one.
    moments : RunningMoments
        Of the features, or the channels of images, in all data so far; of none for losses with a link, whose values
        are not scaled.
    n_features : int
        Number of values in a sample.
    image_shape : list of int, or None
        Height, width and channels of images; None for rows of features.
    sample_shape : list of int
        Shape of a sample of X.
    """

    options: ReconstructionOptions
    loss_function: str | ElementwiseLoss
    moments: RunningMoments
    n_features: int
    image_shape: list[int] | None
    sample_shape: list[int]

    required: ClassVar[bool] = False

    @classmethod
    def check(cls, arguments: FitArguments, options: ReconstructionOptions, estimator_name: str) -> Any:
        """Return None: y is ignored."""

    @classmethod
    def learn(cls, arguments: FitArguments, options: ReconstructionOptions, reader: Reader) -> Self:
        assert isinstance(reader, RowsOrImages)
        automatic = "log_loss" if _is_binary(arguments.X) else "squared_error"
        loss_function = automatic if options.loss == "auto" else options.loss
        if _elementwise(loss_function).link_name != "identity":  # such as the logistic one, of values between 0 and 1
            moments = RunningMoments.none(arguments.X.shape[-1])
        else:
            moments = channel_moments(arguments.X, arguments.sample_weight)
        image_shape = None if reader.images is None else reader.images.image_shape
        n_features = reader.shapes()["n_in"]
        task = cls(options, loss_function, moments, n_features, image_shape, reader.sample_shape)
        task.compare(arguments)
        return task

    def updated(self, arguments: FitArguments) -> Self:
        """Units follow the data at both ends of the network, which is therefore not rescaled."""
        if not self.moments.known:
            return self
        return replace(self, moments=self.moments.joined(channel_moments(arguments.X, arguments.sample_weight)))

    def compare(self, arguments: FitArguments) -> None:
        if self.loss_function != "log_loss":
            return
        ranges = [(values.min(), values.max()) for values in _blocks(arguments.X)]
        low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
        if low < 0 or high > 1:
            raise ValueError(
                f"log_loss is for values between 0 and 1, but X reaches from {low:g} to {high:g}. Set "
                'loss="squared_error".'
            )

    def encode(self, arguments: FitArguments) -> Targets:
        """Targets without columns: `ReconstructedRows` computes those of each batch."""
        return Targets(np.empty((len(arguments.X), 0), arguments.dtype))

    def standardized(self, x: Container) -> Array:
        """Rows of X in the units of the loss, in double precision."""
        return in_units(x.as_batch()[0], self.mean, self.scale)

    def network_input(self, arguments: FitArguments) -> Container:
        return ReconstructedRows(arguments.X, self.mean, self.scale, self.options.noise)

    def best_constant(self, samples: Samples) -> Array:
        x = samples.x
        assert isinstance(x, ReconstructedRows)
        weight = np.ones(len(x)) if samples.sample_weight is None else samples.sample_weight
        moments = block_moments((x[rows].targets, weight[rows]) for rows in blocks_of_rows(x))
        # two rows with the mean and the variance of all
        ends = np.stack([moments.mean - moments.deviation, moments.mean + moments.deviation])
        return self.loss()[0].best_constant(ends, np.full(2, number_of_repetitions(weight, weight) / 2))

    def loss(self) -> tuple[Loss, int]:
        if self.options.variational and self.loss_function == "squared_error":
            return GaussianLoss(), self.n_features + 1
        return _elementwise(self.loss_function), self.n_features

    def attributes(self) -> dict[str, Any]:
        return {"loss_function_": self.loss_function, "mean_": self.mean, "scale_": self.scale}

    def decode(self, raw: Array) -> Array:
        """Predictions in the units and shape of X."""
        values = LINKS[self.loss()[0].link_name](raw[:, : self.n_features])
        if self.image_shape is not None:
            height, width, channels = self.image_shape
            values = values.reshape(-1, height, channels, width).swapaxes(2, 3)
        values = values * self.scale.astype(raw.dtype) + self.mean.astype(raw.dtype)
        return values.reshape(-1, *self.sample_shape)

    def errors(self, targets: Array, raw: Array) -> Array:
        """Squared error, cross-entropy or other loss of each element, in the units of the loss.

        The cross-entropy of a value outside of 0 to 1 is that of the nearest bound, plus the distance to it.
        """
        raw = raw[:, : targets.shape[1]]
        if self.loss_function == "log_loss":
            shares = np.clip(targets, 0, 1)
            return np.logaddexp(0, raw) - shares * raw + np.abs(targets - shares)
        if isinstance(self.loss_function, ElementwiseLoss):
            return self.loss_function.losses_and_slopes(targets, raw.astype(targets.dtype))[0]
        return np.square(raw - targets)

    def log_likelihood(self, targets: Array, raw: Array) -> Array:
        """Log-density of each row of X, given the raw scores of a variational autoencoder."""
        errors = self.errors(targets, raw).sum(axis=1)
        if self.loss_function == "log_loss":
            return -errors
        n = targets.shape[1]
        variance = np.exp(raw[:, -1]) + GaussianLoss().floor
        units = np.log(self.scale).sum() * (n // len(self.scale))
        return -0.5 * (errors / variance + n * np.log(2 * np.pi * variance)) - units.astype(raw.dtype)


def _elementwise(loss: str | ElementwiseLoss) -> ElementwiseLoss:
    """The loss of a name, or the one that is given."""
    if isinstance(loss, ElementwiseLoss):
        return loss
    return LogisticLoss() if loss == "log_loss" else SquaredLoss()


def _blocks(x: Container) -> Iterator[Array]:
    for rows in blocks_of_rows(x):
        yield x[rows].as_batch()[0]


def _is_binary(x: Container) -> bool:
    """Return True if all values are 0 or 1, and not all are 0."""
    not_zero = False
    for values in _blocks(x):
        if not ((values == 0) | (values == 1)).all():
            return False
        not_zero = not_zero or bool(values.any())
    return not_zero
