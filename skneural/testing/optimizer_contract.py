"""Checks of optimizers and schedules."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable, Sequence

import numpy as np

from skneural.ops.types import Array
from skneural.optimizers import Optimizer, Progress, ScheduleFunction
from skneural.optimizers.optimizer import State

N_WEIGHTS = 50


def check_optimizer(optimizer: Optimizer, *, rate: float = 0.1, seed: int = 0, tolerance: float = 1e-4) -> None:
    """Check that an optimizer follows the protocol, and finds the minimum of a badly scaled quadratic function.

    Parameters
    ----------
    optimizer : Optimizer
    rate : float, default=0.1
        Learning rate for curvatures between 1 and 1000, which decreases to zero in 3000 steps.
    seed : int, default=0
        Seed of gradients.
    tolerance : float, default=1e-4
        Largest distance from the minimum, which is up to 2 from the start.

    Raises
    ------
    AssertionError
        If weights are not changed in place, a step depends on more than weights, gradient, state and rate, the state is
        not plain data, single precision does not stay single, or the minimum is missed.
    """
    gradients = np.random.default_rng(seed).standard_normal((30, N_WEIGHTS))
    expected, _ = _walked(optimizer, gradients)
    again, _ = _walked(optimizer, gradients)
    assert np.array_equal(again, expected), (
        f"{optimizer}: a second training gives other weights; keep state in `state`."
    )
    _check_state(optimizer, gradients, expected)
    _check_precision(optimizer, gradients, expected)
    _check_minimum(optimizer, rate, tolerance)


def _walked(
    optimizer: Optimizer, gradients: Array, weights: Array | None = None, state: State | None = None, first: int = 0
) -> tuple[Array, State]:
    """Weights and state after steps of varying length."""
    if weights is None:
        weights = np.linspace(-1, 1, gradients.shape[1]).astype(gradients.dtype)
    vector = weights.copy()
    state = optimizer.start(vector) if state is None else state
    for number, gradient in enumerate(gradients, first):
        update: Callable[..., object] = optimizer.update
        result = update(vector, gradient.copy(), state, 0.01 / (1 + 0.1 * (number % 3)))
        assert result is None, f"{optimizer}: update must change the weights in place, and return None."
    assert not np.array_equal(vector, weights), f"{optimizer}: update does not change the weights in place."
    return vector, state


def _check_state(optimizer: Optimizer, gradients: Array, expected: Array) -> None:
    """Check that training continues from a copy of the state, as from a file."""
    half = len(gradients) // 2
    weights, state = _walked(optimizer, gradients[:half])
    for copied in (copy.deepcopy(state), pickle.loads(pickle.dumps(state))):  # nosec B301
        resumed, _ = _walked(optimizer, gradients[half:], weights, copied, half)
        assert np.array_equal(resumed, expected), f"{optimizer}: the state does not hold all that later steps need."
    shared = [
        name for name, value in state.items() if isinstance(value, np.ndarray) and np.shares_memory(value, weights)
    ]
    assert not shared, f"{optimizer}: {', '.join(shared)} of the state shares memory with the weights; copy them."


def _check_precision(optimizer: Optimizer, gradients: Array, exact: Array) -> None:
    weights, state = _walked(optimizer, gradients.astype(np.float32))
    wide = [name for name, value in state.items() if isinstance(value, np.ndarray) and value.dtype == np.float64]
    assert weights.dtype == np.float32, f"{optimizer}: weights become {weights.dtype}."
    assert not wide, f"{optimizer}: {', '.join(wide)} of the state is float64, although the weights are float32."
    assert np.allclose(weights, exact, rtol=1e-3, atol=1e-3), f"{optimizer}: single precision gives other weights."


def _check_minimum(optimizer: Optimizer, rate: float, tolerance: float) -> None:
    curvature, minimum = np.geomspace(1, 1e3, 8), np.linspace(-2, 2, 8)
    weights, n_steps = np.zeros(8), 3000
    state = optimizer.start(weights)
    for step in range(n_steps):
        factor = 0.5 * (1 + math.cos(math.pi * step / n_steps))
        optimizer.update(weights, curvature * (weights - minimum), state, rate * factor)
    distance = float(np.abs(weights - minimum).max())
    assert distance <= tolerance, (
        f"{optimizer}: after {n_steps} steps, the weights are {distance:.3g} from the minimum of a quadratic function "
        f"with curvatures between 1 and 1000. Set `rate` to a learning rate that suits these."
    )


def check_schedule(schedule: ScheduleFunction, fractions: Sequence[float] = (0.0, 0.1, 0.3, 0.5, 0.9, 1.0)) -> None:
    """Check that a function of the progress of training is a schedule.

    Parameters
    ----------
    schedule : function
        From `skneural.optimizers.Progress` to the factor of the learning rate.
    fractions : sequence of float, default=(0.0, 0.1, 0.3, 0.5, 0.9, 1.0)
        Fractions of the training at which it is tried.

    Raises
    ------
    AssertionError
        If a factor is no finite number >= 0, all are zero, it differs at the second call, or there is no pickle of it.
    """
    moments = [
        Progress(fraction, n_seen, n_plateaus) for fraction in fractions for n_seen, n_plateaus in ((0, 0), (999, 3))
    ]
    factors = [schedule(moment) for moment in moments]
    for moment, factor in zip(moments, factors, strict=True):
        is_number = isinstance(factor, int | float | np.floating) and not isinstance(factor, bool)
        assert is_number, f"{schedule!r} must return a number; it returned {factor!r:.80} at {moment}."
        assert 0 <= factor < math.inf, (
            f"{schedule!r} must return finite numbers >= 0; it returned {factor} at {moment}."
        )
    assert any(factors), f"{schedule!r} is zero throughout training."
    assert [schedule(moment) for moment in moments] == factors, f"{schedule!r} gives other factors at the second call."
    try:
        pickle.dumps(schedule)
    except Exception as error:
        raise AssertionError(
            f"{schedule!r} cannot be pickled, and neither can models with it: define it at the top of a module."
        ) from error
