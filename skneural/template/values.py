"""Hyper-parameters that are names, or values that a user brings in their place: constraints, and what these must have."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from skneural.hyperparameters import Choice, Constraint, hyperparameter
from skneural.optimizers import SCHEDULES, SOLVERS, Optimizer, Progress

SCHEDULE = Choice(*SCHEDULES, number_is="learning_rate_init") | Constraint("function of the progress", callable)
SOLVER = Choice(*SOLVERS, "lbfgs") | Constraint(
    "Optimizer of skneural.optimizers", lambda value: isinstance(value, Optimizer)
)

# Moments of training at which a schedule is tried: the first step, some between, and behind the last one.
MOMENTS = (0.0, 0.25, 0.5, 1.0)


def learning_rate_hyperparameter(default: str, doc: str) -> Any:
    """The hyper-parameter `learning_rate`: a name, or a function of the progress."""
    return hyperparameter(
        default=default,
        constraint=SCHEDULE,
        doc=f"""{doc} A function is given the progress (`skneural.optimizers.Progress`: fraction of the training,
        samples seen, plateaus) before each step, and returns the factor of `learning_rate_init`;
        `skneural.testing.check_schedule` checks it.""",
    )


def solver_hyperparameter(default: str, doc: str) -> Any:
    """The hyper-parameter `solver`: a name, or an optimizer."""
    return hyperparameter(
        default=default,
        constraint=SOLVER,
        doc=f"""{doc} An optimizer of a class derived from `skneural.optimizers.Optimizer` is used as it is;
        `skneural.testing.check_optimizer` checks it.""",
    )


def ensure_usable(hyperparameters: dict[str, Any]) -> None:
    """Raise if values in place of names lack what training needs.

    Raises
    ------
    TypeError
        If something is missing or returns no number.
    ValueError
        If a number is out of range.
    """
    schedule, solver = hyperparameters.get("learning_rate"), hyperparameters.get("solver")
    if callable(schedule):
        _ensure_schedule(schedule)
    if isinstance(solver, Optimizer):
        _ensure_defined("solver", solver, Optimizer, "update")


def _ensure_defined(name: str, value: Any, base: type, *methods: str) -> None:
    """Raise if the class of a value has not defined methods that its base class leaves open."""
    missing = [method for method in methods if getattr(type(value), method) is getattr(base, method)]
    if missing:
        raise TypeError(f"{name}={value!r}: the class {type(value).__name__} must define {' and '.join(missing)}.")


def _ensure_schedule(schedule: Any) -> None:
    for fraction in MOMENTS:
        try:
            factor = schedule(Progress(fraction))
        except TypeError as error:
            raise TypeError(
                f"learning_rate={schedule!r} must be a function of one argument, the Progress of skneural.optimizers, "
                f"with fraction, n_seen, n_plateaus and power_t: {error}"
            ) from error
        if not isinstance(factor, Real):
            raise TypeError(
                f"learning_rate={schedule!r} must return a number, by which learning_rate_init is multiplied; it "
                f"returned {factor!r:.80}."
            )
        if not 0 <= float(factor) < math.inf:
            raise ValueError(
                f"learning_rate={schedule!r} must return finite numbers >= 0; at the fraction {fraction} of training "
                f"it returned {factor!r}."
            )
