"""Targets for each step of a series: classes or numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, check_consistent_length

from skneural.data import Container, Series, Targets
from skneural.data.object_columns import unpacked
from skneural.ops.normalize_series import series_statistics
from skneural.ops.types import Array
from skneural.readers import Reader, steps_like
from skneural.tasks.classes import Classes, ClassOptions
from skneural.tasks.numbers import NumberOptions, Numbers
from skneural.tasks.task import FitArguments, ensure_none_is_missing, ensure_y_is_given

NOT_REVERSIBLE = "Set reversible_normalization=False"

# Series whose units are computed at once.
SERIES_AT_ONCE = 1000


@dataclass(frozen=True)
class StepClasses(Classes):
    """Classification of each step; y is an object array with one array of labels per series."""

    @property
    def per_step(self) -> bool:
        return True

    @classmethod
    def check(cls, arguments: FitArguments, options: ClassOptions, estimator_name: str) -> Array:
        ensure_y_is_given(arguments.y, estimator_name)
        return step_targets(arguments.y, arguments.X.n_steps)

    @classmethod
    def learn(cls, arguments: FitArguments, options: ClassOptions, reader: Reader) -> Self:
        return super().learn(_step_by_step(arguments), options, reader)

    def compare(self, arguments: FitArguments) -> None:
        super().compare(_step_by_step(arguments))

    def encode(self, arguments: FitArguments) -> Targets:
        return Targets(super().encode(_step_by_step(arguments)).values, arguments.X.n_steps)

    def class_weights(self, arguments: FitArguments) -> Array | None:
        return super().class_weights(_step_by_step(arguments))

    def strata(self, y: Array) -> Array | None:
        return None

    def shapes(self) -> dict[str, Any]:
        return {"pooling": None}

    def like_input(self, rows: Array, x: Container, X: object) -> Any:
        return steps_like(rows, x, X)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = False


@dataclass(frozen=True)
class SeriesNumbers(Numbers):
    """Regression of numbers per series.

    With reversible normalization, the targets of each series are centred and scaled by the mean and the deviation of
    the feature that they continue: those of all features in turn, as further steps of the series.
    """

    @classmethod
    def learn(cls, arguments: FitArguments, options: NumberOptions, reader: Reader) -> Self:
        if options.reversible_normalization:
            _ensure_continues(arguments, options)
            options = replace(options, normalize_y=False)
        return super().learn(arguments, options, reader)

    def encode(self, arguments: FitArguments) -> Targets:
        if not self.options.reversible_normalization:
            return super().encode(arguments)
        centre, scale = _units_of_series(arguments.X, len(self.mean))
        return super().encode(arguments._replace(y=(arguments.y.reshape(scale.shape) - centre) / scale))

    def like_input(self, rows: Array, x: Container, X: object) -> Any:
        if self.options.reversible_normalization:
            centre, scale = (each.reshape(*each.shape, *[1] * (rows.ndim - 2)) for each in self._units(x))
            rows = (rows * scale + centre).astype(rows.dtype)
        return super().like_input(rows, x, X)

    def deviations_like_input(self, rows: Array, x: Container, X: object) -> Any:
        if self.options.reversible_normalization:
            rows = rows * self._units(x)[1]
        return Numbers.like_input(self, rows, x, X)

    def _units(self, x: Container) -> tuple[Array, Array]:
        return _units_of_series(x, len(self.mean))


@dataclass(frozen=True)
class SequenceNumbers(SeriesNumbers):
    """Regression of numbers per series or per step, as in the y of the first `fit`.

    Attributes
    ----------
    steps : bool
        Whether each step has a target.
    """

    steps: bool = False

    @property
    def per_step(self) -> bool:
        return self.steps

    @classmethod
    def check(cls, arguments: FitArguments, options: NumberOptions, estimator_name: str) -> Array:
        if not has_targets_of_steps(arguments.y):
            checked: Array = super().check(arguments, options, estimator_name)
            return checked
        pieces = step_targets(arguments.y, arguments.X.n_steps)
        for i, piece in enumerate(pieces):
            pieces[i] = check_array(piece, dtype=np.float64, input_name=f"y[{i}]")
        return pieces

    @classmethod
    def learn(cls, arguments: FitArguments, options: NumberOptions, reader: Reader) -> Self:
        steps = has_targets_of_steps(arguments.y)
        if steps and options.reversible_normalization:
            raise ValueError(
                f"{NOT_REVERSIBLE}: y has a target for each step, whose units would depend on later steps."
            )
        numbers = SeriesNumbers.learn(_step_by_step(arguments) if steps else arguments, options, reader)
        return cls(options, numbers.moments, steps)

    def updated(self, arguments: FitArguments) -> Self:
        return super().updated(_step_by_step(arguments) if self.steps else arguments)

    def compare(self, arguments: FitArguments) -> None:
        if has_targets_of_steps(arguments.y) != self.steps:
            raise ValueError(f"The estimator was fitted on targets for each {'step' if self.steps else 'series'}.")
        super().compare(_step_by_step(arguments) if self.steps else arguments)

    def encode(self, arguments: FitArguments) -> Targets:
        if not self.steps:
            return super().encode(arguments)
        return Targets(super().encode(_step_by_step(arguments)).values, arguments.X.n_steps)

    def shapes(self) -> dict[str, Any]:
        return {"pooling": None} if self.steps else {}

    def like_input(self, rows: Array, x: Container, X: object) -> Any:
        if not self.steps:
            return super().like_input(rows, x, X)
        return steps_like(rows[:, 0] if rows.ndim == 3 and rows.shape[1] == 1 else rows, x, X)

    def deviations_like_input(self, rows: Array, x: Container, X: object) -> Any:
        return steps_like(rows, x, X) if self.steps else super().deviations_like_input(rows, x, X)


def _ensure_continues(arguments: FitArguments, options: NumberOptions) -> None:
    """Raise if targets cannot be in units of their series."""
    x, reason = arguments.X, ""
    n_targets = int(np.prod(np.shape(arguments.y)[1:]))
    if len(x.shape) < 3:
        reason = "X is tokens, which have no units"
    elif options.loss == "poisson":
        reason = 'loss="poisson" counts, and counts have no other units'
    elif n_targets % x.shape[2]:
        reason = f"series have {x.shape[2]} features, but y has {n_targets} columns: it has all features of each step"
    if reason:
        raise ValueError(f"{NOT_REVERSIBLE}: {reason}.")


def _units_of_series(x: Container, n_targets: int) -> tuple[Array, Array]:
    """Centre and scale of the targets of each series, of shape (samples, n_targets)."""
    units = np.empty((2, len(x), x.shape[2]))
    for rows in x.blocks(SERIES_AT_ONCE):
        values, batch = x[rows].as_batch()
        units[:, rows] = series_statistics(values.astype(np.float64), batch.lengths)
    centre, scale = np.tile(units, (1, 1, n_targets // x.shape[2]))
    return centre, scale


def has_targets_of_steps(y: Any) -> bool:
    """Return True if y is (n, steps, targets), or a list of arrays (steps, targets)."""
    y = unpacked(y)
    if sparse.issparse(y) or (isinstance(y, np.ndarray) and y.dtype != object):
        return bool(y.ndim == 3)
    return hasattr(y, "__len__") and not hasattr(y, "columns") and len(y) > 0 and np.ndim(next(iter(y))) == 2


def step_targets(y: Any, n_steps: Array) -> Array:
    """One array of targets per series, in an object array.

    Raises
    ------
    ValueError
        If the number of targets of a series is not that of its steps.
    """
    y = unpacked(y)
    y = y.to_numpy() if hasattr(y, "to_numpy") else y  # a DataFrame would give its columns
    check_consistent_length(y, n_steps)
    pieces = np.empty(len(y), dtype=object)
    for i, (piece, n) in enumerate(zip(y, n_steps, strict=True)):
        pieces[i] = np.asarray(piece)
        ensure_none_is_missing(pieces[i], f"y[{i}]", "step")
        if pieces[i].ndim not in (1, 2) or len(pieces[i]) != n:
            got = f"{len(pieces[i])}" if pieces[i].ndim in (1, 2) else f"an array of shape {pieces[i].shape}"
            raise ValueError(f"Series {i} has {n} steps, but y[{i}] has {got}; y must have a target for each step.")
        if pieces[i].shape[1:] != pieces[0].shape[1:]:
            raise ValueError(
                f"The targets of series {i} have shape {pieces[i].shape}, and those of series 0 have "
                f"{pieces[0].shape}; all steps must have the same number of targets."
            )
    return pieces


def _step_by_step(arguments: FitArguments) -> FitArguments:
    """Each step as a sample, with the weight of its series."""
    x: Series = arguments.X
    weight = None if arguments.sample_weight is None else np.repeat(arguments.sample_weight, x.n_steps)
    return arguments._replace(y=np.concatenate(arguments.y), sample_weight=weight)
