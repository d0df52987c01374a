"""Scores over the steps of all series."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from skneural.targets import Given
from skneural.targets.per_step import step_targets


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
