"""Regression: one or several numbers, scaled for training, with a choice of losses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, cast

import numpy as np
from sklearn.utils import Tags

from skneural.data import Container, Targets
from skneural.losses import (
    AbsoluteLoss,
    GaussianLoss,
    HuberLoss,
    Loss,
    PoissonLoss,
    QuantileLoss,
    QuantilesLoss,
    SquaredLoss,
)
from skneural.losses.loss import Value
from skneural.ops.moments import InUnits, RunningMoments
from skneural.ops.types import Array
from skneural.readers import Reader
from skneural.tasks.task import FitArguments, Task

LOSSES = ("squared_error", "absolute_error", "huber", "quantile", "poisson", "gaussian")


@dataclass(frozen=True)
class NumberOptions:
    """Hyper-parameters of regression.

    Attributes
    ----------
    loss : str or Loss
        One of `LOSSES`, or another one.
    quantile : float or list of float
    huber_delta : float
    normalize_y : bool
    reversible_normalization : bool, default=False
        Whether targets are in units of their series; for targets of series.
    """

    loss: str | Loss
    quantile: float | list[float]
    huber_delta: float
    normalize_y: bool
    reversible_normalization: bool = False

    @property
    def of_units(self) -> bool:
        """True if targets may be centred and divided: predictions are the raw scores."""
        return self.loss != "poisson" if isinstance(self.loss, str) else self.loss.link_name == "identity"


@dataclass(frozen=True)
class Numbers(InUnits, Task):
    """Regression of one or several numbers per sample.

    Attributes
    ----------
    options : NumberOptions
    moments : RunningMoments
        Of all targets so far, which are centred by their mean, and divided by their deviation; of none if they are not.
    """

    options: NumberOptions
    moments: RunningMoments

    numeric: ClassVar[bool] = True

    @classmethod
    def learn(cls, arguments: FitArguments, options: NumberOptions, reader: Reader) -> Self:
        columns = _checked_columns(arguments.y, options)
        scaled = options.normalize_y and options.of_units
        moments = RunningMoments.of(columns, arguments.sample_weight) if scaled else None
        return cls(options, moments or RunningMoments.none(columns.shape[1]))

    def updated(self, arguments: FitArguments) -> Self:
        if not self.moments.known:
            return self
        further = RunningMoments.of(_as_columns(arguments.y), arguments.sample_weight)
        return replace(self, moments=self.moments.joined(further))

    @property
    def quantiles(self) -> list[float] | None:
        """The quantiles, if there are several."""
        several = self.options.loss == "quantile" and isinstance(self.options.quantile, list)
        return list(self.options.quantile) if several and isinstance(self.options.quantile, list) else None

    @property
    def has_deviations(self) -> bool:
        """True if the standard deviation of each target is learned, too."""
        return self.options.loss == "gaussian"

    def units_since(self, before: Self) -> tuple[Array, Array] | None:
        if not self.moments.known:
            return None
        factor, shift = self.moments.change_since(before.moments)
        if self.has_deviations:  # those of the logarithms of variances follow the means
            return np.append(factor, np.ones_like(factor)), np.append(shift, 2.0 * np.log(factor))
        n_scores = len(self.quantiles or (None,))
        return np.repeat(factor, n_scores), np.repeat(shift, n_scores)

    def compare(self, arguments: FitArguments) -> None:
        n_columns = _checked_columns(arguments.y, self.options).shape[1]
        if n_columns != len(self.mean):
            raise ValueError(f"y has {n_columns} columns, but the estimator was fitted on {len(self.mean)}.")

    def encode(self, arguments: FitArguments) -> Targets:
        scaled = (_as_columns(arguments.y) - self.mean) / self.scale
        greatest, precision = np.abs(scaled).max(initial=0.0), np.dtype(arguments.dtype)
        if greatest > np.finfo(precision).max:
            raise ValueError(
                f"y has values of up to {greatest:g}, which {precision}, the precision of training, does not hold. "
                "Give X in float64, divide y by a number, or set normalize_y=True."
            )
        return Targets(scaled.astype(precision))

    def loss(self) -> tuple[Loss, int]:
        if isinstance(self.options.loss, Loss):
            return self.options.loss, len(self.mean)
        n_outputs, quantiles = len(self.mean), self.quantiles
        if quantiles is not None:
            return QuantilesLoss(tuple(quantiles)), n_outputs * len(quantiles)
        if self.has_deviations:
            return GaussianLoss(shared=False), 2 * n_outputs
        losses: dict[str, Loss] = {
            "squared_error": SquaredLoss(),
            "absolute_error": AbsoluteLoss(),
            "huber": HuberLoss(self.options.huber_delta),
            "quantile": QuantileLoss(cast(float, self.options.quantile)),
            "poisson": PoissonLoss(),
        }
        return losses[self.options.loss], n_outputs

    def loss_scale(self, loss: Loss) -> Value:
        with np.errstate(over="ignore"):  # squares of large units are infinite
            scale: Array = self.scale**loss.degree
        return np.repeat(scale, len(self.quantiles or (None,)))

    def attributes(self) -> dict[str, Any]:
        return {"y_mean_": self.mean, "y_scale_": self.scale}

    def decode(self, raw: Array) -> Array:
        """Predictions in the units of y, of shape (rows, n_outputs); in float64 if float32 does not hold these.

        Several quantiles are on a further axis. They are sorted, so that they do not cross: in other units, by joined
        networks and after further training, too, which increments between them would not allow.
        """
        y = self.loss()[0].link(raw)
        units, precision = np.concatenate([self.scale, np.abs(self.mean) + 1e3 * self.scale]), np.finfo(y.dtype)
        dtype = y.dtype if units.min() >= precision.tiny and units.max() <= precision.max else np.dtype(np.float64)
        scale, mean = self.scale.astype(dtype), self.mean.astype(dtype)
        if self.has_deviations:
            y = y[:, : len(mean)]
        if self.quantiles is not None:
            y = np.sort(y.reshape(len(y), len(mean), -1), axis=2)[:, :, np.argsort(np.argsort(self.quantiles))]
            scale, mean = scale[:, np.newaxis], mean[:, np.newaxis]
        return y.astype(dtype, copy=False) * scale + mean

    def deviations(self, raw: Array) -> Array:
        """Standard deviations of the targets in the units of y, of shape (rows, n_outputs)."""
        variances = GaussianLoss(shared=False).variance(raw.astype(np.float64), len(self.mean))
        deviations: Array = np.sqrt(variances) * self.scale
        return deviations

    def like_input(self, rows: Array, x: Container, X: object) -> Any:
        return rows[:, 0] if rows.shape[1] == 1 else rows

    def deviations_like_input(self, rows: Array, x: Container, X: object) -> Any:
        """Arrange standard deviations like X."""
        return self.like_input(rows, x, X)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.target_tags.multi_output = True


def _as_columns(y: Array) -> Array:
    return y.astype(np.float64).reshape(len(y), -1)


def _checked_columns(y: Array, options: NumberOptions) -> Array:
    """The targets as columns; raises if counts are negative."""
    columns = _as_columns(y)
    if options.loss == "poisson" and (columns < 0).any():
        raise ValueError(f'y must not be negative with loss="poisson"; its smallest value is {columns.min():g}.')
    return columns
