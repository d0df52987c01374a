"""What users ask a classifier."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from skneural.hyperparameters import declare
from skneural.targets import Classes, Given, TargetKind
from skneural.template.all_or_nothing import all_or_nothing
from skneural.template.class_weight import ClassWeighted
from skneural.template.estimator import NeuralEstimator, takes_single_passes


def gives_probabilities(estimator: NeuralClassifier) -> bool:
    """For `available_if`: whether there are `predict_proba` and `predict_log_proba`."""
    return estimator._gives_probabilities()


@declare
class NeuralClassifier(ClassifierMixin, ClassWeighted, NeuralEstimator):
    """One class, or several labels at once, for each sample."""

    _target_kind: ClassVar[TargetKind] = Classes()

    attributes_doc = {
        "classes_": ("ndarray of shape (n_classes,)", "The classes, sorted; the label numbers if y is multilabel."),
    }

    @available_if(takes_single_passes)
    @all_or_nothing
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Take exactly one pass over the given samples, going on from where the last call or `fit` ended.

        Parameters
        ----------
        X : array-like of n_samples rows
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur. The first call needs it unless y holds all of them.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._ensure_weights_for_passes()
        self._partial_fit(Given(X, y, sample_weight, classes))
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
        return self._predicted(X, self._targets.decode)

    def decision_function(self, X):
        """Raw scores: for two classes those of the second, positive where it is predicted.

        Parameters
        ----------
        X : array-like of n_samples rows

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        raw = self._scored(X)[1]
        return raw[:, 0] if len(self.classes_) == 2 and not self._multilabel else raw

    @available_if(gives_probabilities)
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
        return self._predicted(X, self._targets.probabilities)

    @available_if(gives_probabilities)
    def predict_log_proba(self, X):
        """Logarithm of `predict_proba`; minus infinity where a probability rounds to zero.

        Parameters
        ----------
        X : array-like of n_samples rows

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _gives_probabilities(self) -> bool:
        """Whether raw scores stand for probabilities; a family whose do not raises an AttributeError that says why."""
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        self._target_kind.tag(tags)
        return tags
