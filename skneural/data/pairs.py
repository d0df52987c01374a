"""Pairs of a source and a decoder input, for training with teacher forcing."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from skneural.data.container import BatchInfo, Container
from skneural.data.series import Series
from skneural.data.targets import Selection
from skneural.ops.types import Array


class Pairs(Container):
    """Sources of any kind, each with the token series that teacher forcing feeds to the decoder.

    The network input is the pair of both. ``lengths`` are those of the targets, and ``memory_lengths`` those of the
    sources.

    Parameters
    ----------
    source : Container
    target : Series
    """

    def __init__(self, source: Container, target: Series) -> None:
        self.source = source
        self.target = target
        self.dtype = source.dtype
        self.lengths = target.lengths
        self.shardable = source.shardable

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, rows: Selection) -> Pairs:
        return Pairs(self.source[rows], self.target[rows])

    def subset(self, rows: Array) -> Pairs:
        return Pairs(self.source.subset(rows), self.target[rows])

    def as_batch(self) -> tuple[Any, BatchInfo]:
        source, source_info = self.source.as_batch()
        target, target_info = self.target.as_batch()
        return (source, target), BatchInfo(target_info.lengths, source_info.structure, source_info.lengths)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of samples, and the greatest number of steps of sources and targets."""
        n_source_steps = self.source.shape[1] if isinstance(self.source, Series) else 1
        return (len(self), max(self.target.shape[1], n_source_steps))

    @property
    def symbolic_shape(self) -> Any:
        n, *steps_and_features = self.source.symbolic_shape
        steps_and_features = ["source steps" if number == "steps" else number for number in steps_and_features]
        return (n, *steps_and_features), ("n", "steps")

    @property
    def original(self) -> Any:
        """The sources, which scorers pass to `predict`; token series stay containers, because they are encoded."""
        return self.source if isinstance(self.source, Series) else self.source.original

    @property
    def padded_lengths(self) -> Array | None:
        """The steps of the longer one of source and target."""
        if self.source.padded_lengths is None and self.target.padded_lengths is None:
            return None
        series = [part for part in (self.source, self.target) if isinstance(part, Series)]
        lengths: Array = np.maximum.reduce([part.n_steps for part in series])
        return lengths

    def batch_order(self, rows: Array) -> Array:
        """Sort by decreasing length of the target, then of the source.

        Decoders then process fewer samples at later steps, and need not sort the batch themselves.
        """
        lengths, memory_lengths = self.target.lengths, self.source.lengths
        keys = [-each[rows] for each in (memory_lengths, lengths) if each is not None]
        return rows[np.lexsort(keys)] if keys else rows

    def with_common_width(self) -> Self:
        return type(self)(self.source.with_common_width(), self.target.with_common_width())
