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
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from skneural.ops.types import Array
from skneural.optimizers.optimizer import ElementwiseOptimizer, OptimizerStep, State, zeros_like


@dataclass(frozen=True)
class AdamStep:
    """One step: see the names at the top of this module.

    Parameters
    ----------
    beta_1, beta_2 : float
    length : float
        Learning rate with the bias corrections and the missing factors of the moments.
    epsilon : float
        Likewise.
    kept : float
        Share of the weights that the weight decay leaves.
    """

    beta_1: float
    beta_2: float
    length: float
    epsilon: float
    kept: float

    def decay(self, weights: Array) -> None:
        weights *= self.kept

    def apply(self, weights: Array, gradient: Array, *moments: Array) -> None:
        first, second = moments
        first *= self.beta_1
        first += gradient
        np.multiply(gradient, gradient, out=gradient)
        second *= self.beta_2
        second += gradient
        np.sqrt(second, out=gradient)
        gradient += self.epsilon
        np.divide(first, gradient, out=gradient)
        gradient *= self.length
        weights -= gradient


@dataclass(frozen=True)
class Adam(ElementwiseOptimizer):
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

    moments: ClassVar[tuple[str, ...]] = ("first", "second")

    def start(self, weights: Array) -> State:
        return {"first": zeros_like(weights), "second": zeros_like(weights), "n_steps": 0}

    def step(self, state: State, rate: float, dtype: npt.DTypeLike) -> AdamStep:
        state["n_steps"] += 1
        n = state["n_steps"]
        unbiased_1 = (1 - self.beta_1) / (1 - self.beta_1**n)
        unbiased_2 = math.sqrt((1 - self.beta_2) / (1 - self.beta_2**n))
        # Squares of smaller gradients are zero in this precision: a smaller epsilon would divide by almost zero.
        least = math.sqrt(float(np.finfo(dtype).tiny))
        return AdamStep(
            self.beta_1,
            self.beta_2,
            rate * unbiased_1 / unbiased_2,
            max(self.epsilon, least) / unbiased_2,
            1 - rate * self.decay,
        )

    def drift(self, n_steps: int) -> AdamDrift | None:
        # Otherwise the second moment decays faster than the first, and rows without a gradient would speed up until
        # epsilon stops them.
        return AdamDrift(self, n_steps) if self.beta_1**2 < self.beta_2 else None

    def decays(self, stop: int) -> bool:
        return self.decay > 0 and stop <= self.n_decayed

    def _decay(self, step: OptimizerStep, weights: Array) -> None:
        if self.decay:
            step.decay(weights[: self.n_decayed])


class AdamDrift:
    """Movement of weights by their moments alone.

    k steps without a gradient leave the moments β₁ᵏ m and β₂ᵏ v. The j-th of them moves a weight by

        rateⱼ β₁ʲ m / (√(β₂ʲ v) + εⱼ)  =  rateⱼ (β₁ / √β₂)ʲ m / (√v + εⱼ / √β₂ʲ),

    in which only ε mixes the number of the step with the moments. With one value for all ε, their mean with the lengths
    of the steps as weights, the sum is one product. Its error is of second order in ε / √v times the change of ε over
    these steps: below rounding in single precision unless gradients are almost as small as ε. Weight decay multiplies
    each term by the share that later steps keep.

    Each array has an entry for each step since which rows may have had no gradient.
    """

    def __init__(self, optimizer: Adam, n_steps: int) -> None:
        self._ratio = optimizer.beta_1 / math.sqrt(optimizer.beta_2)
        self._entries = np.zeros((7, n_steps + 1))
        self._n_steps = 0
        self.start()

    def start(self) -> None:
        self._n_steps = 0
        self._entries[:, 0] = (1, 1, 1, 1, 0, 0, 0)

    def advance(self, step: OptimizerStep) -> None:
        assert isinstance(step, AdamStep)
        n = self._n_steps + 1
        first, second, ratio, kept, moved, moved_kept, epsilon = self._entries[:, :n]
        first *= step.beta_1
        second *= step.beta_2
        ratio *= self._ratio
        kept *= step.kept
        length = step.length * ratio
        moved += length
        moved_kept *= step.kept
        moved_kept += length
        epsilon += length * (step.epsilon / np.sqrt(second))
        self._entries[:, n] = (1, 1, 1, 1, 0, 0, 0)
        self._n_steps = n

    def apply(self, since: Array, decayed: bool, weights: Array, *moments: Array) -> None:
        first, second = moments
        left_1, left_2, _, kept, moved, moved_kept, epsilon = self._entries[:, since, np.newaxis]
        mean = np.divide(epsilon, moved, out=np.ones_like(moved), where=moved > 0)
        change = np.sqrt(second)
        change += mean.astype(weights.dtype)
        np.divide(first, change, out=change)
        change *= (moved_kept if decayed else moved).astype(weights.dtype)
        if decayed:
            weights *= kept.astype(weights.dtype)
        weights -= change
        first *= left_1.astype(weights.dtype)
        second *= left_2.astype(weights.dtype)
