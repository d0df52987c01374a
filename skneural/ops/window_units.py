"""Units of windows of series: each window is centred and scaled by its own steps."""

from __future__ import annotations

import numpy as np

from skneural.ops.moments import power_of_two, weighted_quantiles
from skneural.ops.types import Array

NORMALIZATIONS = ("last", "mean", "season")

# Where a series hardly moves, noise would fill the range: the deviation of a window is at least that of this share of
# all windows, in units of their sizes.
LEAST_QUANTILE = 0.05

# Deviations of constant windows are rounding errors, which are less than this in units of the size.
RELATIVE_ROUNDING = 1e-12


def window_moments(windows: Array, present: Array) -> tuple[Array, Array, Array]:
    """Mean, deviation and mean absolute value of each channel over the steps of each window that are present.

    Parameters
    ----------
    windows : array of shape (n, steps, channels)
        Without missing values: gaps are filled, with any value.
    present : bool array of the same shape
        False for gaps and padding.

    Returns
    -------
    mean, deviation, size : arrays of shape (n, channels)
        Zero for channels without a step that is present.
    """
    n = np.maximum(present.sum(axis=1), 1)
    unit = power_of_two(np.abs(windows).max(axis=1, initial=0.0))  # squares may neither overflow nor vanish
    scaled = windows / unit[:, np.newaxis]
    mean = np.einsum("nsc,nsc->nc", scaled, present) / n
    size = np.einsum("nsc,nsc->nc", np.abs(scaled), present) / n
    scaled -= mean[:, np.newaxis]
    scaled *= present
    deviation = np.sqrt(np.einsum("nsc,nsc->nc", scaled, scaled) / n)
    return mean * unit, deviation * unit, size * unit


def least_relative_deviation(deviation: Array, size: Array, weight: Array | None = None) -> Array:
    """Deviation in units of the size that nearly all windows exceed, for each channel; zero if none moves.

    Parameters
    ----------
    deviation, size : arrays of shape (n, channels)
        As returned by `window_moments`.
    weight : array of shape (n,) or None, default=None
        Count of each window.
    """
    least: Array = np.zeros(deviation.shape[1])
    for channel, columns in enumerate(zip(deviation.T, size.T, strict=True)):
        moves = columns[0] > RELATIVE_ROUNDING * columns[1]
        if moves.any():
            relative = (columns[0][moves] / columns[1][moves])[:, np.newaxis]
            (least[channel],) = weighted_quantiles(relative, LEAST_QUANTILE, None if weight is None else weight[moves])
    return least


def window_scale(deviation: Array, size: Array, least: Array) -> Array:
    """Scale of each channel of each window: its deviation, but at least `least` times its size; one where it is zero.

    Parameters
    ----------
    deviation, size : arrays of shape (n, channels)
        As returned by `window_moments`.
    least : array of shape (channels,)
        As returned by `least_relative_deviation`.
    """
    scale: Array = np.maximum(deviation, least * size)
    return np.where(scale > RELATIVE_ROUNDING * size, scale, np.where(size > 0, size, 1.0))


def window_centre(windows: Array, mean: Array, how: str) -> Array:
    """Centre of each channel of each window, of shape (n, channels): its last value, or its mean."""
    return mean if how == "mean" else windows[:, -1]


def target_centre(windows: Array, centre: Array, how: str, season: int, horizon: int) -> Array:
    """Centre of the steps after each window, of shape (n, horizon, channels).

    With "season", that of each step is the value one season before, or several ones if the horizon is longer.
    """
    if how != "season":
        return np.repeat(centre[:, np.newaxis], horizon, axis=1)
    last = windows[:, -season:]
    return last[:, np.arange(horizon) % last.shape[1]]
