"""Weighted means, deviations and quantiles over the first axis. Without weights, all rows count alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from skneural.ops.types import Array


def number_of_repetitions(rows: Array, weight: Array | None) -> float:
    """Number of rows if each is repeated as often as its weight says; weights of small sum do not make them fewer."""
    return len(rows) if weight is None else max(len(rows), float(weight.sum(dtype=np.float64)))


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


def weighted_moments(values: Array, weight: Array | None) -> tuple[Array, Array]:
    """Mean and standard deviation over the rows, to standardize by: the deviation of constants is 1."""
    mean, deviation = weighted_deviation(values, weight)
    return mean, nonzero_deviation(deviation, mean, values.dtype)


def nonzero_deviation(deviation: Array, mean: Array, dtype: npt.DTypeLike) -> Array:
    """Standard deviations, with 1 in place of those that are no more than rounding errors of the mean.

    Three values of 0.1 have a deviation of 1e-17 in float64, not of zero.

    Parameters
    ----------
    deviation, mean : arrays of equal shape
    dtype : dtype
        Precision of the values that they describe.
    """
    return np.where(deviation > 10 * np.finfo(dtype).eps * np.abs(mean), deviation, 1.0)


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
