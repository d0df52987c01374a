"""Adam, AdamW and RMSprop.

Our names and those of the paper (Kingma and Ba 2015):

    first       running mean of the gradient              m
    second      running mean of the squared gradient      v
    beta_1      decay rate of the first moment            β₁
    beta_2      decay rate of the second moment           β₂
    epsilon     constant in the denominator               ε
    rate        learning rate                             α

The moments are stored as sums, m / (1 - β₁) and v / (1 - β₂), which saves two passes over each; the missing factors are
merged with the bias correction into two numbers per step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skneural.ops.types import Array
from skneural.optimizers.optimizer import Optimizer, State, blocks, zeros_like


@dataclass(frozen=True)
class Adam(Optimizer):
    """Gradient steps that are scaled by running means of the gradient and of its square.

    With `decay`, the first `n_decayed` weights are multiplied by ``1 - rate * decay`` in each step, independently of
    the gradient: AdamW (Loshchilov and Hutter 2019). With ``beta_1=0`` it is RMSprop (Hinton 2012) with bias
    correction.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    decay: float = 0.0
    n_decayed: int = 0

    def start(self, weights: Array) -> State:
        return {"first": zeros_like(weights), "second": zeros_like(weights), "n_steps": 0}

    def update(self, weights: Array, gradient: Array, state: State, rate: float) -> None:
        state["n_steps"] += 1
        n = state["n_steps"]
        unbiased_1 = (1 - self.beta_1) / (1 - self.beta_1**n)
        unbiased_2 = math.sqrt((1 - self.beta_2) / (1 - self.beta_2**n))
        # Squares of smaller gradients are zero in this precision: a smaller epsilon would divide by almost zero.
        least = math.sqrt(float(np.finfo(weights.dtype).tiny))
        step, epsilon = rate * unbiased_1 / unbiased_2, max(self.epsilon, least) / unbiased_2
        if self.decay:
            weights[: self.n_decayed] *= 1 - rate * self.decay
        for w, g, first, second in blocks(weights, gradient, state["first"], state["second"]):
            first *= self.beta_1
            first += g
            np.multiply(g, g, out=g)
            second *= self.beta_2
            second += g
            np.sqrt(second, out=g)
            g += epsilon
            np.divide(first, g, out=g)
            g *= step
            w -= g
