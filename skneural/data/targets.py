"""Encoded targets: one for each sample, or one for each of its elements."""

from __future__ import annotations

import numpy as np

from skneural.data.container import Selection
from skneural.ops.types import Array


class Targets:
    """What a loss compares raw scores with.

    Parameters
    ----------
    values : array of shape (rows, ...)
        A row for each sample; or, with `lengths`, rows for the elements of all samples, one sample behind the other.
    lengths : array of shape (samples,) or None, default=None
        Rows of each sample; None for one each.
    """

    def __init__(self, values: Array, lengths: Array | None = None) -> None:
        self.values = values
        self.lengths = lengths
        self._starts = None if lengths is None else np.concatenate([[0], np.cumsum(lengths)])

    def __len__(self) -> int:
        return len(self.values) if self.lengths is None else len(self.lengths)

    def __getitem__(self, samples: Selection) -> Targets:
        if self.lengths is None or self._starts is None:
            return Targets(self.values[samples] if isinstance(samples, slice) else self.values.take(samples, axis=0))
        lengths = self.lengths[samples]
        starts = self._starts[:-1][samples]
        if isinstance(samples, slice) and samples.step in (None, 1) and len(lengths):
            return Targets(self.values[starts[0] : starts[0] + lengths.sum()], lengths)
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return Targets(self.values.take(np.repeat(starts, lengths) + within, axis=0), lengths)

    def spread(self, weight: Array | None) -> Array | None:
        """A number of each sample, repeated for each of its targets."""
        return weight if weight is None or self.lengths is None else np.repeat(weight, self.lengths)
