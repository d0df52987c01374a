"""X itself as the target: what a network is to find again behind a narrow passage, or under noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from skneural.data import Container, NoisyRows, Targets
from skneural.inputs.standardize import channel_moments
from skneural.losses import LINKS, GaussianLoss, LogisticLoss, Loss, SquaredLoss
from skneural.ops.types import Array
from skneural.targets.target_kind import Given, TargetKind


@dataclass(frozen=True)
class Itself(TargetKind):
    """X, in units in which no feature dominates. What is learned: `loss_function_`, `mean_` and `scale_`.

    Images are compared as they lie at the end of a stack of convolutions: (height, channels, width) in each row.
    """

    required: ClassVar[bool] = False

    def check(self, estimator: BaseEstimator, given: Given, reset: bool) -> Any:
        """There is no y."""

    def learn(self, estimator: BaseEstimator, given: Given) -> None:
        values = given.X.as_batch()[0]
        binary = bool(((values == 0) | (values == 1)).all() and values.any())
        automatic = "log_loss" if binary else "squared_error"
        estimator.loss_function_ = automatic if estimator.loss == "auto" else estimator.loss
        if estimator.loss_function_ == "log_loss":  # zeros and ones are units already
            estimator.mean_, estimator.scale_ = np.zeros(values.shape[-1]), np.ones(values.shape[-1])
        else:
            estimator.mean_, estimator.scale_ = channel_moments(given.X, given.sample_weight)
        self.compare(estimator, given)

    def compare(self, estimator: BaseEstimator, given: Given) -> None:
        values = given.X.as_batch()[0]
        low, high = float(values.min()), float(values.max())
        if estimator.loss_function_ == "log_loss" and (low < 0 or high > 1):
            raise ValueError(
                f"log_loss is for numbers between 0 and 1, but X reaches from {low:g} to {high:g}. Set "
                'loss="squared_error".'
            )

    def encode(self, estimator: BaseEstimator, given: Given) -> Targets:
        values = given.X.as_batch()[0]
        scaled = ((values - estimator.mean_) / estimator.scale_).astype(given.dtype)
        return Targets(scaled.swapaxes(2, 3).reshape(len(scaled), -1) if scaled.ndim == 4 else scaled)

    def entering(self, estimator: BaseEstimator, given: Given) -> Container:
        x: Container = given.X
        if estimator.noise == 0:
            return x
        return NoisyRows(x.as_batch()[0], (estimator.noise * estimator.scale_).astype(given.dtype))

    def loss(self, estimator: BaseEstimator) -> tuple[Loss, int]:
        n_features = estimator.n_features_in_
        if estimator.loss_function_ == "log_loss":
            return LogisticLoss(), n_features
        return (GaussianLoss(), n_features + 1) if estimator.variational else (SquaredLoss(), n_features)

    def decode(self, estimator: BaseEstimator, raw: Array) -> Array:
        """X in its own units, arranged as it was given in `fit`."""
        values = LINKS[estimator.out_activation_](raw[:, : estimator.n_features_in_])
        if estimator.image_shape_ is not None:
            height, width, channels = estimator.image_shape_
            values = values.reshape(-1, height, channels, width).swapaxes(2, 3)
        values = values * estimator.scale_.astype(raw.dtype) + estimator.mean_.astype(raw.dtype)
        return values.reshape(-1, *estimator.sample_shape_)

    def errors(self, estimator: BaseEstimator, targets: Array, raw: Array) -> Array:
        """Squared difference or cross-entropy of each element, in the units of the loss."""
        raw = raw[:, : targets.shape[1]]
        if estimator.loss_function_ == "log_loss":
            return np.logaddexp(0, raw) - targets * raw
        return np.square(raw - targets)

    def log_likelihood(self, estimator: BaseEstimator, targets: Array, raw: Array) -> Array:
        """Logarithm of the density of each row of X by raw scores that tell distributions."""
        errors = self.errors(estimator, targets, raw).sum(axis=1)
        if estimator.loss_function_ == "log_loss":
            return -errors
        n = targets.shape[1]
        variance = np.exp(raw[:, -1]) + GaussianLoss().floor
        units = np.log(estimator.scale_).sum() * (n // len(estimator.scale_))
        return -0.5 * (errors / variance + n * np.log(2 * np.pi * variance)) - units.astype(raw.dtype)
