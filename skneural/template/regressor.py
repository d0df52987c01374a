"""What users ask a regressor."""

from __future__ import annotations

from typing import ClassVar

from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from skneural.hyperparameters import BOOLEAN, Choice, Number, declare, hyperparameter
from skneural.targets import Given, Numbers, PerSampleOrStep, PerStep, TargetKind
from skneural.targets.numbers import LOSSES
from skneural.template.all_or_nothing import all_or_nothing
from skneural.template.estimator import NeuralEstimator, takes_single_passes
from skneural.template.step_scores import score_steps


@declare
class NeuralRegressor(RegressorMixin, NeuralEstimator):
    """One or many numbers; targets are scaled for training, predictions and curves are in the units of y."""

    _target_kind: ClassVar[TargetKind] = Numbers()

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
        X : array-like of n_samples rows
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(Given(X, y, sample_weight))
        return self

    def predict(self, X):
        """Predict the targets of each sample.

        Parameters
        ----------
        X : array-like of n_samples rows

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self._predicted(X, self._targets.decode)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        self._target_kind.tag(tags)
        return tags


@declare
class NeuralSequenceRegressor(NeuralRegressor):
    """One or many numbers for each series, or for each step of it."""

    _target_kind: ClassVar[TargetKind] = PerSampleOrStep(Numbers(), PerStep(Numbers(), numeric=True))

    def predict(self, X):
        """Predict the targets of each series, or of each of its steps.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        y : ndarray of shape (n_samples,), (n_samples, n_outputs) or (n_samples, steps, n_outputs), or list of ndarrays
            With targets for each step, an array for an array X, and a list for a list.
        """
        return self._predicted(X, self._targets.decode)

    def score(self, X, y, sample_weight=None):
        """Coefficient of determination, R^2: over samples, or over all steps of all series.

        Parameters
        ----------
        X : array-like or list of n_samples series
        y : targets like those of `fit`
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        if self._targets.stepwise:
            return score_steps(r2_score, self, Given(X, y, sample_weight))
        return super().score(X, y, sample_weight)
