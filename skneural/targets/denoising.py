"""Noise over X as what is to be found; y, if there is one, is the condition under which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_consistent_length

from skneural.data import DiffusedRows, Targets
from skneural.inputs.column_encoding import ColumnEncoding
from skneural.losses import Loss, SquaredLoss
from skneural.ops.types import Array
from skneural.targets.target_kind import Given, TargetKind


@dataclass(frozen=True)
class Denoising(TargetKind):
    """The noise over rows, or the velocity at which it comes.

    y is no target: classes (whole numbers, strings, truth values) or numbers (floats, or several columns), told to the
    network beside the noisy values. What is learned: `_encoding`, that of X; `classes_` (None without y, or if y are
    numbers); `_condition`, the mean and the scale of numbers.
    """

    required: ClassVar[bool] = False

    def check(self, estimator: BaseEstimator, given: Given, reset: bool) -> Any:
        if given.y is None:
            return None
        y = check_array(given.y, ensure_2d=False, dtype=None, estimator=estimator, input_name="y")
        check_consistent_length(given.X, y)
        return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y

    def learn(self, estimator: BaseEstimator, given: Given) -> None:
        y, table, weight = given.y, given.X.values, given.sample_weight
        if weight is not None:  # rows without weight leave no trace, and equal weights are none
            table, y, weight = table[weight > 0], None if y is None else y[weight > 0], weight[weight > 0]
            weight = None if (weight == weight[0]).all() else weight
        n_categories = np.zeros(len(estimator.is_categorical_), int)
        n_categories[estimator.is_categorical_] = [len(categories) for categories in estimator.categories_]
        by_rank = estimator.scaling == "quantile" or (estimator.scaling == "auto" and bool(n_categories.any()))
        estimator._encoding = vars(ColumnEncoding.learned(table, n_categories, by_rank, weight))
        estimator.classes_ = estimator._condition = None
        if y is None:
            if given.classes is not None:
                raise ValueError("classes are given, but y is None.")
        elif given.classes is not None or _are_classes(y):
            estimator.classes_ = np.unique(y if given.classes is None else given.classes)
            self.condition(estimator, given.y, given.dtype, len(given.X))
        else:
            columns = y.reshape(len(y), -1).astype(np.float64)
            mean = np.average(columns, axis=0, weights=weight)
            scale = np.sqrt(np.average((columns - mean) ** 2, axis=0, weights=weight))
            estimator._condition = {"mean": mean, "scale": np.where(scale > 0, scale, 1.0)}

    def compare(self, estimator: BaseEstimator, given: Given) -> None:
        """Raise if y is not like the y of training."""
        self.condition(estimator, given.y, given.X.dtype, len(given.X), may_lack=False)
        classes = estimator.classes_
        if given.classes is not None and not np.array_equal(np.unique(given.classes), classes):
            raise ValueError(f"classes={given.classes!r} is not the same as in the first call: {classes.tolist()}.")

    def condition(self, estimator: BaseEstimator, y: Any, dtype: Any, n: int, may_lack: bool = True) -> Array:
        """What tells the network of y, of shape (n, n_condition): zeros where y is None."""
        classes, moments = estimator.classes_, estimator._condition
        if classes is None and moments is None:
            if y is not None:
                raise ValueError(
                    "y is given, but this model was fitted without y and knows of no condition. Leave y out, or fit "
                    "with y."
                )
            return np.zeros((n, 0), dtype)
        width = len(classes) if classes is not None else len(moments["mean"]) + 1
        if y is None:
            if not may_lack:
                raise ValueError("y is None, but this model was fitted with y. Give y.")
            return np.zeros((n, width), dtype)
        y = np.asarray(y)
        if classes is not None:
            return _one_hot(np.broadcast_to(y, (n,)) if y.ndim == 0 else y, classes, dtype)
        columns = np.broadcast_to(y, (n, width - 1)) if y.ndim == 0 else y.reshape(len(y), -1).astype(np.float64)
        if columns.shape[1] != width - 1:
            raise ValueError(f"y has {columns.shape[1]} columns, but the model was fitted on {width - 1}.")
        standard = (columns - moments["mean"]) / moments["scale"]
        return np.concatenate([standard, np.ones((len(columns), 1))], axis=1).astype(dtype)

    def encode(self, estimator: BaseEstimator, given: Given) -> Targets:
        width = len(estimator._encoding["lower"])
        return Targets(np.broadcast_to(np.zeros((), given.dtype), (len(given.X), width)))  # drawn with each batch

    def entering(self, estimator: BaseEstimator, given: Given) -> DiffusedRows:
        values = ColumnEncoding(**estimator._encoding).encode(given.X.values, given.dtype)
        condition = self.condition(estimator, given.y, given.dtype, len(values))
        moments = tuple(estimator._encoding[name].astype(given.dtype) for name in ("mean", "variance"))
        settings = estimator.n_steps, estimator.prediction, estimator.condition_dropout, moments
        return DiffusedRows(values, condition, *settings, given.sample_weight)

    def strata(self, estimator: BaseEstimator, y: Array) -> Array | None:
        return None if estimator.classes_ is None else y

    def loss(self, estimator: BaseEstimator) -> tuple[Loss, int]:
        return SquaredLoss(), len(estimator._encoding["lower"])

    def decode(self, estimator: BaseEstimator, raw: Array) -> Array:
        return raw


def _are_classes(y: Array) -> bool:
    """Floats are numbers, also where they happen to be whole: one more sample may not be."""
    return y.ndim == 1 and y.dtype.kind != "f"


def _one_hot(y: Array, classes: Array, dtype: Any) -> Array:
    if y.ndim != 1:
        raise ValueError(f"y has shape {y.shape}, but the model was fitted on one class for each sample.")
    unknown = sorted(set(y.tolist()) - set(classes.tolist()), key=str)
    if unknown:
        raise ValueError(f"y has labels that are not among the classes {classes.tolist()}: {unknown}.")
    one_hot = np.zeros((len(y), len(classes)), dtype)
    one_hot[np.arange(len(y)), np.searchsorted(classes, y)] = 1.0
    return one_hot
