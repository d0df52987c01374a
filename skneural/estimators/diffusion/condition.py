"""The condition on which generated samples depend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from skneural.ops.moments import InUnits, RunningMoments
from skneural.ops.types import Array


@dataclass(frozen=True)
class Condition(InUnits):
    """Classes (integers, strings, booleans) or numbers (floats, or several columns) on which samples depend.

    Attributes
    ----------
    classes : array of shape (n_classes,) or None
        None if y is numbers.
    moments : RunningMoments
        Of all numbers so far, which are centred by their mean, and divided by their deviation. Of length zero for
        classes.
    """

    classes: Array | None
    moments: RunningMoments

    @classmethod
    def learn(cls, y: Array, classes: npt.ArrayLike | None, sample_weight: Array | None) -> Self:
        """Learn from checked y; `classes` are all that will ever occur, or None."""
        if classes is not None or _are_classes(y):
            condition = cls(np.unique(y if classes is None else classes), RunningMoments.none(0))
            condition.encode(y, len(y), np.float32)  # raises if there are other labels
            return condition
        return cls(None, RunningMoments.of(_as_columns(y), sample_weight))

    def updated(self, y: Array, sample_weight: Array | None) -> Self:
        """The condition when training continues with checked y: the units of numbers follow all so far."""
        if self.classes is not None:
            return self
        return replace(self, moments=self.moments.joined(RunningMoments.of(_as_columns(y), sample_weight)))

    @property
    def size(self) -> int:
        """Number of values that represent a condition. An unknown condition is all zeros."""
        return len(self.moments.mean) + 1 if self.classes is None else len(self.classes)

    def encode(self, y: npt.ArrayLike, n_samples: int, dtype: npt.DTypeLike) -> Array:
        """The condition as an input of the network; a scalar y is the condition of all samples.

        Raises
        ------
        ValueError
            If y does not match the y of training.
        """
        y = np.asarray(y)
        if self.classes is not None:
            return _one_hot(np.broadcast_to(y, (n_samples,)) if y.ndim == 0 else y, self.classes, dtype)
        n_outputs = len(self.moments.mean)
        columns = np.broadcast_to(y, (n_samples, n_outputs)) if y.ndim == 0 else y.reshape(len(y), -1)
        if columns.shape[1] != n_outputs:
            raise ValueError(f"y has {columns.shape[1]} columns, but the model was fitted on {n_outputs}.")
        standard = (columns.astype(np.float64) - self.mean) / self.scale
        return np.concatenate([standard, np.ones((len(columns), 1))], axis=1).astype(dtype)

    def ensure_same_classes(self, classes: npt.ArrayLike | None) -> None:
        """Raise if the `classes` of a later call of `partial_fit` differ from those of the first."""
        if classes is None:
            return
        if self.classes is None:
            raise ValueError("classes are given, but the model was fitted on numbers.")
        if not np.array_equal(np.unique(classes), self.classes):
            raise ValueError(f"classes={classes!r} is not the same as in the first call: {self.classes.tolist()}.")


def _as_columns(y: Array) -> Array:
    return y.reshape(len(y), -1).astype(np.float64)


def _are_classes(y: Array) -> bool:
    """Return True for anything but floats; these are numbers, even if all happen to be integral."""
    return y.ndim == 1 and y.dtype.kind != "f"


def _one_hot(y: Array, classes: Array, dtype: npt.DTypeLike) -> Array:
    if y.ndim != 1:
        raise ValueError(f"y has shape {y.shape}, but the model was fitted on one class for each sample.")
    unknown = sorted(set(y.tolist()) - set(classes.tolist()), key=str)
    if unknown:
        raise ValueError(f"y has labels that are not among the classes {classes.tolist()}: {unknown}.")
    one_hot = np.zeros((len(y), len(classes)), dtype)
    one_hot[np.arange(len(y)), np.searchsorted(classes, y)] = 1.0
    return one_hot
