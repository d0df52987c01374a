"""What the template asks a kind of y."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, is_regressor
from sklearn.utils.validation import _check_y, check_consistent_length, column_or_1d

from skneural.data import Container, Targets
from skneural.inputs import lengths_of, precision
from skneural.losses import Loss
from skneural.losses.loss import Value
from skneural.ops.types import Array


class Given(NamedTuple):
    """What was given to `fit` or `partial_fit`: as it came, and as a container and arrays once it was checked."""

    X: Any
    y: Any
    sample_weight: Any = None
    classes: Any = None

    @property
    def dtype(self) -> Any:
        """Precision of training, once X is a container."""
        return precision(self.X.dtype)


class TargetKind:
    """A kind of y. Members hold other kinds at most; what they learn of y, they set on the estimator."""

    stepwise: ClassVar[bool] = False  # whether each step has a target
    required: ClassVar[bool] = True  # whether y must be given; where not, targets are made of X

    def of(self, estimator: BaseEstimator) -> TargetKind:
        """The kind of y that the estimator was fitted on, if there is a choice."""
        return self

    def check(self, estimator: BaseEstimator, given: Given, reset: bool) -> Array:
        """The targets, checked, as scorers take them; ``given.X`` is a container already.

        `reset` is True for training data of a new model.

        Raises
        ------
        ValueError
            If y is not of this kind, or has another length than X.
        """
        ensure_y_is_given(estimator, given.y)
        _ensure_equal_lengths(given.y)
        y = _check_y(given.y, multi_output=True, y_numeric=is_regressor(estimator), estimator=estimator)
        check_consistent_length(given.X, y)
        checked: Array = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        return checked

    def learn(self, estimator: BaseEstimator, given: Given) -> None:
        """Set what `encode` needs, such as the classes or the scale of y."""
        raise NotImplementedError(f"{type(self).__name__} must define learn")

    def ensure_complete(self, estimator: BaseEstimator, given: Given) -> None:
        """Raise if the first pass of several cannot have told all that `learn` needs."""

    def compare(self, estimator: BaseEstimator, given: Given) -> None:
        """Raise if y does not fit what was learned."""
        raise NotImplementedError(f"{type(self).__name__} must define compare")

    def encode(self, estimator: BaseEstimator, given: Given) -> Targets:
        """Targets as the loss takes them."""
        raise NotImplementedError(f"{type(self).__name__} must define encode")

    def entering(self, estimator: BaseEstimator, given: Given) -> Container:
        """What enters the network while it trains: X, or X with that of y beside it which the network sees, too.

        Targets that are drawn anew for each batch, such as noise that is to be found, come from a container with a
        method `resample`.
        """
        x: Container = given.X
        return x

    def weigh(self, estimator: BaseEstimator, given: Given) -> Array | None:
        """Sample weights with class weights in them."""
        weight: Array | None = given.sample_weight
        by_class = self.class_weights(estimator, given)
        if weight is None or by_class is None:
            return by_class if weight is None else weight
        return weight * by_class

    def class_weights(self, estimator: BaseEstimator, given: Given) -> Array | None:
        """Weight of each target by its class."""
        return None

    def strata(self, estimator: BaseEstimator, y: Array) -> Array | None:
        """Classes whose shares a random split keeps."""
        return None

    def loss(self, estimator: BaseEstimator) -> tuple[Loss, int]:
        """The loss, and how many raw scores it takes."""
        raise NotImplementedError(f"{type(self).__name__} must define loss")

    def unit(self, estimator: BaseEstimator, loss: Loss) -> Value:
        """What a loss of encoded targets is multiplied by to be in the units of y."""
        return 1.0

    def shapes(self) -> dict[str, Any]:
        """Arguments of the network builder that follow from y, beside `n_out`."""
        return {}

    def decode(self, estimator: BaseEstimator, raw: Array) -> Array:
        """Predictions from raw scores, row by row."""
        raise NotImplementedError(f"{type(self).__name__} must define decode")

    def probabilities(self, estimator: BaseEstimator, raw: Array) -> Array:
        """Probability of each class, row by row."""
        raise NotImplementedError(f"{type(self).__name__} has no probabilities")

    def arrange(self, rows: Any, x: Any, X: Any) -> Any:
        """What was predicted row by row, as it is returned for X; `x` is the container that X became."""
        return rows

    def tag(self, tags: Any) -> None:
        """Tell scikit-learn what y may be."""


def _ensure_equal_lengths(y: Any) -> None:
    lengths = lengths_of(list(y) if isinstance(y, np.ndarray) and y.dtype.kind == "O" and y.ndim == 1 else y)
    if len(lengths) > 1:
        raise ValueError(
            f"The targets of the samples have different lengths, such as {lengths[0]} and {lengths[-1]}: y has one "
            "target for each sample, or equally many for all. Labels for each step of a series are for taggers; "
            "numbers for each step are arrays (steps, n_outputs), for regressors of sequences that take them."
        )


def ensure_y_is_given(estimator: BaseEstimator, y: Any) -> None:
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y is None."
        )
