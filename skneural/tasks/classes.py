"""Classification: labels to encoded targets, and raw scores to labels and probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skneural.data import Targets
from skneural.losses import BinaryLogLoss, Loss, SoftmaxLogLoss
from skneural.ops.types import Array
from skneural.readers import Reader
from skneural.tasks.task import FitArguments, Task

# Label of elements without a class, such as nodes or pixels, where they may have none.
UNLABELLED = -1


@dataclass(frozen=True)
class ClassOptions:
    """Hyper-parameters of classification.

    Attributes
    ----------
    class_weight : dict, list of dict, "balanced" or None
    """

    class_weight: Any = None


@dataclass(frozen=True)
class Classes(Task):
    """Classification into one class, or several labels at once, per sample.

    Two classes have one logistic output; any other number has a softmax, by which a single class has probability 1;
    multilabel y has one logistic output per label.

    Attributes
    ----------
    options : ClassOptions
    classes : array of shape (n_classes,)
        Sorted labels; the numbers of the labels if y is multilabel.
    multilabel : bool
    """

    options: ClassOptions
    classes: Array
    multilabel: bool

    @classmethod
    def learn(cls, arguments: FitArguments, options: ClassOptions, reader: Reader) -> Self:
        y, classes = arguments.y, arguments.classes
        if _is_multilabel(y):
            return cls(options, np.arange(y.shape[1]), True)
        task = cls(options, np.unique(y if classes is None else classes), False)
        task._ensure_known(arguments, False)
        return task

    def ensure_complete(self, arguments: FitArguments) -> None:
        if arguments.classes is None and not self.multilabel and len(self.classes) < 2:
            raise ValueError(
                f"y has 1 class: {self.classes.tolist()}. Pass all classes that will ever occur to the first call of "
                "partial_fit, as classes=[...]."
            )

    def compare(self, arguments: FitArguments) -> None:
        self._ensure_known(arguments, _is_multilabel(arguments.y))

    def encode(self, arguments: FitArguments) -> Targets:
        y = arguments.y
        if self.multilabel:
            return Targets((y.toarray() if sparse.issparse(y) else y).astype(arguments.dtype))
        number = np.searchsorted(self.classes, y)
        return Targets(number if len(self.classes) != 2 else number.astype(arguments.dtype)[:, np.newaxis])

    def class_weights(self, arguments: FitArguments) -> Array | None:
        class_weight, weight = self.options.class_weight, arguments.sample_weight
        if class_weight is None:
            return None
        _ensure_weights(class_weight)
        if isinstance(class_weight, list) and not self.multilabel:
            raise ValueError(
                f"class_weight={class_weight!r} is a list, which is for multilabel y (a dictionary for each label). "
                f"Give a dictionary with a weight for each of the classes {self.classes.tolist()}."
            )
        if not self.multilabel:
            by_class = _weight_of_each(arguments.y, self.classes, class_weight, weight)
        elif isinstance(class_weight, str):
            labels = arguments.y.toarray() if sparse.issparse(arguments.y) else arguments.y
            by_class = np.prod(
                [_weight_of_each(label, self.classes, class_weight, weight) for label in labels.T], axis=0
            )
        else:
            by_class = compute_sample_weight(class_weight, arguments.y)
        if not by_class.any():
            raise ValueError(f"class_weight={class_weight!r} leaves only classes of weight zero in y.")
        return by_class

    def strata(self, y: Array) -> Array | None:
        return None if self.multilabel else y

    def loss(self) -> tuple[Loss, int]:
        n_classes = len(self.classes)
        if self.multilabel:
            return BinaryLogLoss(), n_classes
        return (BinaryLogLoss(), 1) if n_classes == 2 else (SoftmaxLogLoss(n_classes), n_classes)

    def attributes(self) -> dict[str, Any]:
        return {"classes_": self.classes}

    @property
    def binary(self) -> bool:
        """True if one raw score decides between two classes."""
        return len(self.classes) == 2 and not self.multilabel

    def decode(self, raw: Array) -> Array:
        if self.multilabel:
            return (raw > 0).astype(int)
        labels: Array = self.classes[(raw[:, 0] > 0).astype(int) if self.binary else raw.argmax(axis=1)]
        return labels

    def decision(self, raw: Array) -> Array:
        return raw[:, 0] if self.binary else raw

    def probabilities(self, raw: Array) -> Array:
        probabilities = self.loss()[0].link(raw)
        return np.concatenate([1 - probabilities, probabilities], axis=1) if self.binary else probabilities

    def _ensure_known(self, arguments: FitArguments, multilabel: bool) -> None:
        """Raise if y has labels that are not among the classes."""
        y, classes, known = arguments.y, arguments.classes, self.classes
        if multilabel != self.multilabel or (multilabel and y.shape[1] != len(known)):
            expected = f"a multilabel indicator of {len(known)} columns" if self.multilabel else "one class per sample"
            raise ValueError(f"y has shape {y.shape}, but the estimator was fitted on {expected}.")
        if classes is not None and not np.array_equal(np.unique(classes), known):
            raise ValueError(f"classes={classes!r} is not the same as in the first call: {known.tolist()}.")
        if not multilabel and (unknown := np.setdiff1d(y, known)).size:
            raise ValueError(
                f"y has labels that are not among the classes {known.tolist()}: {unknown.tolist()}. Begin with "
                "samples of all classes, or pass all classes to the first call of partial_fit; for other classes, fit "
                "a clone or set warm_start=False."
            )


def _weight_of_each(y: Array, classes: Array, class_weight: Any, sample_weight: Array | None) -> Array:
    """Weight of each label of y by its class. "balanced" weights follow from the classes that occur in y."""
    known = np.unique(y) if isinstance(class_weight, str) else classes
    weights: Array = compute_class_weight(class_weight, classes=known, y=y, sample_weight=sample_weight)
    return weights[np.searchsorted(known, y)]


def _ensure_weights(class_weight: Any) -> None:
    """Raise if a class weight is negative or not finite."""
    for weights in [class_weight] if isinstance(class_weight, Mapping) else class_weight:
        for label, weight in weights.items() if isinstance(weights, Mapping) else ():
            if not (isinstance(weight, Real) and 0 <= float(weight) < np.inf):
                raise ValueError(f"class_weight must be finite numbers >= 0; got {weight!r} for class {label!r}.")


def _ensure_labels_are_of_one_type(y: Any) -> None:
    """Raise if labels are objects that have no order, or numbers as objects, which scikit-learn's metrics refuse."""
    if not isinstance(y, np.ndarray) or y.dtype != object or y.ndim != 1:
        return
    types = {str if isinstance(label, str) else type(label): label for label in y}
    if len(types) > 1:
        first, *_, last = (f"{label!r} of type {kind.__name__}" for kind, label in types.items())
        raise ValueError(f"y has labels of different types, such as {first} and {last}: convert them to one type.")
    name = next((kind.__name__ for kind in types if issubclass(kind, Real)), None)
    if name is not None:
        raise ValueError(
            f"Unknown label type: y is numbers in an array of dtype object. Convert it, such as by y.astype({name})."
        )


def _is_multilabel(y: Array) -> bool:
    _ensure_labels_are_of_one_type(y)
    kind = type_of_target(y, input_name="y")
    if kind != "binary":  # nothing to refuse or to warn of, and the check takes a tenth of a short training
        check_classification_targets(y)
    multilabel = kind.startswith("multilabel")
    if y.ndim == 2 and not multilabel:
        raise ValueError(
            f"y has shape {y.shape} but is not a multilabel indicator of zeros and ones; for one label per "
            "sample give y of shape (n_samples,)."
        )
    return multilabel
