"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass

from skneural.ops.types import Array
from skneural.optimizers.optimizer import Optimizer, State, blocks, zeros_like


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent with momentum (Polyak 1964).

    With `nesterov`, it uses Nesterov's momentum in the form of Sutskever et al. 2013.
    """

    momentum: float = 0.9
    nesterov: bool = True

    def start(self, weights: Array) -> State:
        return {"velocity": zeros_like(weights)}

    def update(self, weights: Array, gradient: Array, state: State, rate: float) -> None:
        for w, g, velocity in blocks(weights, gradient, state["velocity"]):
            g *= -rate
            velocity *= self.momentum
            velocity += g
            if self.nesterov:
                g += self.momentum * velocity
                w += g
            else:
                w += velocity
