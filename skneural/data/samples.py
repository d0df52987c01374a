"""Training data, and how it is dealt into batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from skneural.data.container import Container
from skneural.data.targets import Targets
from skneural.ops.types import Array


@dataclass(slots=True)
class Samples:
    """Samples of X with their encoded targets: the whole training set, a batch of it, or a shard of that.

    Parameters
    ----------
    x : Container
    y : Targets
    sample_weight : array of shape (samples,) or None
        None where all weigh one.
    mean_weight : float, default=1.0
        Mean weight of the samples of the whole training set, where one with several targets counts that often.
    """

    x: Container
    y: Targets
    sample_weight: Array | None = None
    mean_weight: float = 1.0

    def __len__(self) -> int:
        return len(self.y)

    @property
    def total(self) -> float:
        """What sums over these samples are divided by: the weight of as many average samples.

        Not the sum of their own weights: a batch that happens to hold light samples then pulls less,
        instead of every batch pulling alike.
        """
        return len(self) * self.mean_weight

    @property
    def target_weight(self) -> Array | None:
        """Weight of each target, as a loss takes it."""
        return self.y.spread(self.sample_weight)

    def weigh(self) -> None:
        """Set `mean_weight`: these are the whole training set."""
        weight = self.target_weight
        total = len(self.y.values) if weight is None else weight.sum(dtype=np.float64)
        self.mean_weight = float(total) / len(self)

    def take(self, rows: Array) -> Samples:
        """The samples of the given numbers, copied."""
        weight = self.sample_weight
        return Samples(self.x[rows], self.y[rows], None if weight is None else weight.take(rows), self.mean_weight)

    def part(self, rows: slice) -> Samples:
        """Consecutive samples, as views where their containers allow it."""
        weight = self.sample_weight
        return Samples(self.x[rows], self.y[rows], None if weight is None else weight[rows], self.mean_weight)

    def resample(self, rng: np.random.Generator) -> Samples:
        """These samples with what is drawn anew at each step; see `Container.resample`."""
        x, y = self.x.resample(rng, self.y)
        return Samples(x, y, self.sample_weight, self.mean_weight)

    def batches(self, size: int, rng: np.random.Generator | None) -> Iterator[Samples]:
        """Every sample once, `size` at a time, in an order drawn from `rng` (None: as they stand).

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
                yield self.take(self.x.batch_order(order[start : start + size]))
