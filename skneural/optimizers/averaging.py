"""Exponential moving average of the weights, for any optimizer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneural.ops.types import Array
from skneural.optimizers.optimizer import Optimizer, State, blocks


@dataclass(frozen=True)
class Averaging(Optimizer):
    """Exponential moving average of the weights that another optimizer trains (Polyak and Juditsky 1992).

    The inner optimizer continues from the trained weights. Validation scores and the final model use the average.
    `exchange` swaps the two vectors at the start and at the end of each epoch.

    Parameters
    ----------
    inner : Optimizer
        The optimizer of the trained weights.
    decay : float
        Decay rate of the average in each step. After n steps it is at most (1 + n) / (10 + n), because the first
        weights are close to their initial values.
    """

    inner: Optimizer
    decay: float

    def start(self, weights: Array) -> State:
        return self.inner.start(weights)

    def update(self, weights: Array, gradient: Array, state: State, rate: float) -> None:
        self.inner.update(weights, gradient, state, rate)
        n = state["n_averaged"] = state.get("n_averaged", 0) + 1
        share = 1 - min(self.decay, (1 + n) / (10 + n))
        for w, average, difference in blocks(weights, self._average(weights, state), gradient):
            np.subtract(w, average, out=difference)
            difference *= share
            average += difference

    def exchange(self, weights: Array, state: State) -> None:
        average = self._average(weights, state)
        average[...], weights[...] = weights.copy(), average.copy()

    def _average(self, weights: Array, state: State) -> Array:
        """The average, which is initialized with the weights on first use."""
        if "other_weights" not in state:
            state["other_weights"] = weights.copy()
        average: Array = state["other_weights"]
        return average
