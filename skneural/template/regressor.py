"""Base class of regressors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneural.hyperparameters import BOOLEAN, QUANTILES, Choice, Number, declare, hyperparameter
from skneural.losses import Loss
from skneural.ops.types import Array
from skneural.tasks import FitArguments, NumberOptions, Numbers, Task
from skneural.tasks.numbers import LOSSES
from skneural.template.estimator import has_partial_fit
from skneural.template.state import all_or_nothing
from skneural.template.step_scores import score_steps
from skneural.template.supervised import SupervisedEstimator
from skneural.template.values import LOSS


@declare
class NeuralRegressor(RegressorMixin, SupervisedEstimator):
    """Regressor of one or several numbers per sample.

    Targets are scaled for training. Predictions and curves are in the units of y.
    """

    _task_class: ClassVar[type[Task]] = Numbers

    loss: str | Loss = hyperparameter(
        default="squared_error",
        constraint=Choice(*LOSSES) | LOSS,
        doc="""Loss to minimize: "squared_error" estimates the mean, "absolute_error" the median, "huber" a robust mean,
        "quantile" the given `quantile`, "poisson" the mean of counts, and "gaussian" the mean and the standard
        deviation of a normal distribution, which ``predict(X, return_std=True)`` returns; the deviation is at least
        0.01, in deviations of y if `normalize_y`. Another one is an object of a class derived from
        `skneural.losses.ElementwiseLoss`; `skneural.testing.check_loss` checks it.""",
    )
    quantile: float | Sequence[float] = hyperparameter(
        default=0.5,
        constraint=QUANTILES,
        doc="""Quantile that loss="quantile" estimates, or several, such as (0.05, 0.5, 0.95), by one network:
        predictions have them as their last axis, and they never cross, because they are sorted.""",
    )
    huber_delta: float = hyperparameter(
        default=1.35,
        constraint=Number(0, above=True),
        doc="""Absolute error at which loss="huber" changes from squared to linear: in standard deviations of y if
        `normalize_y`, otherwise in the units of y.""",
    )
    normalize_y: bool = hyperparameter(
        default=True,
        constraint=BOOLEAN,
        doc='Centre and scale the targets for training. Ignored for loss="poisson", and others with a link.',
    )

    attributes_doc = {
        "y_mean_": ("ndarray of shape (n_outputs,)", "Mean that is subtracted from the targets for training."),
        "y_scale_": ("ndarray of shape (n_outputs,)", "Scale by which they are then divided."),
    }

    def _task_options(self) -> NumberOptions:
        several = isinstance(self.quantile, Sequence)
        quantile = list(map(float, np.ravel(self.quantile))) if several else float(cast(float, self.quantile))
        return NumberOptions(self.loss, quantile, float(self.huber_delta), bool(self.normalize_y))

    @available_if(has_partial_fit)
    @all_or_nothing
    def partial_fit(self, X, y, sample_weight=None):
        """Train for exactly one pass over the given samples, continuing from the last call or `fit`.

        Targets are scaled by their mean and deviation in all calls so far. The predictions do not change with these
        units, because the output layer is rescaled.

        Parameters
        ----------
        X : array-like of n_samples rows
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(FitArguments(X, y, sample_weight))
        return self

    def predict(self, X, return_std=False):
        """Predict the targets of each sample, or of each step of each series if the model was fitted on such targets.

        Parameters
        ----------
        X : array-like of n_samples rows, or list of n_samples series
        return_std : bool, default=False
            Return standard deviations, too, which ``loss="gaussian"`` learns.

        Returns
        -------
        y : ndarray of shape (n_samples,), (n_samples, n_outputs) or (n_samples, steps, n_outputs), or list of ndarrays
            With targets for each step: an array if X is an array, a list if X is a list. Several quantiles are on a
            further axis: (n_samples, n_quantiles) or (n_samples, n_outputs, n_quantiles).
        y_std : like y
            Standard deviation of each target given X, only if `return_std`.

        Raises
        ------
        ValueError
            If `return_std`, and the model was fitted with another loss.
        """
        if not return_std:
            return self._predicted(X)
        check_is_fitted(self)
        task = cast(Numbers, self._task)
        if not task.has_deviations:
            raise ValueError(
                f'return_std=True needs a model that was fitted with loss="gaussian"; this one has '
                f"loss={task.options.loss!r}."
            )
        x, raw = self._scored(X)
        y, deviations = task.decode(raw), task.deviations(raw)
        return task.like_input(y, x, X), task.deviations_like_input(deviations.astype(y.dtype), x, X)

    def score(self, X, y, sample_weight=None):
        """Coefficient of determination R^2, over all samples or over all steps of all series.

        Of several quantiles, the mean of their D^2 pinball scores: 1 is best, and 0 is that of the quantiles of y.

        Parameters
        ----------
        X : array-like of n_samples rows, or list of n_samples series
        y : array-like or list
            Targets in the form of those in `fit`.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        check_is_fitted(self)
        metric = metric_of_numbers(self._task)
        if self._task.per_step:
            return score_steps(metric, self, FitArguments(X, y, sample_weight))
        return float(metric(y, self.predict(X), sample_weight=sample_weight))


def metric_of_numbers(task: Any) -> Callable[..., float]:
    """The metric of `score`: R^2, or of several quantiles the mean of their D^2 pinball scores."""
    quantiles = task.quantiles
    return r2_score if quantiles is None else partial(_mean_of_quantiles, quantiles)


def _mean_of_quantiles(
    quantiles: Sequence[float], true: npt.ArrayLike, predicted: Array, sample_weight: npt.ArrayLike | None = None
) -> float:
    scores = [
        d2_pinball_score(true, predicted[..., number], sample_weight=sample_weight, alpha=quantile)
        for number, quantile in enumerate(quantiles)
    ]
    return float(np.mean(scores))
