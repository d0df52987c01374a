"""Classes: labels to integers and back, class weights, probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skneural.estimators.estimator import NeuralEstimator, all_or_nothing, takes_single_passes
from skneural.hyperparameters import MAPPING, NONE, SEQUENCE, Choice, declare, hyperparameter
from skneural.losses import LINKS, BinaryLogLoss, Loss, SoftmaxLogLoss


def gives_probabilities(estimator: NeuralClassifier) -> bool:
    """For `available_if`: whether there are `predict_proba` and `predict_log_proba`."""
    return estimator._gives_probabilities()


class Labels:
    """Labels to what losses take, and raw scores back to labels.

    Two classes have one logistic output, more have a softmax; several labels at once have a logistic output each.
    """

    attributes_doc = {
        "classes_": ("ndarray of shape (n_classes,)", "The classes, sorted; the label numbers if y is multilabel."),
    }

    def _learn_labels(self, y: np.ndarray, classes: Any, continuing: bool) -> None:
        """Set the classes, or check that y has no others."""
        check_classification_targets(y)
        multilabel = type_of_target(y, input_name="y").startswith("multilabel")
        if y.ndim == 2 and not multilabel:
            raise ValueError(
                f"y has shape {y.shape} but is not a multilabel indicator of zeros and ones; for one label per "
                "sample give y of shape (n_samples,)."
            )
        if continuing:
            self._check_known(y, multilabel, classes)
            return
        self._multilabel = multilabel
        if multilabel:
            self.classes_ = np.arange(y.shape[1])
            return
        self.classes_ = np.unique(y if classes is None else classes)
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes; y has 1 class: {self.classes_.tolist()}."
            )
        self._check_known(y, multilabel, classes)

    def _check_known(self, y: np.ndarray, multilabel: bool, classes: Any) -> None:
        """Raise if y holds what the classes do not."""
        if multilabel != self._multilabel or (multilabel and y.shape[1] != len(self.classes_)):
            expected = (
                f"a multilabel indicator of {len(self.classes_)} columns" if self._multilabel else "one class each"
            )
            raise ValueError(f"y has shape {y.shape}, but the estimator was fitted on {expected}.")
        if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes={classes!r} is not the same as in the first call: {self.classes_.tolist()}.")
        if not multilabel and (unknown := np.setdiff1d(y, self.classes_)).size:
            raise ValueError(
                f"y has labels that are not among the classes {self.classes_.tolist()}: {unknown.tolist()}. Name all "
                "classes in the first call of partial_fit, or fit anew."
            )

    def _encoded_labels(self, y: np.ndarray, dtype: Any) -> np.ndarray:
        if self._multilabel:
            return (y.toarray() if sparse.issparse(y) else y).astype(dtype)
        number = np.searchsorted(self.classes_, y)
        return number if len(self.classes_) > 2 else number.astype(dtype)[:, np.newaxis]

    def _make_loss(self) -> tuple[Loss, int]:
        n_classes = len(self.classes_)
        if self._multilabel:
            return BinaryLogLoss(), n_classes
        return (SoftmaxLogLoss(n_classes), n_classes) if n_classes > 2 else (BinaryLogLoss(), 1)

    def _labels(self, raw: np.ndarray) -> np.ndarray:
        """The predicted class of each row of raw scores, or zeros and ones for multilabel y."""
        if self._multilabel:
            return (raw > 0).astype(int)
        return self.classes_[raw.argmax(axis=1) if raw.shape[1] > 1 else (raw[:, 0] > 0).astype(int)]

    def _probabilities(self, raw: np.ndarray) -> np.ndarray:
        """Probability of each class, one column each, or of each label."""
        probabilities = LINKS[self.out_activation_](raw)
        if self._multilabel or probabilities.shape[1] > 1:
            return probabilities
        return np.concatenate([1 - probabilities, probabilities], axis=1)


@declare
class NeuralClassifier(Labels, ClassifierMixin, NeuralEstimator):
    """One class, or several labels at once, for each sample."""

    class_weight: Any = hyperparameter(
        None,
        Choice("balanced") | MAPPING | SEQUENCE | NONE,
        """Weight of each class: a dictionary from class to weight, or "balanced" for weights inversely proportional
        to the class frequencies; a list with a dictionary for each label of a multilabel y.""",
    )

    @available_if(takes_single_passes)
    @all_or_nothing
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Take exactly one pass over the given samples, going on from where the last call or `fit` ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of n_samples rows
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur. The first call needs it unless y holds all of them.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        if self.class_weight == "balanced":
            raise ValueError(
                'class_weight="balanced" needs all of y at once, which partial_fit never sees. Give a dictionary of '
                "weights, such as from sklearn.utils.class_weight.compute_class_weight."
            )
        self._partial_fit(X, y, sample_weight, classes)
        return self

    def predict(self, X):
        """Predict the class, or for multilabel y the labels, of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of n_samples rows

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        return self._labels(self._predict_raw(X))

    def decision_function(self, X):
        """Raw scores: for two classes those of the second, positive where it is predicted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of n_samples rows

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        raw = self._predict_raw(X)
        return raw[:, 0] if len(self.classes_) == 2 and not self._multilabel else raw

    @available_if(gives_probabilities)
    def predict_proba(self, X):
        """Probability of each class, or of each label of a multilabel y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of n_samples rows

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return self._probabilities(self._predict_raw(X))

    @available_if(gives_probabilities)
    def predict_log_proba(self, X):
        """Logarithm of `predict_proba`; minus infinity where a probability rounds to zero.

        Parameters
        ----------
        X : {array-like, sparse matrix} of n_samples rows

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    # --- what the template asks for -------------------------------------------------------------------

    def _gives_probabilities(self) -> bool:
        """Whether raw scores stand for probabilities; a family whose do not raises an AttributeError that says why."""
        return True

    def _learn_targets(self, y: np.ndarray, sample_weight: np.ndarray | None, classes: Any, continuing: bool) -> None:
        self._learn_labels(y, classes, continuing)

    def _encode(self, y: np.ndarray, dtype: Any) -> np.ndarray:
        return self._encoded_labels(y, dtype)

    def _weigh_classes(self, y: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray | None:
        if self.class_weight is None:
            return sample_weight
        if self._multilabel:
            by_class = compute_sample_weight(self.class_weight, y)
        else:
            weights = compute_class_weight(self.class_weight, classes=np.unique(y), y=y, sample_weight=sample_weight)
            by_class = weights[np.searchsorted(np.unique(y), y)]
        return by_class if sample_weight is None else sample_weight * by_class

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        return None if self._multilabel else y

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
