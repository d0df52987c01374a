"""A target for each step: labels (taggers), or numbers (regressors)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_array, check_consistent_length

from skneural.estimators.classification import Labels
from skneural.estimators.estimator import NeuralEstimator, all_or_nothing, takes_single_passes
from skneural.estimators.regression import NeuralRegressor
from skneural.estimators.sequences import lengths_of, steps_like
from skneural.hyperparameters import declare
from skneural.training.series import Series


class StepTargets:
    """What estimators with a target for each step have in common; y is an object array of one array per series."""

    def _refuse_named_scorer(self) -> None:
        """Scikit-learn's scorers do not take a y that has a sequence for each sample."""
        if isinstance(self.scoring, str) and self.scoring != "loss":
            raise ValueError(
                f'scoring="{self.scoring}" does not take a target for each step. Use "loss", or a callable '
                "(estimator, X, y) -> float; y is then a sequence of one array per series."
            )

    def _true_and_predicted(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Targets of all steps, what is predicted for them, and the steps of each series."""
        predicted = self.predict(X)
        check_consistent_length(predicted, y)
        lengths = np.array([len(piece) for piece in predicted])
        return np.concatenate(step_targets(y, lengths)), np.concatenate(predicted), lengths


def step_targets(y: Any, lengths: np.ndarray) -> np.ndarray:
    """One array of targets for each series, in an object array.

    Raises
    ------
    ValueError
        If a series has another number of targets than steps; says which.
    """
    y = y.to_numpy() if hasattr(y, "to_numpy") else y  # a DataFrame would give its columns
    check_consistent_length(y, lengths)
    pieces = np.empty(len(y), dtype=object)
    for i, (piece, n) in enumerate(zip(y, lengths, strict=True)):
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


@declare
class NeuralTagger(StepTargets, Labels, NeuralEstimator):
    """A label, or several labels at once, for each step of a series."""

    @available_if(takes_single_passes)
    @all_or_nothing
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Take exactly one pass over the given samples, going on from where the last call or `fit` ended.

        Parameters
        ----------
        X : array-like or list of n_samples series
        y : array-like of shape (n_samples, steps), or list of n_samples label sequences
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur. The first call needs it unless y holds all of them.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(X, y, sample_weight, classes)
        return self

    def predict(self, X):
        """Predict the label of each step.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        y : ndarray of shape (n_samples, steps) or (n_samples, steps, n_labels), or list of n_samples ndarrays
            An array for an array X, a list for a list.
        """
        x, raw = self._scored(X)
        return steps_like(self._labels(raw), x, X)

    def predict_proba(self, X):
        """Probability of each class, or of each label of a multilabel y, at each step.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        probabilities : ndarray of shape (n_samples, steps, n_classes), or list of ndarrays of shape (steps, n_classes)
            Columns in the order of `classes_`.
        """
        x, raw = self._scored(X)
        return steps_like(self._probabilities(raw), x, X)

    def score(self, X, y, sample_weight=None):
        """Share of the steps whose label is right; where y is multilabel, all labels must be.

        Parameters
        ----------
        X : array-like or list of n_samples series
        y : array-like or list of n_samples label sequences
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each step of a series.

        Returns
        -------
        accuracy : float
        """
        true, predicted, lengths = self._true_and_predicted(X, y)
        weight = None if sample_weight is None else np.repeat(_check_sample_weight(sample_weight, lengths), lengths)
        return float(accuracy_score(true, predicted, sample_weight=weight))

    # --- what the template asks for -------------------------------------------------------------------

    def _check_X_y(self, X: Any, y: Any, *, dtype: Any, reset: bool) -> tuple[Any, np.ndarray]:
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        self._refuse_named_scorer()
        x = self._check_X(X, dtype=dtype, reset=reset)
        return x, step_targets(y, lengths_of(x))

    def _learn_targets(self, y: np.ndarray, sample_weight: np.ndarray | None, classes: Any, continuing: bool) -> None:
        self._learn_labels(np.concatenate(y), classes, continuing)

    def _encode(self, y: np.ndarray, dtype: Any) -> Series:
        return Series.of(self._encoded_labels(np.concatenate(y), dtype), np.array([len(piece) for piece in y]))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = False
        return tags


@declare
class NeuralSequenceRegressor(StepTargets, NeuralRegressor):
    """One or many numbers for each series, or for each step of it."""

    def predict(self, X):
        """Predict the targets of each series, or of each of its steps.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        y : ndarray of shape (n_samples,), (n_samples, n_outputs) or (n_samples, steps, n_outputs), or list of ndarrays
            With targets for each step, an array for an array X, and a list for a list.
        """
        if not getattr(self, "_stepwise", False):
            return super().predict(X)
        x, raw = self._scored(X)
        return steps_like(self._numbers(raw), x, X)

    def score(self, X, y, sample_weight=None):
        """Coefficient of determination, R^2: over samples, or over all steps of all series.

        Parameters
        ----------
        X : array-like or list of n_samples series
        y : targets like those of `fit`
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        if not getattr(self, "_stepwise", False):
            return RegressorMixin.score(self, X, y, sample_weight)
        true, predicted, lengths = self._true_and_predicted(X, y)
        weight = None if sample_weight is None else np.repeat(_check_sample_weight(sample_weight, lengths), lengths)
        return float(r2_score(true, predicted, sample_weight=weight))

    # --- what the template asks for -------------------------------------------------------------------

    def _check_X_y(self, X: Any, y: Any, *, dtype: Any, reset: bool) -> tuple[Any, np.ndarray]:
        stepwise = _has_steps(y)
        if not reset and stepwise != self._stepwise:
            raise ValueError("The estimator was fitted on targets for each " + ("step" if self._stepwise else "series"))
        self._stepwise = stepwise
        if not stepwise:
            return super()._check_X_y(X, y, dtype=dtype, reset=reset)
        self._refuse_named_scorer()
        x = self._check_X(X, dtype=dtype, reset=reset)
        pieces = step_targets(y, lengths_of(x))
        for i, piece in enumerate(pieces):
            pieces[i] = check_array(piece, dtype=np.float64, input_name=f"y[{i}]")
        return x, pieces

    def _learn_targets(self, y: np.ndarray, sample_weight: np.ndarray | None, classes: Any, continuing: bool) -> None:
        if self._stepwise:
            if sample_weight is not None:
                sample_weight = np.repeat(sample_weight, [len(piece) for piece in y])
            y = np.concatenate(y)
        super()._learn_targets(y, sample_weight, classes, continuing)

    def _encode(self, y: np.ndarray, dtype: Any) -> Any:
        if not self._stepwise:
            return super()._encode(y, dtype)
        return Series.of(super()._encode(np.concatenate(y), dtype), np.array([len(piece) for piece in y]))


def _has_steps(y: Any) -> bool:
    """Whether y is (n, steps, targets), or a list of arrays (steps, targets)."""
    if isinstance(y, np.ndarray) and y.dtype != object:
        return y.ndim == 3
    return hasattr(y, "__len__") and not hasattr(y, "columns") and len(y) > 0 and np.ndim(next(iter(y))) == 2
