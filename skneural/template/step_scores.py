"""Scores over all steps of all series, or all pixels of all images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_regressor
from sklearn.utils.metaestimators import available_if

from skneural.ops.types import Array
from skneural.sklearn_compat import check_sample_weight
from skneural.tasks import FitArguments
from skneural.tasks.steps import step_targets

# Methods of tasks whose rows the methods of estimators arrange like X.
OF_TASKS = {
    "predict": "decode",
    "predict_proba": "probabilities",
    "predict_log_proba": "log_probabilities",
    "decision_function": "decision",
}


class StepsAsSamples(BaseEstimator):
    """A model of steps or pixels in a form that scikit-learn's scorers accept: each step is a sample.

    Parameters
    ----------
    model : estimator
        Fitted on targets for each step.
    kept : integer array or None, default=None
        Steps that are samples; None for all.
    """

    def __init__(self, model: BaseEstimator, kept: Array | None = None) -> None:
        self.model = model
        self.kept = kept

    @property
    def classes_(self) -> Array:
        classes: Array = self.model.classes_
        return classes

    def fit(self, X: object, y: object) -> StepsAsSamples:
        """Not supported; scorers require that it exists."""
        raise NotImplementedError("It wraps a model that is fitted already")

    def predict(self, X: object) -> Array:
        return self._steps("predict", X)

    @available_if(lambda self: hasattr(self.model, "predict_proba"))
    def predict_proba(self, X: object) -> Array:
        return self._steps("predict_proba", X)

    @available_if(lambda self: hasattr(self.model, "predict_log_proba"))
    def predict_log_proba(self, X: object) -> Array:
        return self._steps("predict_log_proba", X)

    @available_if(lambda self: hasattr(self.model, "decision_function"))
    def decision_function(self, X: object) -> Array:
        return self._steps("decision_function", X)

    def _steps(self, method: str, X: object) -> Array:
        if hasattr(self.model, "_scored"):  # rows as they are: steps may have been arranged along several axes
            steps = getattr(self.model._task, OF_TASKS[method])(self.model._scored(X)[1])
        else:  # a pipeline, for example
            steps = np.concatenate(getattr(self.model, method)(X))
        steps = steps if self.kept is None else steps[self.kept]
        return steps[:, 0] if steps.ndim == 2 and steps.shape[1] == 1 and is_regressor(self.model) else steps

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor" if is_regressor(self.model) else "classifier"
        return tags


def score_steps(metric: Callable[..., float], estimator: BaseEstimator, arguments: FitArguments) -> float:
    """Apply a metric to the predictions for all steps; each step has the weight of its series."""
    predicted = estimator.predict(arguments.X)
    true, weight = step_by_step(arguments, np.array([len(piece) for piece in predicted]))
    return float(metric(true, np.concatenate(predicted), sample_weight=weight))


def step_by_step(arguments: FitArguments, n_steps: Array) -> tuple[Array, Array | None]:
    """The targets of all steps, and the weights of their series; `n_steps` are those of each series."""
    true, weight = np.concatenate(step_targets(arguments.y, n_steps)), arguments.sample_weight
    return true, None if weight is None else np.repeat(check_sample_weight(weight, n_steps), n_steps)
