"""Running means of weights, around any optimizer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneural.ops.types import Array
from skneural.optimizers.optimizer import Optimizer, State, blocks


@dataclass(frozen=True)
class Averaging(Optimizer):
    """Keep an exponential moving average of the weights that another optimizer trains (Polyak and Juditsky 1992).

    Training goes on with the trained weights; everyone else sees the average: held-out data is scored by it, and it is
    what is kept. `exchange` makes the one into the other where epochs start and end.

    Parameters
    ----------
    inner : Optimizer
    decay : float
        What the average keeps of itself at each step; in the first steps less, (1 + n) / (10 + n) after n of them,
        because weights are then still near where they started.
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
        """The average, which starts where the weights are when it is first asked for."""
        if "other_weights" not in state:
            state["other_weights"] = weights.copy()
        average: Array = state["other_weights"]
        return average
