"""Classes as y: labels to what losses take, and raw scores back to labels and probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skneural.data import Targets
from skneural.losses import LINKS, BinaryLogLoss, Loss, SoftmaxLogLoss
from skneural.ops.types import Array
from skneural.targets.target_kind import Given, TargetKind


@dataclass(frozen=True)
class Classes(TargetKind):
    """One class, or several labels at once, for each sample.

    Two classes have one logistic output; any other number has a softmax, which gives one class alone the probability 1;
    several labels at once have a logistic output each.
    What is learned: `classes_`, and `_multilabel`.
    """

    def learn(self, estimator: BaseEstimator, given: Given) -> None:
        y, classes = given.y, given.classes
        multilabel = _is_multilabel(y)
        estimator._multilabel = multilabel
        if multilabel:
            estimator.classes_ = np.arange(y.shape[1])
            return
        estimator.classes_ = np.unique(y if classes is None else classes)
        _ensure_known(estimator, given, multilabel)

    def ensure_complete(self, estimator: BaseEstimator, given: Given) -> None:
        if given.classes is None and not estimator._multilabel and len(estimator.classes_) < 2:
            raise ValueError(
                f"y has 1 class: {estimator.classes_.tolist()}. Give the first call of partial_fit all classes that "
                "will ever occur, as classes=[...]."
            )

    def compare(self, estimator: BaseEstimator, given: Given) -> None:
        _ensure_known(estimator, given, _is_multilabel(given.y))

    def encode(self, estimator: BaseEstimator, given: Given) -> Targets:
        y = given.y
        if estimator._multilabel:
            return Targets((y.toarray() if sparse.issparse(y) else y).astype(given.dtype))
        number = np.searchsorted(estimator.classes_, y)
        return Targets(number if len(estimator.classes_) != 2 else number.astype(given.dtype)[:, np.newaxis])

    def class_weights(self, estimator: BaseEstimator, given: Given) -> Array | None:
        y, class_weight = given.y, estimator.class_weight
        if class_weight is None:
            return None
        _ensure_weights(class_weight)
        by_class: Array
        if estimator._multilabel:
            by_class = compute_sample_weight(class_weight, y)
        else:
            weights = compute_class_weight(class_weight, classes=np.unique(y), y=y, sample_weight=given.sample_weight)
            by_class = weights[np.searchsorted(np.unique(y), y)]
        if not by_class.any():
            raise ValueError(f"class_weight={class_weight!r} leaves only classes of weight zero in y.")
        return by_class

    def strata(self, estimator: BaseEstimator, y: Array) -> Array | None:
        return None if estimator._multilabel else y

    def loss(self, estimator: BaseEstimator) -> tuple[Loss, int]:
        n_classes = len(estimator.classes_)
        if estimator._multilabel:
            return BinaryLogLoss(), n_classes
        return (BinaryLogLoss(), 1) if n_classes == 2 else (SoftmaxLogLoss(n_classes), n_classes)

    def decode(self, estimator: BaseEstimator, raw: Array) -> Array:
        if estimator._multilabel:
            return (raw > 0).astype(int)
        binary = len(estimator.classes_) == 2
        labels: Array = estimator.classes_[(raw[:, 0] > 0).astype(int) if binary else raw.argmax(axis=1)]
        return labels

    def probabilities(self, estimator: BaseEstimator, raw: Array) -> Array:
        probabilities = LINKS[estimator.out_activation_](raw)
        if estimator._multilabel or len(estimator.classes_) != 2:
            return probabilities
        return np.concatenate([1 - probabilities, probabilities], axis=1)

    def tag(self, tags: Any) -> None:
        tags.classifier_tags.multi_label = True


def _ensure_weights(class_weight: Any) -> None:
    """Raise if a class weight is negative or not finite."""
    for weights in [class_weight] if isinstance(class_weight, Mapping) else class_weight:
        for label, weight in weights.items() if isinstance(weights, Mapping) else ():
            if not (isinstance(weight, Real) and 0 <= float(weight) < np.inf):
                raise ValueError(f"class_weight must be finite numbers >= 0; got {weight!r} for class {label!r}.")


def _is_multilabel(y: Array) -> bool:
    check_classification_targets(y)
    multilabel = bool(type_of_target(y, input_name="y").startswith("multilabel"))
    if y.ndim == 2 and not multilabel:
        raise ValueError(
            f"y has shape {y.shape} but is not a multilabel indicator of zeros and ones; for one label per "
            "sample give y of shape (n_samples,)."
        )
    return multilabel


def _ensure_known(estimator: BaseEstimator, given: Given, multilabel: bool) -> None:
    """Raise if y holds what the classes do not."""
    y, classes, known = given.y, given.classes, estimator.classes_
    if multilabel != estimator._multilabel or (multilabel and y.shape[1] != len(known)):
        expected = f"a multilabel indicator of {len(known)} columns" if estimator._multilabel else "one class each"
        raise ValueError(f"y has shape {y.shape}, but the estimator was fitted on {expected}.")
    if classes is not None and not np.array_equal(np.unique(classes), known):
        raise ValueError(f"classes={classes!r} is not the same as in the first call: {known.tolist()}.")
    if not multilabel and (unknown := np.setdiff1d(y, known)).size:
        raise ValueError(
            f"y has labels that are not among the classes {known.tolist()}: {unknown.tolist()}. Name all "
            "classes in the first call of partial_fit, or fit anew."
        )
