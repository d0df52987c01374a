"""Training data and its mini-batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from skneural.data.container import Container
from skneural.data.like_lengths import divided_by_length
from skneural.data.targets import Selection, Targets
from skneural.ops.blocks import slices
from skneural.ops.types import Array


class SampleSource(Protocol):
    """Source of the batches of an epoch: `Samples`, or chunks of them that are read one after another."""

    def __len__(self) -> int: ...

    def batches(self, size: int, rng: np.random.Generator | None, *, copied: bool = True) -> Iterator[Samples]:
        """Iterate over mini-batches of at most `size` samples, shuffled by `rng` unless it is None.

        If not `copied`, they refer to X where its container allows it, so that parts of a batch can be read alone.
        """
        ...


@dataclass(slots=True)
class Samples:
    """Samples of X with their encoded targets: the training set, a batch of it, or a shard of a batch.

    Parameters
    ----------
    x : Container
    y : Targets
    sample_weight : array of shape (samples,) or None
        None if all weights are one. Class weights are not among them: they are weights of the targets.
    mean_weight : float, default=1.0
        Total weight of all targets of the training set, divided by its number of samples.
    """

    x: Container
    y: Targets
    sample_weight: Array | None = None
    mean_weight: float = 1.0

    def __len__(self) -> int:
        return len(self.y)

    @property
    def total(self) -> float:
        """Normalizer of sums over these samples: their number times the mean weight of the training set.

        It is not the sum of the weights in this batch: that would give each batch the same influence, also one that
        happens to contain samples of small weight.
        """
        return len(self) * self.mean_weight

    @property
    def target_weight(self) -> Array | None:
        """Weight of each target, as expected by losses."""
        return self.y.spread(self.sample_weight)

    def weigh(self) -> None:
        """Compute `mean_weight` from these samples, which must be the whole training set."""
        weight = self.target_weight
        total = len(self.y.values) if weight is None else weight.sum(dtype=np.float64)
        self.mean_weight = float(total) / len(self)

    def take(self, rows: Array) -> Samples:
        """Copy the samples of the given indices."""
        weight = self.sample_weight
        return Samples(self.x[rows], self.y[rows], None if weight is None else weight.take(rows), self.mean_weight)

    def subset(self, rows: Array) -> Samples:
        """Select samples by their indices, without copies of X where its container allows it."""
        weight = self.sample_weight
        x = self.x.subset(rows)
        return replace(self, x=x, y=self.y[rows], sample_weight=None if weight is None else weight.take(rows))

    def part(self, rows: Selection) -> Samples:
        """Select samples, as views for a slice where their containers allow it."""
        weight = self.sample_weight
        return Samples(self.x[rows], self.y[rows], None if weight is None else weight[rows], self.mean_weight)

    def parts(self) -> list[Samples]:
        """Divide a batch into parts of like lengths, where much of it would be padding otherwise.

        One series of 20 000 steps, padded together with 199 short ones, took 6.5 GB in a recurrent network.
        """
        lengths = self.x.padded_lengths
        selections = [] if lengths is None else divided_by_length(lengths)
        return [self] if len(selections) <= 1 else [self.take(self.x.batch_order(rows)) for rows in selections]

    def with_common_width(self) -> Samples:
        """The same samples, of which all parts are padded to the same length."""
        return replace(self, x=self.x.with_common_width())

    def resample(self, rng: np.random.Generator) -> Samples:
        """The same samples with the random input and targets of one training step; see `Container.resample`."""
        x, y = self.x.resample(rng, self.y)
        return Samples(x, y, self.sample_weight, self.mean_weight)

    def batches(
        self, size: int, rng: np.random.Generator | None, numbers: slice = slice(None), *, copied: bool = True
    ) -> Iterator[Samples]:
        """Iterate over mini-batches of `size` samples, shuffled by `rng` unless it is None.

        `numbers` selects some of the batches. A single batch with all samples is not shuffled: its order makes no
        difference.
        """
        select = self.take if copied else self.subset
        n = len(self)
        if size >= n:
            yield from [self][numbers]
            return
        order = None if rng is None else rng.permutation(n)
        for rows in list(slices(n, size))[numbers]:
            yield self.part(rows) if order is None else select(self.x.batch_order(order[rows]))
