"""What users ask a tagger."""

from __future__ import annotations

from typing import ClassVar

from sklearn.metrics import accuracy_score
from sklearn.utils.metaestimators import available_if

from skneural.hyperparameters import declare
from skneural.targets import Classes, Given, PerStep, TargetKind
from skneural.template.all_or_nothing import all_or_nothing
from skneural.template.class_weight import ClassWeighted
from skneural.template.estimator import NeuralEstimator, takes_single_passes
from skneural.template.step_scores import score_steps


@declare
class NeuralTagger(ClassWeighted, NeuralEstimator):
    """A label, or several labels at once, for each step of a series."""

    _target_kind: ClassVar[TargetKind] = PerStep(Classes())

    attributes_doc = {
        "classes_": ("ndarray of shape (n_classes,)", "The classes, sorted; the label numbers if y is multilabel."),
    }

    @available_if(takes_single_passes)
    @all_or_nothing
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Take exactly one pass over the given samples, going on from where the last call or `fit` ended.

        Parameters
        ----------
        X : array-like or list of n_samples series
        y : array-like of shape (n_samples, steps), or list of n_samples label sequences
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
        """Predict the label of each step.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        y : ndarray of shape (n_samples, steps) or (n_samples, steps, n_labels), or list of n_samples ndarrays
            An array for an array X, an object array for an object array, a list for a list.
        """
        return self._predicted(X, self._targets.decode)

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
        ``cross_val_predict(..., method="predict_proba")`` is not for taggers: it numbers the classes of y, and finds a
        sequence for each sample. With ``method="predict"`` it works, for series of unequal lengths too.
        """
        return self._predicted(X, self._targets.probabilities)

    def score(self, X, y, sample_weight=None):
        """Share of the steps whose label is right; where y is multilabel, all labels must be.

        In `fit`, ``scoring="accuracy"`` is the same. In searches and cross-validation, leave `scoring` out: there
        scikit-learn's own scorers see y before the tagger does, and refuse it, or take steps for labels.

        Parameters
        ----------
        X : array-like or list of n_samples series
        y : array-like or list of n_samples label sequences
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each step of a series.

        Returns
        -------
        accuracy : float
        """
        return score_steps(accuracy_score, self, Given(X, y, sample_weight))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        self._target_kind.tag(tags)
        return tags
