"""Encoded targets, one per sample or one per element of each sample."""

from __future__ import annotations

import numpy as np

from skneural.ops.segments import ranges, segment_offsets
from skneural.ops.types import Array

Selection = slice | Array  # consecutive samples, or an array of indices


class Targets:
    """Encoded targets, with which a loss compares raw scores.

    Parameters
    ----------
    values : array of shape (rows, ...)
        One row per sample; with `lengths`, one row per element, the rows of all samples concatenated.
    lengths : array of shape (samples,) or None, default=None
        Number of rows of each sample; None if each has one.
    weight : array of shape (rows,) or None, default=None
        Weight of each target in the loss, a factor of the weight of its sample: of its class, or of a step.
    """

    def __init__(self, values: Array, lengths: Array | None = None, weight: Array | None = None) -> None:
        self.values = values
        self.lengths = lengths
        self.weight = weight
        self._starts = None if lengths is None else segment_offsets(lengths)

    def __len__(self) -> int:
        return len(self.values) if self.lengths is None else len(self.lengths)

    def __getitem__(self, samples: Selection) -> Targets:
        if self.lengths is None or self._starts is None:
            values = self.values[samples] if isinstance(samples, slice) else self.values.take(samples, axis=0)
            return Targets(values, None, None if self.weight is None else self.weight[samples])
        lengths = self.lengths[samples]
        starts = self._starts[:-1][samples]
        if isinstance(samples, slice) and samples.step in (None, 1) and len(lengths):
            rows = slice(starts[0], starts[0] + lengths.sum())
            return Targets(self.values[rows], lengths, None if self.weight is None else self.weight[rows])
        indices = ranges(starts, lengths)
        weight = None if self.weight is None else self.weight[indices]
        return Targets(self.values.take(indices, axis=0), lengths, weight)

    def weighed(self, weight: Array) -> Targets:
        """The same targets, whose weights are multiplied by the given ones."""
        return Targets(self.values, self.lengths, weight if self.weight is None else weight * self.weight)

    def spread(self, weight: Array | None) -> Array | None:
        """Expand sample weights to targets: the weight of the sample times that of the target, if it has one."""
        if weight is None:
            return self.weight
        spread = weight if self.lengths is None else np.repeat(weight, self.lengths)
        return spread if self.weight is None else spread * self.weight
