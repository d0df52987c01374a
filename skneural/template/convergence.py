"""Warnings after training: it did not converge, or the model is worse than a constant."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from skneural.losses import Loss
from skneural.losses.loss import Value
from skneural.ops.types import Array
from skneural.optimizers import Schedule
from skneural.template.problem import Problem
from skneural.template.remedies import alternatives, precision_advice, scaling_advice
from skneural.template.settings import TrainingSettings
from skneural.template.training import Trained, raw_scores
from skneural.training.train import RemoteSamples

# Training rows on which a model is compared with a constant. Predicting 10 000 rows once costs little after hundreds of
# epochs.
ROWS_FOR_COMPARISON = 10_000


def convergence_messages(problem: Problem, settings: TrainingSettings, trained: Trained) -> Iterator[str]:
    """Messages for the user about problems of the fitted model."""
    if trained.history.out_of_time:
        yield _out_of_time(settings, trained.history.n_epochs)
    if trained.stop_requested:
        return
    worse = _worse_than_a_constant(problem, settings, trained) if problem.task.numeric else ""
    if not trained.history.converged:
        yield _reason(problem, settings, trained) + (f" {worse}" if worse else "")
    elif worse:
        yield worse


def _out_of_time(settings: TrainingSettings, n_epochs: int) -> str:
    """The message that training reached its time limit, which a schedule of the learning rate does not know of."""
    unfinished = ""
    if settings.solver != "lbfgs" and Schedule(settings.learning_rate, settings.learning_rate_init).ends_with_training:
        unfinished = (
            f" learning_rate={settings.learning_rate!r} ends at max_iter={settings.max_iter}, so that its last steps, "
            f"which are the smallest, are missing; a max_iter of about {n_epochs} ends in time."
        )
    epochs = "1 epoch" if n_epochs == 1 else f"{n_epochs} epochs"
    return (
        f"Training reached max_time={settings.max_time:g} seconds after {epochs}; the best of them is kept.{unfinished}"
    )


def _reason(problem: Problem, settings: TrainingSettings, trained: Trained) -> str:
    """The reason why training ended before it converged, and advice for this solver."""
    history, scaling = trained.history, scaling_advice(problem)
    is_read = problem.stream is not None and not isinstance(problem.stream, RemoteSamples)
    limit = "n_passes" if is_read else "max_iter"
    if settings.solver != "lbfgs":
        return (
            f"Training reached {limit}={settings.max_iter} before it converged. A larger {limit} may give a "
            f"better model; {alternatives(scaling, 'a larger learning_rate_init')} may converge sooner."
        )
    if history.n_epochs >= settings.max_iter:
        return (
            f"Training reached max_iter={settings.max_iter} before lbfgs converged. A larger max_iter may give a "
            f"better model; {alternatives(scaling, 'a larger alpha')} may converge sooner."
        )
    if history.n_evaluations >= settings.max_fun:
        return (
            f"Training reached max_fun={settings.max_fun} evaluations of the loss before lbfgs converged. A larger "
            f"max_fun may give a better model; {alternatives(scaling, 'a larger alpha')} may converge sooner."
        )
    return (
        f"lbfgs ended after {history.n_epochs} iterations without having converged: no step along its "
        f"direction lowered the loss. Try {alternatives(scaling, precision_advice(problem), 'a larger tol')}."
    )


def _worse_than_a_constant(problem: Problem, settings: TrainingSettings, trained: Trained) -> str:
    """A message if a regressor fits its training data worse than the best constant; empty otherwise."""
    samples = problem.samples.part(slice(None, None, math.ceil(len(problem.samples) / ROWS_FOR_COMPARISON)))
    y, weight, loss = samples.y.values.astype(np.float64), samples.target_weight, problem.loss
    tree = problem.network.layout.views(*trained.weights)
    raw = raw_scores(problem, tree, samples.x, settings.n_jobs)
    constant = np.broadcast_to(loss.best_constant(y, weight).astype(raw.dtype), raw.shape)
    model_loss, constant_loss = (_mean_loss(loss, y, scores, weight) for scores in (raw, constant))
    varies = np.ptp(y, axis=0).any()  # no model beats the constant if y is constant
    if not varies or not constant_loss or model_loss <= constant_loss + 0.01 * abs(constant_loss):
        return ""
    smaller_steps = "" if settings.solver == "lbfgs" else "a smaller learning_rate_init"
    return (
        "On the training data, the fitted model is worse than a constant prediction: its loss is "
        f"{model_loss / constant_loss:.3g} times that of the best constant. "
        f"Try {alternatives(scaling_advice(problem), smaller_steps, 'more epochs')}."
    )


def _mean_loss(loss: Loss, y: Array, raw: Array, weight: Array | None) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        value: Value = loss.value(y, raw, weight, None if weight is None else float(weight.sum()))
    return float(np.mean(value))
