"""Floor 1: steps along gradients, in place on one flat vector, and how their size changes."""

from __future__ import annotations

from skneural.optimizers.adam import Adam
from skneural.optimizers.averaging import Averaging
from skneural.optimizers.optimizer import Optimizer
from skneural.optimizers.schedules import SCHEDULES, Schedule
from skneural.optimizers.sgd import SGD

SOLVERS = ("sgd", "adam", "adamw", "rmsprop")

__all__ = ["SCHEDULES", "SGD", "SOLVERS", "Adam", "Averaging", "Optimizer", "Schedule", "make_optimizer"]


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
    """The optimizer of that name; each takes what concerns it. Only "adamw" decays weights itself."""
    if solver == "sgd":
        return SGD(momentum, nesterov)
    if solver == "rmsprop":
        return Adam(0.0, beta_2, epsilon)
    if solver == "adamw":
        return Adam(beta_1, beta_2, epsilon, decay, n_decayed)
    return Adam(beta_1, beta_2, epsilon)
