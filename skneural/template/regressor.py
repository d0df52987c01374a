"""Base class of regressors."""

from __future__ import annotations

from typing import ClassVar

from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneural.hyperparameters import BOOLEAN, Choice, Number, declare, hyperparameter
from skneural.tasks import FitArguments, NumberOptions, Numbers, Task
from skneural.tasks.numbers import LOSSES
from skneural.template import hidden_features
from skneural.template.estimator import NeuralEstimator, has_partial_fit
from skneural.template.state import all_or_nothing
from skneural.template.step_scores import score_steps


@declare
class NeuralRegressor(RegressorMixin, NeuralEstimator):
    """Regressor of one or several numbers per sample.

    Targets are scaled for training. Predictions and curves are in the units of y.
    """

    _task_class: ClassVar[type[Task]] = Numbers

    loss: str = hyperparameter(
        default="squared_error",
        constraint=Choice(*LOSSES),
        doc="""Loss to minimize: "squared_error" estimates the mean, "absolute_error" the median, "huber" a robust mean,
        "quantile" the given `quantile`, "poisson" the mean of counts.""",
    )
    quantile: float = hyperparameter(
        default=0.5, constraint=Number(0, 1, above=True, below=True), doc='Quantile that loss="quantile" estimates.'
    )
    huber_delta: float = hyperparameter(
        default=1.35,
        constraint=Number(0, above=True),
        doc="""Absolute error at which loss="huber" changes from squared to linear: in standard deviations of y if
        `normalize_y`, otherwise in the units of y.""",
    )
    normalize_y: bool = hyperparameter(
        default=True, constraint=BOOLEAN, doc='Centre and scale the targets for training. Ignored for loss="poisson".'
    )

    attributes_doc = {
        "y_mean_": ("ndarray of shape (n_outputs,)", "Mean that is subtracted from the targets for training."),
        "y_scale_": ("ndarray of shape (n_outputs,)", "Scale by which they are then divided."),
    }

    def _task_options(self) -> NumberOptions:
        return NumberOptions(self.loss, float(self.quantile), float(self.huber_delta), bool(self.normalize_y))

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

    def predict(self, X):
        """Predict the targets of each sample, or of each step of each series if the model was fitted on such targets.

        Parameters
        ----------
        X : array-like of n_samples rows, or list of n_samples series

        Returns
        -------
        y : ndarray of shape (n_samples,), (n_samples, n_outputs) or (n_samples, steps, n_outputs), or list of ndarrays
            With targets for each step: an array if X is an array, a list if X is a list.
        """
        return self._predicted(X)

    def score(self, X, y, sample_weight=None):
        """Coefficient of determination R^2, over all samples or over all steps of all series.

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
        if self._task.per_step:
            return score_steps(r2_score, self, FitArguments(X, y, sample_weight))
        return super().score(X, y, sample_weight)

    transform, fit_transform = hidden_features.transform, hidden_features.fit_transform
    get_feature_names_out, set_output = hidden_features.get_feature_names_out, hidden_features.set_output
    _n_features_out = property(hidden_features.n_features_out)
    _sklearn_auto_wrap_output_keys = hidden_features.WRAPPED

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags = hidden_features.tags_of_transformers()
        return tags
