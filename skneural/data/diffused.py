"""Rows that are covered by noise at each step of training."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.data.container import NOTHING_KNOWN, Container, Known, Rows
from skneural.data.targets import Selection, Targets
from skneural.ops.diffusion import add_noise, levels, to_be_found
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
    """

    def __init__(
        self, values: Array, condition: Array, n_steps: int, prediction: str, condition_dropout: float
    ) -> None:
        self.values = values
        self.condition = condition
        self.n_steps = n_steps
        self.prediction = prediction
        self.condition_dropout = condition_dropout
        self.dtype = values.dtype

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Selection) -> DiffusedRows:
        if isinstance(rows, slice):
            values, condition = self.values[rows], self.condition[rows]
        else:
            values, condition = self.values.take(rows, axis=0), self.condition.take(rows, axis=0)
        return DiffusedRows(values, condition, self.n_steps, self.prediction, self.condition_dropout)

    def enter(self) -> tuple[Any, Known]:
        return joined(self.values, self.condition, 0.0), NOTHING_KNOWN

    def drawn(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        n, dtype = len(self), self.dtype
        noise = rng.standard_normal(self.values.shape, dtype=dtype.type)
        # Equally spaced from a random start: the mean over a batch then varies less with the times that it happens to
        # have (Kingma et al. 2021). Rows of a batch may be in any order, so times are shuffled.
        time = rng.permutation((np.arange(n) + rng.random()) / n)
        time = ((np.floor(time * self.n_steps) + 1) / self.n_steps).astype(dtype)[:, np.newaxis]
        condition = self.condition
        if condition.shape[1] and self.condition_dropout:
            condition = condition * (rng.random((n, 1)) >= self.condition_dropout)
        at = levels(time)
        wanted = to_be_found(self.prediction, self.values, noise, *at)
        return Rows(joined(add_noise(self.values, noise, *at), condition, time)), Targets(wanted)


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
