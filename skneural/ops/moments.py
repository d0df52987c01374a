"""Weighted means, deviations and quantiles over the first axis. Without weights, all rows count alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from skneural.ops.types import Array


def number_of_repetitions(rows: Array, weight: Array | None) -> float:
    """Number of rows if each is repeated as often as its weight says; weights of small sum do not make them fewer."""
    return len(rows) if weight is None else max(len(rows), float(weight.sum(dtype=np.float64)))


@dataclass(frozen=True)
class RunningMoments:
    """Mean and deviation of each column over all rows so far, which those of further rows join exactly.

    Attributes
    ----------
    weight : array of shape (columns,)
        Sum of the weights of all numbers of the column.
    mean, deviation : arrays of shape (columns,)
        Zero for a column without numbers.
    epsilon : float
        Relative rounding error of the numbers.
    """

    weight: Array
    mean: Array
    deviation: Array
    epsilon: float

    @classmethod
    def none(cls, n_columns: int) -> Self:
        """Moments of no rows, which leave numbers as they are: centred by zero and divided by one."""
        return cls(np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns), 0.0)

    @classmethod
    def of(cls, values: Array, weight: Array | None = None) -> Self:
        """Moments of some rows, in double precision. Missing numbers (NaN) do not count."""
        epsilon = float(np.finfo(values.dtype).eps)
        weight = np.ones(len(values)) if weight is None else weight.astype(np.float64, copy=False)
        values = values.astype(np.float64, order="C")  # a copy, which is changed in place below
        missing = np.isnan(values)
        values[missing] = 0.0
        present = weight[:, np.newaxis] * ~missing if missing.any() else None
        n = np.full(values.shape[1], weight.sum()) if present is None else present.sum(axis=0)

        def mean_of(columns: Array) -> Array:
            total = weight @ columns if present is None else np.einsum("nf,nf->f", present, columns)
            return total / np.where(n > 0, n, 1.0)

        greatest = np.maximum(values.max(axis=0, initial=0), -values.min(axis=0, initial=0))
        scale = power_of_two(greatest)  # squares may neither overflow nor vanish
        values /= scale
        mean = mean_of(values)
        values -= mean
        correction = mean_of(values)  # the rounding error of the mean, as in `weighted_variance`
        values -= correction
        deviation = np.sqrt(mean_of(np.square(values, out=values))) * scale
        return cls(n, (mean + correction) * scale, deviation, epsilon)

    def joined(self, other: Self) -> Self:
        """Moments of the rows of both (Chan, Golub and LeVeque 1983); equal moments stay the same, to the bit."""
        n = self.weight + other.weight
        share = other.weight / np.where(n > 0, n, 1.0)
        step = other.mean - self.mean
        scale = power_of_two(np.maximum(np.abs(step), np.maximum(self.deviation, other.deviation)))
        variance = (self.deviation / scale) ** 2
        between = (1 - share) * (step / scale) ** 2
        variance = variance + share * ((other.deviation / scale) ** 2 - variance + between)
        return type(self)(n, self.mean + share * step, np.sqrt(variance) * scale, max(self.epsilon, other.epsilon))

    @property
    def known(self) -> bool:
        """True if there are any numbers."""
        return bool(self.weight.any())

    @property
    def varies(self) -> Array:
        """Mask of the columns whose deviation is more than rounding errors of the mean.

        Three values of 0.1 have a deviation of 1e-17 in float64, not of zero.
        """
        return self.deviation > 10 * self.epsilon * np.abs(self.mean)

    @property
    def scale(self) -> Array:
        """Standard deviations to divide by: one where numbers do not vary."""
        return np.where(self.varies, self.deviation, 1.0)

    def change_since(self, before: Self) -> tuple[Array, Array]:
        """Factor and shift from numbers in the units of earlier moments to those of these.

        Numbers that did not vary before had no units: they are left as they are.
        """
        factor = np.where(before.varies, before.scale / self.scale, 1.0)
        return factor, np.where(before.varies, (before.mean - self.mean) / self.scale, 0.0)


class InUnits:
    """Base class of fitted values with the moments by which numbers are centred and scaled.

    Attributes
    ----------
    moments : RunningMoments
    """

    moments: RunningMoments

    @property
    def mean(self) -> Array:
        """Subtracted from numbers."""
        return self.moments.mean

    @property
    def scale(self) -> Array:
        """Divisor of centred numbers."""
        return self.moments.scale


def weighted_mean(values: Array, weight: Array | None) -> Array:
    """Mean over the rows."""
    return np.average(values, axis=0, weights=weight)


def weighted_variance(values: Array, weight: Array | None) -> tuple[Array, Array]:
    """Mean and variance over the rows."""
    mean = weighted_mean(values, weight)
    distance = values - mean
    # The rounding error of the mean grows with the number of rows; without a correction, the deviation of 999 equal
    # numbers was up to 100 times the spacing of floats.
    correction = weighted_mean(distance, weight)
    return mean + correction, weighted_mean(np.square(distance - correction), weight)


def weighted_deviation(values: Array, weight: Array | None) -> tuple[Array, Array]:
    """Mean and standard deviation over the rows, also where squares of the values would overflow or vanish."""
    scale = power_of_two(np.abs(values).max(axis=0, initial=0))
    mean, variance = weighted_variance(values / scale, weight)
    return mean * scale, np.sqrt(variance) * scale


def power_of_two(values: Array) -> Array:
    """A power of two of the magnitude of each value, by which it is divided without rounding."""
    return np.ldexp(values.dtype.type(1), np.frexp(values)[1] - 1)


def weighted_quantiles(values: Array, shares: float | Sequence[float] | Array, weight: Array | None) -> Array:
    """Quantiles over the rows, by the inverse of the weighted distribution function: always values that occur.

    Parameters
    ----------
    values : array of shape (rows, ...)
    shares : float in [0, 1], or sequence of them
    weight : array of shape (rows,), or None

    Returns
    -------
    quantiles : array of shape (n_shares, ...), without the first axis for a single share
    """
    weight = np.ones(len(values)) if weight is None else weight
    return np.quantile(values, shares, axis=0, weights=weight, method="inverted_cdf")
