"""A target for each step of each series: labels, or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_consistent_length

from skneural.data import Series, Targets
from skneural.inputs import steps_like
from skneural.losses import Loss
from skneural.losses.loss import Value
from skneural.ops.types import Array
from skneural.targets.target_kind import Given, TargetKind, ensure_y_is_given


@dataclass(frozen=True)
class PerStep(TargetKind):
    """A target of another kind for each step; y is an object array of one array per series.

    Parameters
    ----------
    inner : TargetKind
        The kind of the target of one step.
    numeric : bool, default=False
        Whether targets are rows of numbers.
    """

    inner: TargetKind
    numeric: bool = False

    stepwise: ClassVar[bool] = True

    def check(self, estimator: BaseEstimator, given: Given, reset: bool) -> Array:
        ensure_y_is_given(estimator, given.y)
        pieces = step_targets(given.y, given.X.n_steps)
        if self.numeric:
            for i, piece in enumerate(pieces):
                pieces[i] = check_array(piece, dtype=np.float64, input_name=f"y[{i}]")
        return pieces

    def learn(self, estimator: BaseEstimator, given: Given) -> None:
        self.inner.learn(estimator, _step_by_step(given))

    def ensure_complete(self, estimator: BaseEstimator, given: Given) -> None:
        self.inner.ensure_complete(estimator, given)

    def compare(self, estimator: BaseEstimator, given: Given) -> None:
        self.inner.compare(estimator, _step_by_step(given))

    def encode(self, estimator: BaseEstimator, given: Given) -> Targets:
        steps = _step_by_step(given)
        weight = self.inner.class_weights(estimator, steps)
        weight = None if weight is None else weight.astype(given.dtype)
        return Targets(self.inner.encode(estimator, steps).values, given.X.n_steps, weight)

    def loss(self, estimator: BaseEstimator) -> tuple[Loss, int]:
        return self.inner.loss(estimator)

    def unit(self, estimator: BaseEstimator, loss: Loss) -> Value:
        return self.inner.unit(estimator, loss)

    def shapes(self) -> dict[str, Any]:
        return {"pooling": None}

    def decode(self, estimator: BaseEstimator, raw: Array) -> Array:
        return self.inner.decode(estimator, raw)

    def probabilities(self, estimator: BaseEstimator, raw: Array) -> Array:
        return self.inner.probabilities(estimator, raw)

    def arrange(self, rows: Any, x: Any, X: Any) -> Any:
        return steps_like(rows, x, X)

    def tag(self, tags: Any) -> None:
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = False


@dataclass(frozen=True)
class PerSampleOrStep(TargetKind):
    """Targets of samples or of steps, as y has them in the first `fit`. What is learned: `_stepwise`."""

    per_sample: TargetKind
    per_step: TargetKind

    def of(self, estimator: BaseEstimator) -> TargetKind:
        return self.per_step if getattr(estimator, "_stepwise", False) else self.per_sample

    def check(self, estimator: BaseEstimator, given: Given, reset: bool) -> Array:
        kind = self._kind_of(given.y)
        if not reset and kind != self.of(estimator):
            fitted = "step" if estimator._stepwise else "series"
            raise ValueError(f"The estimator was fitted on targets for each {fitted}")
        return kind.check(estimator, given, reset)

    def learn(self, estimator: BaseEstimator, given: Given) -> None:
        estimator._stepwise = has_targets_of_steps(given.y)
        self.of(estimator).learn(estimator, given)

    def ensure_complete(self, estimator: BaseEstimator, given: Given) -> None:
        self.of(estimator).ensure_complete(estimator, given)

    def compare(self, estimator: BaseEstimator, given: Given) -> None:
        self.of(estimator).compare(estimator, given)

    def _kind_of(self, y: Any) -> TargetKind:
        return self.per_step if has_targets_of_steps(y) else self.per_sample

    def tag(self, tags: Any) -> None:
        self.per_sample.tag(tags)


def has_targets_of_steps(y: Any) -> bool:
    """Whether y is (n, steps, targets), or a list of arrays (steps, targets)."""
    if isinstance(y, np.ndarray) and y.dtype != object:
        return y.ndim == 3
    return hasattr(y, "__len__") and not hasattr(y, "columns") and len(y) > 0 and np.ndim(next(iter(y))) == 2


def step_targets(y: Any, n_steps: Array) -> Array:
    """One array of targets for each series, in an object array.

    Raises
    ------
    ValueError
        If a series has another number of targets than steps; says which.
    """
    y = y.to_numpy() if hasattr(y, "to_numpy") else y  # a DataFrame would give its columns
    check_consistent_length(y, n_steps)
    pieces = np.empty(len(y), dtype=object)
    for i, (piece, n) in enumerate(zip(y, n_steps, strict=True)):
        pieces[i] = np.asarray(piece)
        if pieces[i].ndim not in (1, 2) or len(pieces[i]) != n:
            found = f"{len(pieces[i])}" if pieces[i].ndim in (1, 2) else f"an array of shape {pieces[i].shape}"
            raise ValueError(f"Series {i} has {n} steps, but y[{i}] has {found}: y has a target for each step.")
        if pieces[i].shape[1:] != pieces[0].shape[1:]:
            raise ValueError(
                f"The targets of series {i} have shape {pieces[i].shape}, and those of series 0 have "
                f"{pieces[0].shape}: each step has equally many."
            )
    return pieces


def _step_by_step(given: Given) -> Given:
    """Each step as a sample, with the weight of its series."""
    x: Series = given.X
    weight = None if given.sample_weight is None else np.repeat(given.sample_weight, x.n_steps)
    return given._replace(y=np.concatenate(given.y), sample_weight=weight)
