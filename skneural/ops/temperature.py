"""The factor of scores, the inverse of a temperature, with the smallest log loss (Guo et al. 2017)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from skneural.ops.softmax import softmax_and_log_sum
from skneural.ops.types import Array

# Bounds of the factor, for scores between -1 and 1: of two classes, the least gives probabilities from .475 to .525,
# and the greatest those that round to zero and one in single precision.
LEAST, GREATEST = 0.05, 50.0


def best_factor(scores: Array, targets: Array, weight: Array) -> tuple[float, float]:
    """Factor of the scores of a softmax with the smallest mean log loss, and that loss.

    Parameters
    ----------
    scores, targets : arrays of shape (rows, classes)
        Targets are the share of each class.
    weight : array of shape (rows,)
    """
    linear = float(np.average((scores * targets).sum(axis=1), weights=weight))

    def loss(exponent: float) -> float:
        factor = float(np.exp(exponent))
        _, log_sum = softmax_and_log_sum(factor * scores)
        return float(np.average(log_sum[:, 0], weights=weight)) - factor * linear

    best = minimize_scalar(loss, bounds=(np.log(LEAST), np.log(GREATEST)), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(best.x)), float(best.fun)
