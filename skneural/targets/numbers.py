"""Numbers as y: scaled for training, one or many of them, and the choice of loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skneural.data import Targets
from skneural.losses import LINKS, AbsoluteLoss, HuberLoss, Loss, PoissonLoss, QuantileLoss, SquaredLoss
from skneural.losses.loss import Value, weighted_mean
from skneural.ops.types import Array
from skneural.targets.target_kind import Given, TargetKind

LOSSES = ("squared_error", "absolute_error", "huber", "quantile", "poisson")


@dataclass(frozen=True)
class Numbers(TargetKind):
    """One or many numbers for each sample. What is learned: `y_mean_` and `y_scale_`."""

    def learn(self, estimator: BaseEstimator, given: Given) -> None:
        columns = _counted(estimator, given.y)
        estimator.y_mean_ = np.zeros(columns.shape[1])
        estimator.y_scale_ = np.ones(columns.shape[1])
        if estimator.normalize_y and estimator.loss != "poisson":
            estimator.y_mean_ = weighted_mean(columns, given.sample_weight)
            deviation = np.sqrt(weighted_mean((columns - estimator.y_mean_) ** 2, given.sample_weight))
            rounding = 10 * np.finfo(np.float64).eps * np.abs(estimator.y_mean_)
            estimator.y_scale_ = np.where(deviation > rounding, deviation, 1.0)

    def compare(self, estimator: BaseEstimator, given: Given) -> None:
        n_columns = _counted(estimator, given.y).shape[1]
        if n_columns != len(estimator.y_mean_):
            raise ValueError(f"y has {n_columns} columns, but the estimator was fitted on {len(estimator.y_mean_)}.")

    def encode(self, estimator: BaseEstimator, given: Given) -> Targets:
        scaled = (_as_columns(given.y) - estimator.y_mean_) / estimator.y_scale_
        return Targets(scaled.astype(given.dtype))

    def loss(self, estimator: BaseEstimator) -> tuple[Loss, int]:
        losses: dict[str, Loss] = {
            "squared_error": SquaredLoss(),
            "absolute_error": AbsoluteLoss(),
            "huber": HuberLoss(estimator.huber_delta),
            "quantile": QuantileLoss(estimator.quantile),
            "poisson": PoissonLoss(),
        }
        return losses[estimator.loss], len(estimator.y_mean_)

    def unit(self, estimator: BaseEstimator, loss: Loss) -> Value:
        unit: Array = estimator.y_scale_**loss.degree
        return unit

    def decode(self, estimator: BaseEstimator, raw: Array) -> Array:
        """Predictions in the units of y, of shape (rows, n_outputs)."""
        y = LINKS[estimator.out_activation_](raw)
        return y * estimator.y_scale_.astype(y.dtype) + estimator.y_mean_.astype(y.dtype)

    def arrange(self, rows: Any, x: Any, X: Any) -> Any:
        return rows[:, 0] if rows.shape[1] == 1 else rows

    def tag(self, tags: Any) -> None:
        tags.target_tags.multi_output = True


def _as_columns(y: Array) -> Array:
    return y.astype(np.float64).reshape(len(y), -1)


def _counted(estimator: BaseEstimator, y: Array) -> Array:
    """The targets as columns; counts must not be negative."""
    columns = _as_columns(y)
    if estimator.loss == "poisson" and (columns < 0).any():
        raise ValueError(f'y must not be negative with loss="poisson"; its least entry is {columns.min():g}.')
    return columns
