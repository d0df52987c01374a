"""Base class of classifiers."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from skneural.hyperparameters import declare
from skneural.tasks import Classes, ClassOptions, FitArguments, Task
from skneural.template.class_weight import class_weight_hyperparameter, ensure_weights_for_passes
from skneural.template.estimator import has_partial_fit
from skneural.template.state import all_or_nothing
from skneural.template.supervised import SupervisedEstimator


def has_probabilities(estimator: NeuralClassifier) -> bool:
    """Condition for `predict_proba` and `predict_log_proba`, for `available_if`."""
    return estimator._gives_probabilities()


@declare
class NeuralClassifier(ClassifierMixin, SupervisedEstimator):
    """Classifier of one class, or several labels at once, per sample."""

    _task_class: ClassVar[type[Task]] = Classes

    class_weight: Any = class_weight_hyperparameter()

    attributes_doc = {
        "classes_": ("ndarray of shape (n_classes,)", "The classes, sorted; the label numbers if y is multilabel."),
    }

    def _task_options(self) -> ClassOptions:
        return ClassOptions(self.class_weight)

    @available_if(has_partial_fit)
    @all_or_nothing
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for exactly one pass over the given samples, continuing from the last call or `fit`.

        Parameters
        ----------
        X : array-like of n_samples rows
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

    def predict(self, X):
        """Predict the class, or for multilabel y the labels, of each sample.

        Parameters
        ----------
        X : array-like of n_samples rows

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        return self._predicted(X)

    def decision_function(self, X):
        """Raw scores of the network. For two classes, those of the second class: positive if it is predicted.

        Parameters
        ----------
        X : array-like of n_samples rows

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        return self._predicted(X, "decision")

    @available_if(has_probabilities)
    def predict_proba(self, X):
        """Probability of each class, or of each label of a multilabel y.

        Parameters
        ----------
        X : array-like of n_samples rows

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return self._predicted(X, "probabilities")

    @available_if(has_probabilities)
    def predict_log_proba(self, X):
        """Logarithm of `predict_proba`; minus infinity where a probability rounds to zero.

        Parameters
        ----------
        X : array-like of n_samples rows

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        return self._predicted(X, "log_probabilities")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
