"""Training data, and how it is dealt into batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.ops.types import Array
from skneural.training.series import Series, longest_first


@dataclass(slots=True)
class Samples:
    """Rows of X with their encoded targets: the whole training set, a batch of it, or a shard of that.

    Parameters
    ----------
    x : array, CSR or Series of shape (rows, ...)
    y : array of shape (rows, ...), or Series
        A Series has a target for each step.
    sample_weight : array of shape (rows,) or None
        None where all weigh one.
    mean_weight : float, default=1.0
        Mean weight of the rows of the whole training set, where a row with a target for each step counts that often.
    """

    x: Any
    y: Any
    sample_weight: Array | None = None
    mean_weight: float = 1.0

    def __len__(self) -> int:
        n: int = self.y.shape[0]
        return n

    @property
    def total(self) -> float:
        """What sums over these rows are divided by: the weight of as many average rows.

        Not the sum of their own weights: a batch that happens to hold light samples then pulls less,
        instead of every batch pulling alike.
        """
        return len(self) * self.mean_weight

    def targets(self) -> tuple[Array, Array | None]:
        """Targets and their weights as a loss takes them: one for each row, or for each step of each row."""
        if not isinstance(self.y, Series):
            return self.y, self.sample_weight
        weight = self.sample_weight
        return self.y.flat, None if weight is None else np.repeat(weight, self.y.lengths)

    def weigh(self) -> None:
        """Set `mean_weight`: these are the whole training set."""
        y, weight = self.targets()
        self.mean_weight = float(len(y) if weight is None else weight.sum(dtype=np.float64)) / len(self)

    def take(self, rows: Array) -> Samples:
        """The given rows, copied."""
        weight = self.sample_weight
        return Samples(
            _rows(self.x, rows), _rows(self.y, rows), None if weight is None else weight.take(rows), self.mean_weight
        )

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
                yield self.take(longest_first(self.x, order[start : start + size]))


def _rows(x: Any, rows: Array) -> Any:
    return x.take(rows, axis=0) if isinstance(x, np.ndarray) else x[rows]
