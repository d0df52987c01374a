"""Pairs of a source and of what a decoder is given while it learns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from skneural.data.container import BatchInfo, Container
from skneural.data.series import Series
from skneural.data.targets import Selection
from skneural.ops.types import Array


class Pairs(Container):
    """Sources of any kind, and beside each the series of tokens with which a decoder is led through its target.

    What enters is the pair of both. ``lengths`` are those of the targets, and ``memory_lengths`` those of the sources.

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

    def as_batch(self) -> tuple[Any, BatchInfo]:
        source, known = self.source.as_batch()
        target, of_target = self.target.as_batch()
        return (source, target), BatchInfo(of_target.lengths, known.structure, known.lengths)

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples, and the most steps of either side."""
        n_read = self.source.shape[1] if isinstance(self.source, Series) else 1
        return (len(self), max(self.target.shape[1], n_read))

    @property
    def symbolic_shape(self) -> Any:
        n, *steps_and_features = self.source.symbolic_shape
        steps_and_features = ["source steps" if number == "steps" else number for number in steps_and_features]
        return (n, *steps_and_features), ("n", "steps")

    @property
    def original(self) -> Any:
        """The sources, which scorers decode; numbers of tokens stay what they are, no X of integers."""
        return self.source if isinstance(self.source, Series) else self.source.original

    def batch_order(self, rows: Array) -> Array:
        """The longest targets first, and among equals the longest sources.

        Decoders then work on fewer of them the later the step, and are given them as they stand.
        """
        lengths, memory_lengths = self.target.lengths, self.source.lengths
        keys = [-each[rows] for each in (memory_lengths, lengths) if each is not None]
        return rows[np.lexsort(keys)] if keys else rows

    def blocks(self, n_rows: int) -> Iterator[Selection]:
        """Targets of one block are almost of the same length."""
        return self.target.blocks(n_rows)
