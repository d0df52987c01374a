"""Base class of taggers, which label each step of a series."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.metrics import accuracy_score
from sklearn.utils.metaestimators import available_if

from skneural.hyperparameters import declare
from skneural.tasks import ClassOptions, FitArguments, StepClasses, Task
from skneural.template.class_weight import class_weight_hyperparameter, ensure_weights_for_passes
from skneural.template.estimator import has_partial_fit
from skneural.template.state import all_or_nothing
from skneural.template.step_scores import score_steps
from skneural.template.supervised import SupervisedEstimator


@declare
class NeuralTagger(SupervisedEstimator):
    """Classifier of one class, or several labels at once, per step of a series."""

    _task_class: ClassVar[type[Task]] = StepClasses

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
        X : array-like or list of n_samples series
        y : array-like of shape (n_samples, steps), or list of n_samples label sequences
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
        """Predict the label of each step.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        y : ndarray of shape (n_samples, steps) or (n_samples, steps, n_labels), or list of n_samples ndarrays
            An array if X is an array, an object array if X is one, a list if X is a list.
        """
        return self._predicted(X)

    def predict_proba(self, X):
        """Probability of each class, or of each label of a multilabel y, at each step.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        probabilities : ndarray of shape (n_samples, steps, n_classes), or list of ndarrays of shape (steps, n_classes)
            Columns in the order of `classes_`.

        Notes
        -----
        ``cross_val_predict(..., method="predict_proba")`` does not support taggers, because it expects one class per
        sample in y. ``method="predict"`` works, also for series of unequal lengths.
        """
        return self._predicted(X, "probabilities")

    def predict_log_proba(self, X):
        """Logarithm of `predict_proba`; minus infinity where a probability rounds to zero.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, steps, n_classes), or list of ndarrays
        """
        return self._predicted(X, "log_probabilities")

    def decision_function(self, X):
        """Raw scores of the network at each step. For two classes, those of the second class.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        scores : ndarray of shape (n_samples, steps) or (n_samples, steps, n_classes), or list of ndarrays
        """
        return self._predicted(X, "decision")

    def score(self, X, y, sample_weight=None):
        """Accuracy over all steps; if y is multilabel, a step counts as correct if all of its labels are.

        In `fit`, ``scoring="accuracy"`` is the same. In searches and cross-validation, leave out `scoring`, or make
        other scorers with `skneural.step_scorer`, as scikit-learn's would reject y, or take its steps for labels.

        Parameters
        ----------
        X : array-like or list of n_samples series
        y : array-like or list of n_samples label sequences
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each series, which counts for each of its steps.

        Returns
        -------
        accuracy : float
        """
        return score_steps(accuracy_score, self, FitArguments(X, y, sample_weight))
