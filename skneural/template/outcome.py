"""What is said of a training that has ended."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from sklearn.base import BaseEstimator, is_regressor

from skneural.losses import Loss
from skneural.losses.loss import Value
from skneural.ops.types import Array
from skneural.template.run import Run

# Rows of the training data by which a model is compared with a constant: a regressor of 10 000 rows then predicts as
# many once more, after hundreds of epochs.
ROWS_FOR_COMPARISON = 10_000


def remarks(estimator: BaseEstimator, run: Run) -> Iterator[str]:
    """What the user should know of the fitted model, a sentence or two for each point."""
    if run.watch.told_to_stop:
        return  # by who follows training
    worse = _worse_than_a_constant(estimator, run)
    if not run.watch.history.converged:
        yield _why_unfinished(estimator, run) + (f" {worse}" if worse else "")
    elif worse:
        yield worse


def _why_unfinished(estimator: BaseEstimator, run: Run) -> str:
    """Why training ended before it converged, and what may help with this solver."""
    if estimator._solver(run.mode.one_pass) != "lbfgs":
        return (
            f"Training reached max_iter={estimator.max_iter} before it converged. A larger max_iter may give a "
            "better model; scaled features and a larger learning_rate_init converge sooner."
        )
    if run.watch.history.n_epochs >= estimator.max_iter:
        return (
            f"Training reached max_iter={estimator.max_iter} before lbfgs converged. A larger max_iter may give a "
            "better model; scaled features and a larger alpha converge sooner."
        )
    if run.watch.history.n_evaluations >= estimator.max_fun:
        return (
            f"Training reached max_fun={estimator.max_fun} evaluations of the loss before lbfgs converged. A larger "
            "max_fun may give a better model; scaled features and a larger alpha converge sooner."
        )
    return (
        f"lbfgs ended after {run.watch.history.n_epochs} iterations without having converged: no step along its "
        "direction lowered the loss. Scaled features, X in float64 or a larger tol may help."
    )


def _worse_than_a_constant(estimator: BaseEstimator, run: Run) -> str:
    """A remark on a regressor that fits its training data worse than the best constant does; else nothing."""
    if not is_regressor(estimator):
        return ""
    samples = run.samples.part(slice(None, None, math.ceil(len(run.samples) / ROWS_FOR_COMPARISON)))
    y, weight = samples.y.values, samples.target_weight
    raw = estimator._raw(run.weights.tree, samples.x)
    constant = np.broadcast_to(run.loss.best_constant(y, weight).astype(raw.dtype), raw.shape)
    loss, least = (_mean_loss(run.loss, y, scores, weight) for scores in (raw, constant))
    varies = np.ptp(y, axis=0).any()  # by nothing can a constant y be told better than by itself
    if not varies or loss <= least + 0.01 * abs(least):
        return ""
    return (
        "On the training data, the fitted model is worse than a constant prediction: its loss is "
        f"{loss / least:.3g} times that of the best constant. Scaled features (sklearn.preprocessing.StandardScaler), "
        "a smaller learning_rate_init or more epochs may help."
    )


def _mean_loss(loss: Loss, y: Array, raw: Array, weight: Array | None) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        value: Value = loss.value(y, raw, weight, None if weight is None else float(weight.sum()))
    return float(np.mean(value))
