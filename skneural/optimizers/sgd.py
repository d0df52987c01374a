"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from skneural.ops.types import Array
from skneural.optimizers.optimizer import ElementwiseOptimizer, OptimizerStep, State, zeros_like


@dataclass(frozen=True)
class SGDStep:
    """One step; see `SGD`."""

    momentum: float
    nesterov: bool
    rate: float

    def decay(self, weights: Array) -> None:
        pass

    def apply(self, weights: Array, gradient: Array, *moments: Array) -> None:
        (velocity,) = moments
        gradient *= -self.rate
        velocity *= self.momentum
        velocity += gradient
        if self.nesterov:
            gradient += self.momentum * velocity
            weights += gradient
        else:
            weights += velocity


@dataclass(frozen=True)
class SGD(ElementwiseOptimizer):
    """Stochastic gradient descent with momentum (Polyak 1964).

    With `nesterov`, it uses Nesterov's momentum in the form of Sutskever et al. 2013.
    """

    momentum: float = 0.9
    nesterov: bool = True

    moments: ClassVar[tuple[str, ...]] = ("velocity",)

    def start(self, weights: Array) -> State:
        return {"velocity": zeros_like(weights)}

    def step(self, state: State, rate: float, dtype: npt.DTypeLike) -> SGDStep:
        return SGDStep(self.momentum, self.nesterov, rate)

    def drift(self, n_steps: int) -> SGDDrift:
        return SGDDrift(self)


class SGDDrift:
    """Movement of weights by their velocity alone, after k steps: w + (μ + μ² + ... + μᵏ) velocity, and μᵏ velocity.

    Nesterov's momentum moves them by μ times as much, because the velocity is applied one step ahead.
    """

    def __init__(self, optimizer: SGD) -> None:
        self._momentum = optimizer.momentum
        self._ahead = optimizer.momentum if optimizer.nesterov else 1.0
        self._n_steps = 0

    def start(self) -> None:
        self._n_steps = 0

    def advance(self, step: OptimizerStep) -> None:
        self._n_steps += 1

    def apply(self, since: Array, decayed: bool, weights: Array, *moments: Array) -> None:
        (velocity,) = moments
        n = self._n_steps - since
        left = np.power(float(self._momentum), n)
        sums = n if self._momentum == 1 else self._momentum * (1 - left) / (1 - self._momentum)
        weights += (self._ahead * sums).astype(weights.dtype)[:, np.newaxis] * velocity
        velocity *= left.astype(weights.dtype)[:, np.newaxis]
