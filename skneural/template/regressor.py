"""What users ask a regressor."""

from __future__ import annotations

from typing import ClassVar

from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from skneural.hyperparameters import declare
from skneural.targets import Given, NumberFields, Numbers, PerSampleOrStep, PerStep, TargetKind
from skneural.template.estimator import NeuralEstimator, all_or_nothing, takes_single_passes
from skneural.template.step_scores import score_steps


@declare
class NeuralRegressor(RegressorMixin, NumberFields, NeuralEstimator):
    """One or many numbers; targets are scaled for training, predictions and curves are in the units of y."""

    _target_kind: ClassVar[TargetKind] = Numbers()

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
        self._partial_fit(Given(X, y, sample_weight))
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
