"""Training data, and how it is dealt into batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.ops.types import Array


@dataclass(slots=True)
class Samples:
    """Rows of X with their encoded targets: the whole training set, a batch of it, or a shard of that.

    Parameters
    ----------
    x : array, CSR or Series of shape (rows, ...)
    y : array of shape (rows, ...)
    sample_weight : array of shape (rows,) or None
        None where all weigh one.
    mean_weight : float, default=1.0
        Mean of the weights of the whole training set.
    """

    x: Any
    y: Array
    sample_weight: Array | None = None
    mean_weight: float = 1.0

    def __len__(self) -> int:
        return self.y.shape[0]

    @property
    def total(self) -> float:
        """What sums over these rows are divided by: the weight of as many average rows.

        Not the sum of their own weights: a batch that happens to hold light samples then pulls less,
        instead of every batch pulling alike.
        """
        return len(self) * self.mean_weight

    def take(self, rows: Array) -> Samples:
        """The given rows, copied."""
        x = self.x.take(rows, axis=0) if isinstance(self.x, np.ndarray) else self.x[rows]
        weight = self.sample_weight
        return Samples(x, self.y.take(rows, axis=0), None if weight is None else weight.take(rows), self.mean_weight)

    def part(self, rows: slice) -> Samples:
        """Consecutive rows, as views where X allows it."""
        weight = self.sample_weight
        return Samples(self.x[rows], self.y[rows], None if weight is None else weight[rows], self.mean_weight)

    def batches(self, size: int, rng: np.random.Generator | None) -> Iterator[Samples]:
        """Every row once, `size` at a time, in an order drawn from `rng` (None: as they stand).

        A single batch that holds everything is not shuffled: its order makes no difference.
        """
        n = len(self)
        if size >= n:
            yield self
        elif rng is None:
            for start in range(0, n, size):
                yield self.part(slice(start, start + size))
        else:
            order = rng.permutation(n)
            for start in range(0, n, size):
                yield self.take(order[start : start + size])
