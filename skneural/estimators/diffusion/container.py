"""Container for the training of diffusion models, which adds noise of random strength for each batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.data import BatchInfo, Container, Rows, Targets
from skneural.data.container import NO_BATCH_INFO
from skneural.data.targets import Selection
from skneural.ops.blocks import slices
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
    """Rows with their conditions; `resample` corrupts them by noise at random diffusion times.

    The network input is one array: the values, the condition (zeros where it is dropped), and the diffusion time
    between 0 and 1.

    Parameters
    ----------
    values : array of shape (samples, features)
        Scaled to about unit variance, which is that of the noise.
    condition : array of shape (samples, n_condition)
    n_steps : int
        Number of discrete diffusion times.
    prediction : {"velocity", "noise"}
        Target of the network.
    condition_dropout : float
        Probability of dropping the condition of a row, for classifier-free guidance.
    moments : pair of arrays of shape (features,)
        Mean and variance of each feature of the training data. The linear estimate from these is subtracted from the
        target, so that the network learns only the rest.
    weight : array of shape (samples,) or None, default=None
        Sample weights.
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
        return denoiser_input(self.values, self.condition, 0.0), NO_BATCH_INFO

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        n, dtype = len(self), self.dtype
        noise = rng.standard_normal(self.values.shape, dtype=dtype.type)
        # Equally spaced times with a random offset: the loss of a batch then varies less with its times (Kingma et al.
        # 2021). Rows of a batch may be sorted, so the times are shuffled.
        time = rng.permutation((np.arange(n) + rng.random()) / n)
        time = ((np.floor(time * self.n_steps) + 1) / self.n_steps).astype(dtype)[:, np.newaxis]
        condition, dropped = self.condition, None
        if condition.shape[1] and self.condition_dropout:
            dropped = rng.random((n, 1)) < self.condition_dropout
            condition = condition * ~dropped
        signal, level = levels(time)
        noisy = add_noise(self.values, noise, signal, level)
        clean = self._expected_clean(noisy, dropped, signal, level)
        clean -= linear_estimate(noisy, self.moments, signal, level)
        noise = (-signal / level) * clean  # the noise that belongs to this clean row and the same noisy row
        target = prediction_target(self.prediction, clean, noise, signal, level)
        return Rows(denoiser_input(noisy, condition, time)), Targets(target)

    def _expected_clean(self, noisy: Array, dropped: Array | None, signal: Array, level: Array) -> Array:
        """Posterior mean of the clean row of each noisy row, over rows of equal condition, or all if it is dropped."""
        clean = np.empty_like(noisy)
        for rows in slices(len(noisy), MOST_CANDIDATES):
            candidate = None
            if self.condition.shape[1]:
                _, group = np.unique(self.condition[rows], axis=0, return_inverse=True)
                candidate = group[:, np.newaxis] == group
                if dropped is not None:
                    candidate |= dropped[rows]
            weight = None if self.weight is None else self.weight[rows]
            clean[rows] = expected_clean(noisy[rows], self.values[rows], signal[rows], level[rows], candidate, weight)
        return clean


def denoiser_input(values: Array, condition: Array, time: Array | float) -> Array:
    """Concatenate values, condition and time along the features."""
    n_values, n_columns = values.shape[1], values.shape[1] + condition.shape[1]
    x = np.empty((len(values), n_columns + 1), values.dtype)
    x[:, :n_values] = values
    x[:, n_values:n_columns] = condition
    x[:, n_columns:] = time
    return x
