"""Hyper-parameters that are names, or values that a user brings in their place."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from skneural.hyperparameters import Choice, Constraint, hyperparameter
from skneural.initializers import INITIALIZERS
from skneural.losses import LINKS, ElementwiseLoss, Loss
from skneural.ops.pointwise import ACTIVATIONS, ActivationFunction
from skneural.optimizers import SCHEDULES, SOLVERS, Optimizer, Progress

SCHEDULE = Choice(*SCHEDULES, number_is="learning_rate_init") | Constraint("function of the progress", callable)
OPTIMIZER = Constraint("Optimizer of skneural.optimizers", lambda value: isinstance(value, Optimizer))

ACTIVATION = Choice(*ACTIVATIONS) | Constraint(
    "ActivationFunction of skneural.layers", lambda value: isinstance(value, ActivationFunction)
)

OTHER_ACTIVATIONS = """Another one than these is given as `skneural.layers.ActivationFunction`, with its derivative;
    `skneural.testing.check_activation` checks it."""

LOSS = Constraint("Loss of skneural.losses", lambda value: isinstance(value, Loss))
ELEMENTWISE_LOSS = Constraint("ElementwiseLoss of skneural.losses", lambda value: isinstance(value, ElementwiseLoss))

# Arguments at which an activation is tried.
TRIED = np.array([[-1.5, -0.5], [0.25, 2.0]], np.float32)

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


def solver_hyperparameter(default: str, doc: str, *others: str) -> Any:
    """The hyper-parameter `solver`: a name, of which a family may have others, or an optimizer."""
    return hyperparameter(
        default=default,
        constraint=Choice(*others, *SOLVERS, "lbfgs") | OPTIMIZER,
        doc=f"""{doc} An optimizer of a class derived from `skneural.optimizers.Optimizer` is used as it is;
        `skneural.testing.check_optimizer` checks it.""",
    )


def activation_hyperparameter(default: str, doc: str) -> Any:
    """A hyper-parameter that is an activation: a name, or a function with its derivative."""
    return hyperparameter(
        default=default,
        constraint=ACTIVATION,
        doc=f"{doc} {OTHER_ACTIVATIONS}",
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
    if isinstance(loss := hyperparameters.get("loss"), Loss):
        _ensure_loss(loss)
    for name in ("activation", "base_activation"):
        if isinstance(activation := hyperparameters.get(name), ActivationFunction):
            _ensure_activation(name, activation)


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


def _ensure_loss(loss: Loss) -> None:
    _ensure_defined("loss", loss, Loss, "value_and_gradient", "best_constant")
    if isinstance(loss, ElementwiseLoss):
        _ensure_defined("loss", loss, ElementwiseLoss, "losses_and_slopes")
    if loss.link_name not in LINKS:
        raise ValueError(f"loss={loss!r}: link_name must be one of {', '.join(LINKS)}; it is {loss.link_name!r}.")


def ensure_identity_link(loss: Loss, reason: str) -> None:
    """Raise if a loss changes raw scores to predictions by a link; `reason` says why there is none."""
    if loss.link_name != "identity":
        raise ValueError(f"loss={loss!r} has the link {loss.link_name!r}, but {reason}: it must be the identity.")


def _ensure_activation(of: str, activation: ActivationFunction) -> None:
    if activation.initializer not in INITIALIZERS:
        raise ValueError(f"{of}={activation!r}: initializer must be one of {', '.join(INITIALIZERS)}.")
    for name in ("function", "derivative"):
        each = getattr(activation, name)
        if not callable(each):
            raise TypeError(f"{of}={activation!r}: {name} must be a function of an array; it is {each!r}.")
        y = each(TRIED.copy())
        if getattr(y, "shape", None) != TRIED.shape or y.dtype != TRIED.dtype:
            what = f"{y.dtype} of shape {y.shape}" if isinstance(y, np.ndarray) else repr(y)
            raise TypeError(
                f"{of}={activation!r}: {name} must return an array of the shape and the dtype of its argument; "
                f"for float32 of shape {TRIED.shape} it returned {what}."
            )
