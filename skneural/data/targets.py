"""Encoded targets: one for each sample, or one for each of its elements."""

from __future__ import annotations

import numpy as np

from skneural.ops.types import Array

Selection = slice | Array  # consecutive samples, or their numbers


class Targets:
    """What a loss compares raw scores with.

    Parameters
    ----------
    values : array of shape (rows, ...)
        A row for each sample; or, with `lengths`, rows for the elements of all samples, one sample behind the other.
    lengths : array of shape (samples,) or None, default=None
        Rows of each sample; None for one each.
    weight : array of shape (rows,) or None, default=None
        Weight of each element beside that of its sample; only with `lengths`.
    """

    def __init__(self, values: Array, lengths: Array | None = None, weight: Array | None = None) -> None:
        self.values = values
        self.lengths = lengths
        self.weight = weight
        self._starts = None if lengths is None else np.concatenate([[0], np.cumsum(lengths)])

    def __len__(self) -> int:
        return len(self.values) if self.lengths is None else len(self.lengths)

    def __getitem__(self, samples: Selection) -> Targets:
        if self.lengths is None or self._starts is None:
            return Targets(self.values[samples] if isinstance(samples, slice) else self.values.take(samples, axis=0))
        lengths = self.lengths[samples]
        starts = self._starts[:-1][samples]
        if isinstance(samples, slice) and samples.step in (None, 1) and len(lengths):
            rows = slice(starts[0], starts[0] + lengths.sum())
            return Targets(self.values[rows], lengths, None if self.weight is None else self.weight[rows])
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        chosen = np.repeat(starts, lengths) + within
        return Targets(self.values.take(chosen, axis=0), lengths, None if self.weight is None else self.weight[chosen])

    def spread(self, weight: Array | None) -> Array | None:
        """The weight of each target: that of its sample, times its own if it has one."""
        if weight is None or self.lengths is None:
            return self.weight if weight is None else weight
        spread = np.repeat(weight, self.lengths)
        return spread if self.weight is None else spread * self.weight
