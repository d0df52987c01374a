"""Classifier and regressor of series by fixed random kernels."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin

from skneural.estimators.rocket.kernel_model import RocketEstimator
from skneural.estimators.rocket.top import ChosenPenalty, choose_for_classes, choose_for_numbers
from skneural.hyperparameters import declare
from skneural.ops.ridge import RidgePath
from skneural.ops.types import Array
from skneural.tasks import Classes, ClassOptions, FitArguments, NumberOptions, Numbers, Task
from skneural.template.class_weight import class_weight_hyperparameter, ensure_weights_for_passes
from skneural.template.state import all_or_nothing


@declare
class RocketSequenceClassifier(ClassifierMixin, RocketEstimator):
    """Classifier of series by fixed random kernels and ridge regression, in seconds.

    {kernels}

    Probabilities are the softmax of the scores of the classes, divided by a temperature. Penalty and temperature are
    those with which the probabilities that models of the other training series give to each have the smallest log loss.

    {sequence_X}

    {many}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Waves of two frequencies, in series of unequal lengths:

    >>> import numpy as np
    >>> from skneural import RocketSequenceClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 60)
    >>> steps = rng.integers(20, 40, 60)
    >>> X = [np.sin((1 + kind) * np.arange(n) + rng.uniform(0, 6)) for kind, n in zip(y, steps)]
    >>> model = RocketSequenceClassifier(random_state=0).fit(X[:40], y[:40])
    >>> model.score(X[40:], y[40:]) > 0.9
    True
    >>> model.transform(X[40:]).shape
    (20, 9996)
    """

    _task_class: ClassVar[type[Task]] = Classes

    class_weight: Any = class_weight_hyperparameter()

    attributes_doc = {
        "classes_": ("ndarray of shape (n_classes,)", "The classes, sorted; the label numbers if y is multilabel."),
        "temperature_": ("ndarray of shape (n_outputs,)", "Divisor of the scores of each output."),
    }

    @all_or_nothing
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Fit the linear model to further series, too.

        Kernels and units are chosen by the series of the first call, which had better be many. The linear model is that
        of all series so far; to choose the penalty, some of them are kept, at random. After `fit` of few series, of
        which nothing is kept, it begins anew, with a warning.

        Parameters
        ----------
        X : array-like of n_samples series
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur. Required in the first call unless y contains all of them.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        ensure_weights_for_passes(self.class_weight)
        self._partial_fit(FitArguments(X, y, sample_weight, classes))
        return self

    def predict(self, X: Any) -> Any:
        """Predict the class, or for multilabel y the labels, of each series.

        Parameters
        ----------
        X : array-like of n_samples series

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        return self._predicted(X)

    def decision_function(self, X: Any) -> Any:
        """Scores, divided by the temperature. For two classes, those of the second one: positive if it is predicted.

        Parameters
        ----------
        X : array-like of n_samples series

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        return self._predicted(X, "decision")

    def predict_proba(self, X: Any) -> Any:
        """Probability of each class, or of each label of a multilabel y.

        Parameters
        ----------
        X : array-like of n_samples series

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return self._predicted(X, "probabilities")

    def predict_log_proba(self, X: Any) -> Any:
        """Logarithm of `predict_proba`; minus infinity where a probability rounds to zero.

        Parameters
        ----------
        X : array-like of n_samples series

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        return self._predicted(X, "log_probabilities")

    def _task_options(self) -> ClassOptions:
        return ClassOptions(self.class_weight)

    def _targets(self, task: Task, values: Array) -> Array:
        assert isinstance(task, Classes)
        ones = values if values.ndim == 2 else values[:, np.newaxis] == np.arange(len(task.classes))
        return 2.0 * ones - 1.0

    def _choice(self, path: RidgePath, task: Task) -> ChosenPenalty:
        assert isinstance(task, Classes)
        return choose_for_classes(path, self.alpha, exclusive=not (task.multilabel or task.binary))

    def _set_choice(self, choice: ChosenPenalty) -> None:
        self.temperature_ = 1 / choice.factors

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@declare
class RocketSequenceRegressor(RegressorMixin, RocketEstimator):
    """Regressor of series by fixed random kernels and ridge regression, in seconds.

    {kernels}

    y is one number or several for each series. The penalty of each is the one with the smallest squared error of
    predictions of each training series by a model of the others.

    {sequence_X}

    {many}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    The frequency of a noisy wave:

    >>> import numpy as np
    >>> from skneural import RocketSequenceRegressor
    >>> rng = np.random.default_rng(0)
    >>> frequency = rng.uniform(0.5, 2, 200)
    >>> X = np.sin(frequency[:, np.newaxis] * np.arange(50)) + 0.1 * rng.normal(size=(200, 50))
    >>> model = RocketSequenceRegressor(random_state=0).fit(X[:150], frequency[:150])
    >>> model.score(X[150:], frequency[150:]) > 0.9
    True
    """

    _task_class: ClassVar[type[Task]] = Numbers

    attributes_doc = {
        "y_mean_": ("ndarray of shape (n_outputs,)", "Mean that is subtracted from the targets for the regression."),
        "y_scale_": ("ndarray of shape (n_outputs,)", "Scale by which they are then divided."),
    }

    @all_or_nothing
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the linear model to further series, too.

        Kernels and units are chosen by the series of the first call, which had better be many. The linear model is that
        of all series so far; to choose the penalty, some of them are kept, at random. After `fit` of few series, of
        which nothing is kept, it begins anew, with a warning.

        Parameters
        ----------
        X : array-like of n_samples series
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(FitArguments(X, y, sample_weight))
        return self

    def predict(self, X: Any) -> Any:
        """Predict the targets of each series.

        Parameters
        ----------
        X : array-like of n_samples series

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self._predicted(X)

    def _task_options(self) -> NumberOptions:
        return NumberOptions("squared_error", 0.5, 1.35, normalize_y=True)

    def _targets(self, task: Task, values: Array) -> Array:
        return values.astype(np.float64)

    def _choice(self, path: RidgePath, task: Task) -> ChosenPenalty:
        return choose_for_numbers(path, self.alpha)
