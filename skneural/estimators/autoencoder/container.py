"""Container for the training of autoencoders, whose targets are computed for each batch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skneural.data import Container, Rows, Targets
from skneural.data.container import BatchInfo
from skneural.data.statistics import blocks_of_rows
from skneural.data.targets import Selection
from skneural.ops.types import Array


class ReconstructedRows(Container):
    """Rows that are their own targets; `resample` computes these in the units of the loss, and adds noise to the input.

    The targets of all rows at once would take as much memory as X, or four times as much for pixels of one byte.

    Parameters
    ----------
    x : Container
        Rows of features, or images.
    mean, scale : arrays of shape (features,) or (channels,)
        Units of the targets.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise, in units of `scale`. The targets have none.
    """

    def __init__(self, x: Container, mean: Array, scale: Array, noise: float = 0.0) -> None:
        self.x = x
        self.mean = mean
        self.scale = scale
        self.noise = noise
        self.dtype = x.dtype

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Selection) -> ReconstructedRows:
        return ReconstructedRows(self.x[rows], self.mean, self.scale, self.noise)

    def subset(self, rows: Array) -> ReconstructedRows:
        return ReconstructedRows(self.x.subset(rows), self.mean, self.scale, self.noise)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.x.shape

    @property
    def original(self) -> Any:
        return self.x.original

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return self.x.as_batch()

    @property
    def targets(self) -> Array:
        """The rows in the units of the loss."""
        targets = np.empty((len(self), math.prod(self.shape[1:])), self.dtype)
        for rows in blocks_of_rows(self):
            targets[rows] = in_units(self.x[rows].as_batch()[0], self.mean, self.scale)
        return targets

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        targets = Targets(self.targets)
        if self.noise == 0:
            return self.x, targets
        values = self.as_batch()[0]
        noise = rng.standard_normal(values.shape, dtype=self.dtype.type)
        noise *= (self.noise * self.scale).astype(self.dtype)
        noise += values
        return Rows(noise), targets


def in_units(values: Array, mean: Array, scale: Array) -> Array:
    """Rows of features, or images, centred and scaled in double precision, as rows in the layout of raw scores."""
    scaled = (values - mean) / scale
    return scaled.swapaxes(2, 3).reshape(len(scaled), -1) if scaled.ndim == 4 else scaled
