"""The optimizer protocol: in place, on one flat vector.

An optimizer is a frozen value. Its state is a dictionary of arrays and numbers, which pickles as
plain data and holds no reference to the weights, so training goes on after any round trip.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.ops.types import Array

State = dict[str, Any]

# Elements per block: the four float32 arrays of an Adam step, 512 KiB, then stay in the second-level cache.
BLOCK = 32_768


@dataclass(frozen=True)
class Optimizer:
    """Turns gradients into steps."""

    def start(self, weights: Array) -> State:
        """State before the first step."""
        return {}

    def update(self, weights: Array, gradient: Array, state: State, rate: float) -> None:
        """Take one step of learning rate `rate`: changes `weights` and `state`, uses up `gradient`."""
        raise NotImplementedError(f"{type(self).__name__} must define update")


def blocks(*vectors: Array) -> Iterator[tuple[Array, ...]]:
    """Matching pieces of vectors of equal length."""
    size = len(vectors[0])
    if size <= BLOCK:
        yield vectors
        return
    for start in range(0, size, BLOCK):
        yield tuple(vector[start : start + BLOCK] for vector in vectors)


def zeros_like(weights: Array) -> Array:
    return np.zeros_like(weights)
