"""Scores over the steps of all series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_regressor
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from skneural.ops.types import Array
from skneural.targets import Given
from skneural.targets.per_step import step_targets


class StepsAsSamples(BaseEstimator):
    """A model of steps as scikit-learn's scorers know models: each step is a sample.

    Parameters
    ----------
    model : NeuralEstimator
        Fitted on targets for each step.
    """

    def __init__(self, model: BaseEstimator) -> None:
        self.model = model

    @property
    def classes_(self) -> Array:
        classes: Array = self.model.classes_
        return classes

    def fit(self, X: Any, y: Any) -> StepsAsSamples:
        """There for scorers, which ask for it."""
        raise NotImplementedError("It wraps a model that is fitted already")

    def predict(self, X: Any) -> Array:
        return self._decoded(X, self.model._targets.decode)

    @available_if(lambda self: hasattr(self.model, "predict_proba"))
    def predict_proba(self, X: Any) -> Array:
        return self._decoded(X, self.model._targets.probabilities)

    def _decoded(self, X: Any, decode: Callable[..., Array]) -> Array:
        rows = decode(self.model, self.model._scored(X)[1])
        return rows[:, 0] if rows.ndim == 2 and rows.shape[1] == 1 and is_regressor(self.model) else rows

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor" if is_regressor(self.model) else "classifier"
        return tags


def score_steps(metric: Callable[..., float], estimator: BaseEstimator, given: Given) -> float:
    """A metric of what is predicted for each step; a step weighs as much as its series."""
    predicted = estimator.predict(given.X)
    check_consistent_length(predicted, given.y)
    n_steps = np.array([len(piece) for piece in predicted])
    true = np.concatenate(step_targets(given.y, n_steps))
    weight = given.sample_weight
    if weight is not None:
        weight = np.repeat(_check_sample_weight(weight, n_steps), n_steps)
    return float(metric(true, np.concatenate(predicted), sample_weight=weight))
