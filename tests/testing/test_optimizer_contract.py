"""The checks of optimizers and schedules fail for the mistakes that they are to notice."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from skneural.optimizers import SGD, Optimizer
from skneural.testing import check_optimizer, check_schedule


@dataclass(frozen=True)
class Plain(Optimizer):
    """Gradient descent."""

    def update(self, weights, gradient, state, rate):
        weights -= rate * gradient


class Returned(Plain):
    def update(self, weights, gradient, state, rate):
        return weights - rate * gradient


class Replaced(Plain):
    def update(self, weights, gradient, state, rate):
        weights = weights - rate * gradient


class Remembering(Plain):
    """Its velocity is not in the state."""

    velocity = np.zeros(50)

    def update(self, weights, gradient, state, rate):
        if len(weights) == 50:
            self.velocity[...] = 0.9 * self.velocity - rate * gradient
            weights += self.velocity


class Sharing(Plain):
    def start(self, weights):
        return {"before": weights}


class Wide(Plain):
    def start(self, weights):
        return {"sum": np.zeros(len(weights))}

    def update(self, weights, gradient, state, rate):
        state["sum"] += gradient
        weights -= rate * gradient


class Ascending(Plain):
    def update(self, weights, gradient, state, rate):
        weights += 1e-3 * rate * gradient


class Counting(Plain):
    """A second training continues where the first has ended."""

    n_steps = itertools.count(1)

    def update(self, weights, gradient, state, rate):
        weights -= rate / next(self.n_steps) * gradient


def test_right_ones_pass():
    check_optimizer(Plain(), rate=1e-3, tolerance=0.5)
    check_optimizer(SGD(0.9, True), rate=1e-3)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (Returned(), "must change the weights in place, and return None"),
        (Replaced(), "does not change the weights in place"),
        (Remembering(), "a second training gives other weights|state does not hold"),
        (Counting(), "a second training gives other weights"),
        (Sharing(), "before of the state shares memory"),
        (Wide(), "sum of the state is float64"),
        (Ascending(), "from the minimum of a quadratic function"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Optimizer) else "",
)
def test_mistakes_are_noticed(optimizer, message):
    with pytest.raises(AssertionError, match=message):
        check_optimizer(optimizer, rate=1e-3, tolerance=0.5)


def triangle(progress):
    return 1 - abs(2 * progress.fraction - 1)


def text(progress):
    return "0.1"


def negative(progress):
    return 0.5 - progress.fraction


def zero(progress):
    return 0.0


def random(progress, rng=np.random.default_rng(0)):  # noqa: B008
    return rng.random()


def test_a_right_schedule_passes():
    check_schedule(triangle)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (text, "must return a number; it returned '0.1'"),
        (negative, "must return finite numbers >= 0"),
        (zero, "is zero throughout training"),
        (random, "other factors at the second call"),
        (lambda progress: 1.0, "cannot be pickled"),
    ],
)
def test_mistakes_of_schedules_are_noticed(schedule, message):
    with pytest.raises(AssertionError, match=message):
        check_schedule(schedule)
