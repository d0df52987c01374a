"""Numbers: scaled targets, one or many outputs, the choice of loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from skneural.estimators.estimator import NeuralEstimator, all_or_nothing, takes_single_passes
from skneural.hyperparameters import BOOLEAN, Choice, Number, declare, hyperparameter
from skneural.losses import LINKS, AbsoluteLoss, HuberLoss, Loss, PoissonLoss, QuantileLoss, SquaredLoss
from skneural.losses.loss import weighted_mean

LOSSES = ("squared_error", "absolute_error", "huber", "quantile", "poisson")


@declare
class NeuralRegressor(RegressorMixin, NeuralEstimator):
    """One or many numbers; targets are scaled for training, predictions and curves are in the units of y."""

    loss: str = hyperparameter(
        "squared_error",
        Choice(*LOSSES),
        """What is minimized: "squared_error" estimates the mean, "absolute_error" the median, "huber" a robust
        mean, "quantile" the quantile named by `quantile`, "poisson" the mean of counts.""",
    )
    quantile: float = hyperparameter(
        0.5, Number(0, 1, above=True, below=True), 'The quantile that loss="quantile" estimates.'
    )
    huber_delta: float = hyperparameter(
        1.35,
        Number(0, above=True),
        """Where loss="huber" turns from squares to straight lines, in standard deviations of y if `normalize_y`,
        else in the units of y.""",
    )
    normalize_y: bool = hyperparameter(
        True, BOOLEAN, 'Whether targets are centred and scaled for training. Off for loss="poisson".'
    )

    attributes_doc = {
        "y_mean_": ("ndarray of shape (n_outputs,)", "What was subtracted from the targets for training."),
        "y_scale_": ("ndarray of shape (n_outputs,)", "What they were then divided by."),
    }

    @available_if(takes_single_passes)
    @all_or_nothing
    def partial_fit(self, X, y, sample_weight=None):
        """Take exactly one pass over the given samples, going on from where the last call or `fit` ended.

        The first call settles how targets are scaled.

        Parameters
        ----------
        X : {array-like, sparse matrix} of n_samples rows
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(X, y, sample_weight)
        return self

    def predict(self, X):
        """Predict the targets of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of n_samples rows

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        y = self._numbers(self._predict_raw(X))
        return y[:, 0] if y.shape[1] == 1 else y

    def _numbers(self, raw: np.ndarray) -> np.ndarray:
        """Predictions in the units of y, of shape (rows, n_outputs)."""
        y = LINKS[self.out_activation_](raw)
        return y * self.y_scale_.astype(y.dtype) + self.y_mean_.astype(y.dtype)

    # --- what the template asks for -------------------------------------------------------------------

    def _learn_targets(self, y: np.ndarray, sample_weight: np.ndarray | None, classes: Any, continuing: bool) -> None:
        columns = _columns(y, np.float64)
        if self.loss == "poisson" and (columns < 0).any():
            raise ValueError(f'y must not be negative with loss="poisson"; its least entry is {columns.min():g}.')
        if continuing:
            if columns.shape[1] != len(self.y_mean_):
                raise ValueError(
                    f"y has {columns.shape[1]} columns, but the estimator was fitted on {len(self.y_mean_)}."
                )
            return
        self.y_mean_ = np.zeros(columns.shape[1])
        self.y_scale_ = np.ones(columns.shape[1])
        if self.normalize_y and self.loss != "poisson":
            self.y_mean_ = weighted_mean(columns, sample_weight)
            deviation = np.sqrt(weighted_mean((columns - self.y_mean_) ** 2, sample_weight))
            rounding = 10 * np.finfo(np.float64).eps * np.abs(self.y_mean_)
            self.y_scale_ = np.where(deviation > rounding, deviation, 1.0)

    def _encode(self, y: np.ndarray, dtype: Any) -> np.ndarray:
        return ((_columns(y, np.float64) - self.y_mean_) / self.y_scale_).astype(dtype)

    def _make_loss(self) -> tuple[Loss, int]:
        losses = {
            "squared_error": SquaredLoss(),
            "absolute_error": AbsoluteLoss(),
            "huber": HuberLoss(self.huber_delta),
            "quantile": QuantileLoss(self.quantile),
            "poisson": PoissonLoss(),
        }
        return losses[self.loss], len(self.y_mean_)

    def _loss_unit(self, loss: Loss) -> Any:
        return self.y_scale_**loss.degree

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _columns(y: np.ndarray, dtype: Any) -> np.ndarray:
    return y.astype(dtype).reshape(len(y), -1)
