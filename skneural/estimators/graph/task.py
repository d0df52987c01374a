"""Classification of nodes, some of which have no label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from skneural.data import Targets
from skneural.ops.types import Array
from skneural.readers import Reader
from skneural.tasks import UNLABELLED, Classes, ClassOptions, FitArguments

ALL_UNLABELLED = "All nodes are unlabelled (y is -1): give the labels of some."


@dataclass(frozen=True)
class NodeClasses(Classes):
    """Classification of nodes. Nodes without a label, marked by -1, send messages, but the loss ignores them.

    If there is only one other value, it and -1 are two ordinary classes, as everywhere in scikit-learn.

    Attributes
    ----------
    options : ClassOptions
    classes : array of shape (n_classes,)
    multilabel : bool
    unlabelled_allowed : bool
        Whether -1 marks nodes without a label.
    """

    options: ClassOptions
    unlabelled_allowed: bool

    @classmethod
    def learn(cls, arguments: FitArguments, options: ClassOptions, reader: Reader) -> Self:
        y, classes = arguments.y, arguments.classes
        others = np.unique(y[y != UNLABELLED]) if _is_integers(y) else np.empty(0)
        named = classes is not None and UNLABELLED in np.asarray(classes)
        if _is_integers(y) and not len(others) and not named:
            raise ValueError(ALL_UNLABELLED)
        allowed = not named and (len(others) > 1 or classes is not None)
        labelled = _labelled_part(arguments, _is_labelled(y, allowed))
        learned = Classes.learn(labelled, options, reader)
        return cls(options, learned.classes, learned.multilabel, allowed)

    def compare(self, arguments: FitArguments) -> None:
        labelled = _labelled_part(arguments, self.is_labelled(arguments.y))
        if labelled.y.shape[0]:
            super().compare(labelled)

    def encode(self, arguments: FitArguments) -> Targets:
        labelled = self.is_labelled(arguments.y)
        if labelled.all():
            return super().encode(arguments)
        return super().encode(arguments._replace(y=np.where(labelled, arguments.y, self.classes[0])))

    def sample_weight(self, arguments: FitArguments) -> Array | None:
        """Weight of each node: zero without a label."""
        labelled, weight = self.is_labelled(arguments.y), super().sample_weight(arguments)
        if labelled.all():
            return weight
        if not labelled.any():
            raise ValueError(ALL_UNLABELLED)
        return labelled * (1.0 if weight is None else weight)

    def is_labelled(self, y: Array) -> Array:
        """Mask of the nodes that have a label."""
        return _is_labelled(y, self.unlabelled_allowed)


def _is_labelled(y: Array, unlabelled_allowed: bool) -> Array:
    if not (_is_integers(y) and unlabelled_allowed):
        return np.ones(y.shape[0], bool)  # a sparse y has no length
    mask: Array = y != UNLABELLED
    return mask


def _is_integers(y: Array) -> bool:
    """Return True for integers, also as floats, to which NumPy converts them where some are NaN, or by stacking."""
    if y.ndim != 1 or y.dtype.kind not in "if":
        return False
    return y.dtype.kind == "i" or bool((y == np.rint(y)).all())


def _labelled_part(arguments: FitArguments, labelled: Array) -> FitArguments:
    """The arguments with targets and weights of labelled nodes only; X is complete, which classes do not depend on."""
    if labelled.all():
        return arguments
    weight = arguments.sample_weight
    return arguments._replace(y=arguments.y[labelled], sample_weight=None if weight is None else weight[labelled])
