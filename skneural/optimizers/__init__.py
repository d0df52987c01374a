"""Optimizers, which update a flat vector of weights in place, and learning rate schedules."""

from __future__ import annotations

from skneural.optimizers.adam import Adam
from skneural.optimizers.averaging import Averaging
from skneural.optimizers.optimizer import Optimizer
from skneural.optimizers.scaled_steps import ScaledSteps
from skneural.optimizers.schedules import SCHEDULES, Progress, Schedule, ScheduleFunction
from skneural.optimizers.sgd import SGD

SOLVERS = ("sgd", "adam", "adamw", "rmsprop")

__all__ = [
    "SCHEDULES",
    "SGD",
    "SOLVERS",
    "Adam",
    "Averaging",
    "Optimizer",
    "Progress",
    "ScaledSteps",
    "Schedule",
    "ScheduleFunction",
    "make_optimizer",
]


def make_optimizer(
    solver: str,
    *,
    momentum: float,
    nesterov: bool,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    decay: float,
    n_decayed: int,
) -> Optimizer:
    """Create the optimizer of a solver, which uses the arguments that apply to it. Only "adamw" uses weight decay."""
    if solver == "sgd":
        return SGD(momentum, nesterov)
    if solver == "rmsprop":
        return Adam(0.0, beta_2, epsilon)
    if solver == "adamw":
        return Adam(beta_1, beta_2, epsilon, decay, n_decayed)
    return Adam(beta_1, beta_2, epsilon)
