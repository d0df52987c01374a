"""Classes of nodes, some of which nobody knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from skneural.data import Targets
from skneural.ops.types import Array
from skneural.targets.classes import Classes
from skneural.targets.target_kind import Given

UNLABELLED = -1
ALL_UNLABELLED = "All nodes are unlabelled (y is -1): give the labels of some."


@dataclass(frozen=True)
class NodeClasses(Classes):
    """Classes of which -1 is none: such nodes are heard, but nothing is learned from them.

    With a single other class there would be nothing to learn: -1 and 1 are two classes, as everywhere in scikit-learn.
    What is learned beside that of `Classes`: `_unlabelled_allowed`.
    """

    def learn(self, estimator: BaseEstimator, given: Given) -> None:
        y, classes = given.y, given.classes
        others = np.unique(y[y != UNLABELLED]) if _of_integers(y) else np.empty(0)
        named = classes is not None and UNLABELLED in np.asarray(classes)
        if _of_integers(y) and not len(others) and not named:
            raise ValueError(ALL_UNLABELLED)
        estimator._unlabelled_allowed = not named and (len(others) > 1 or classes is not None)
        super().learn(estimator, _labelled(estimator, given))

    def compare(self, estimator: BaseEstimator, given: Given) -> None:
        labelled = _labelled(estimator, given)
        if len(labelled.y):
            super().compare(estimator, labelled)

    def encode(self, estimator: BaseEstimator, given: Given) -> Targets:
        known = _known(estimator, given.y)
        if known.all():
            return super().encode(estimator, given)
        return super().encode(estimator, given._replace(y=np.where(known, given.y, estimator.classes_[0])))

    def weigh(self, estimator: BaseEstimator, given: Given) -> Array | None:
        known = _known(estimator, given.y)
        if known.all():
            return super().weigh(estimator, given)
        if not known.any():
            raise ValueError(ALL_UNLABELLED)
        weight = np.zeros(len(given.y))
        of_known = super().weigh(estimator, _labelled(estimator, given))
        weight[known] = 1 if of_known is None else of_known
        return weight


def _of_integers(y: Array) -> bool:
    return y.ndim == 1 and y.dtype.kind == "i"


def _known(estimator: BaseEstimator, y: Array) -> Array:
    if not (_of_integers(y) and estimator._unlabelled_allowed):
        return np.ones(len(y), bool)
    return y != UNLABELLED


def _labelled(estimator: BaseEstimator, given: Given) -> Given:
    """What is known of the nodes that have labels; X stays, because classes do not look at it."""
    known = _known(estimator, given.y)
    if known.all():
        return given
    weight = given.sample_weight
    return given._replace(y=given.y[known], sample_weight=None if weight is None else weight[known])
