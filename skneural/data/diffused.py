"""Rows that are covered by noise at each step of training."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.data.container import NO_BATCH_INFO, BatchInfo, Container, Rows
from skneural.data.targets import Selection, Targets
from skneural.ops.diffusion import (
    MOST_CANDIDATES,
    add_noise,
    expected_clean,
    levels,
    linear_estimate,
    prediction_target,
)
from skneural.ops.types import Array


class DiffusedRows(Container):
    """Rows with what is known of them; drawn, they have noise of various strength over them.

    What enters the network is one array: the values, the condition (zeros where there is none), and the time at which
    noise has come so far, between 0 and 1.

    Parameters
    ----------
    values : array of shape (samples, features)
        About as large as the noise, which has variance one.
    condition : array of shape (samples, n_condition)
    n_steps : int
        Times at which noise may be.
    prediction : {"velocity", "noise"}
        What is to be found.
    condition_dropout : float
        Share of the rows whose condition is not told.
    moments : pair of arrays of shape (features,)
        Mean and variance of the values in all of the training data: what follows from these alone need not be found.
    weight : array of shape (samples,) or None, default=None
        Weight of the rows.
    """

    def __init__(
        self,
        values: Array,
        condition: Array,
        n_steps: int,
        prediction: str,
        condition_dropout: float,
        moments: tuple[Array, Array],
        weight: Array | None = None,
    ) -> None:
        self.values = values
        self.condition = condition
        self.moments = moments
        self.n_steps = n_steps
        self.prediction = prediction
        self.condition_dropout = condition_dropout
        self.weight = weight
        self.dtype = values.dtype

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Selection) -> DiffusedRows:
        weight = None if self.weight is None else self.weight[rows]
        if isinstance(rows, slice):
            values, condition = self.values[rows], self.condition[rows]
        else:
            values, condition = self.values.take(rows, axis=0), self.condition.take(rows, axis=0)
        settings = self.n_steps, self.prediction, self.condition_dropout, self.moments
        return DiffusedRows(values, condition, *settings, weight)

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return joined(self.values, self.condition, 0.0), NO_BATCH_INFO

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        n, dtype = len(self), self.dtype
        noise = rng.standard_normal(self.values.shape, dtype=dtype.type)
        # Equally spaced from a random start: the mean over a batch then varies less with the times that it happens to
        # have (Kingma et al. 2021). Rows of a batch may be in any order, so times are shuffled.
        time = rng.permutation((np.arange(n) + rng.random()) / n)
        time = ((np.floor(time * self.n_steps) + 1) / self.n_steps).astype(dtype)[:, np.newaxis]
        condition, untold = self.condition, None
        if condition.shape[1] and self.condition_dropout:
            untold = rng.random((n, 1)) < self.condition_dropout
            condition = condition * ~untold
        signal, level = levels(time)
        noisy = add_noise(self.values, noise, signal, level)
        clean = self._expected_clean(noisy, untold, signal, level)
        clean -= linear_estimate(noisy, self.moments, signal, level)
        noise = (-signal / level) * clean  # of the same noisy row
        wanted = prediction_target(self.prediction, clean, noise, signal, level)
        return Rows(joined(noisy, condition, time)), Targets(wanted)

    def _expected_clean(self, noisy: Array, untold: Array | None, signal: Array, level: Array) -> Array:
        """What each noisy row comes from on average, among rows of the same condition, or all if it is not told."""
        clean = np.empty_like(noisy)
        for start in range(0, len(noisy), MOST_CANDIDATES):
            rows, candidate = slice(start, start + MOST_CANDIDATES), None
            if self.condition.shape[1]:
                _, kind = np.unique(self.condition[rows], axis=0, return_inverse=True)
                candidate = kind[:, np.newaxis] == kind
                if untold is not None:
                    candidate |= untold[rows]
            weight = None if self.weight is None else self.weight[rows]
            clean[rows] = expected_clean(noisy[rows], self.values[rows], signal[rows], level[rows], candidate, weight)
        return clean


def joined(values: Array, condition: Array, time: Array | float) -> Array:
    """What enters the network: values, condition and time side by side."""
    n_values, n_known = values.shape[1], values.shape[1] + condition.shape[1]
    x = np.empty((len(values), n_known + 1), values.dtype)
    x[:, :n_values] = values
    x[:, n_values:n_known] = condition
    x[:, n_known:] = time
    return x


class TableRows(Rows):
    """Rows of a table in double precision, from which others are made to be trained in the precision `dtype`."""

    def __init__(self, values: Array, dtype: np.dtype[Any]) -> None:
        super().__init__(values)
        self.dtype = np.dtype(dtype)
