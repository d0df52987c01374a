"""The optimizer protocol: updates in place on a flat vector of weights.

An optimizer is a frozen dataclass. Its state is a dictionary of arrays and numbers, which is pickled as plain data and
holds no reference to the weights, so that training can be resumed after pickling or copying.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from skneural.ops.blocks import slices
from skneural.ops.types import Array

State = dict[str, Any]

# The four float32 arrays of an Adam step, 1 MiB, then stay in the second-level cache of current processors, and the ten
# calls per block cost little. 16 384 took 219 us for 200 000 weights, 32 768 took 194, 65 536 takes 183.
WEIGHTS_PER_BLOCK = 65_536


@dataclass(frozen=True)
class Optimizer:
    """Base class of the optimizers."""

    def start(self, weights: Array) -> State:
        """Return the state before the first step."""
        return {}

    def update(self, weights: Array, gradient: Array, state: State, rate: float) -> None:
        """Take a step with learning rate `rate`. Changes `weights` and `state` in place, and overwrites `gradient`."""
        raise NotImplementedError(f"{type(self).__name__} must define update")

    def exchange(self, weights: Array, state: State) -> None:
        """Swap the trained weights and the weights of the model, at the start and at the end of an epoch.

        Does nothing unless the optimizer keeps a second vector of weights.
        """


class OptimizerStep(Protocol):
    """One step of an `ElementwiseOptimizer` on some of the weights, with its bias corrections and learning rate."""

    def decay(self, weights: Array) -> None:
        """Apply the weight decay, before `apply`, to weights that it concerns."""

    def apply(self, weights: Array, gradient: Array, *moments: Array) -> None:
        """Change weights and moments in place; overwrites `gradient`."""


class Drift(Protocol):
    """Changes of weights and moments in steps without a gradient, at once for all steps since a given one.

    Steps are numbered from `start` on: ``since`` 0 means all steps, and ``since`` n none of the first n.
    """

    def start(self) -> None:
        """Forget all steps."""

    def advance(self, step: OptimizerStep) -> None:
        """Add a step."""

    def apply(self, since: Array, decayed: bool, weights: Array, *moments: Array) -> None:
        """Change rows of weights, of shape (rows, size), and of their moments; `since` has shape (rows,)."""


@dataclass(frozen=True)
class ElementwiseOptimizer(Optimizer):
    """Base class of the optimizers that treat each weight by itself, with moments of the shape of the weights.

    A weight whose gradient is zero in several steps may make up for these later, at once; see `Drift`.
    """

    moments: ClassVar[tuple[str, ...]] = ()  # names in the state

    def step(self, state: State, rate: float, dtype: npt.DTypeLike) -> OptimizerStep:
        """Begin the next step: count it in the state, and return what it does to weights of some precision."""
        raise NotImplementedError(f"{type(self).__name__} must define step")

    def drift(self, n_steps: int) -> Drift | None:
        """Record of at most `n_steps` steps; None if steps without a gradient have no closed form."""
        return None

    def decays(self, stop: int) -> bool:
        """Return True if the weight decay applies to the weights up to position `stop`."""
        return False

    def update(self, weights: Array, gradient: Array, state: State, rate: float) -> None:
        step = self.step(state, rate, weights.dtype)
        self._decay(step, weights)
        for part in blocks(weights, gradient, *(state[name] for name in self.moments)):
            step.apply(*part)

    def _decay(self, step: OptimizerStep, weights: Array) -> None:
        """Apply the weight decay to those of all weights that it concerns."""


def blocks(*vectors: Array) -> Iterator[tuple[Array, ...]]:
    """Iterate over corresponding blocks of vectors of equal length."""
    size = len(vectors[0])
    if size <= WEIGHTS_PER_BLOCK:
        yield vectors
        return
    for part in slices(size, WEIGHTS_PER_BLOCK):
        yield tuple(vector[part] for vector in vectors)


def zeros_like(weights: Array) -> Array:
    """Return zeros of the shape and the dtype of the weights."""
    return np.zeros_like(weights)
