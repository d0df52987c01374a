"""Breakpoints of splines: where the pieces of each input meet."""

from __future__ import annotations

import numpy as np

from skneural.ops.moments import weighted_quantiles
from skneural.ops.types import Array

# Margin of a grid beyond the data, as a fraction of their range. Learning exp(sin(pi x) + y^2) from evenly spread
# points, on grids of 50 pieces, the largest error of 4 seeds was 9e-7 with this margin, and 3e-6 with four times it.
MARGIN = 0.005

# Share of equal distances in the breakpoints of a grid, the rest goes by quantiles: no piece, where many equal values
# are, is narrower than nine tenths of what it would be with equal distances. Half of either made that error 7e-6.
UNIFORM = 0.9


def grid_over(x: Array, grid_size: int, sample_weight: Array | None = None) -> Array:
    """Breakpoints between equal distances and quantiles of the inputs, a little beyond whose range they reach.

    Parameters
    ----------
    x : array of shape (rows, n_in)
    grid_size : int
        Pieces of each grid.
    sample_weight : array of shape (rows,), optional

    Returns
    -------
    grid : array of shape (n_in, grid_size + 1)
    """
    low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
    # Where all values are equal, as after pruning, or the precision of x does not resolve the pieces, the grid is a
    # wide one around them.
    largest = np.maximum(np.abs(low), np.abs(high))
    constant = high - low <= 100 * grid_size * np.finfo(x.dtype).eps * largest + 1e-20
    half = np.maximum(1, 1e-2 * grid_size * largest)
    low, high = np.where(constant, low - half, low), np.where(constant, high + half, high)
    margin = MARGIN * (high - low)
    low, high = low - margin, high + margin
    steps = np.linspace(0, 1, grid_size + 1)
    even = low + steps[:, np.newaxis] * (high - low)
    quantiles = weighted_quantiles(x.astype(np.float64), steps, sample_weight)
    quantiles[0], quantiles[-1] = low, high
    quantiles = np.where(constant, even, quantiles)
    return (UNIFORM * even + (1 - UNIFORM) * quantiles).T


def halved(grid: Array, grid_size: int) -> Array:
    """Grids of `grid_size` pieces, made by halving the widest pieces; all breakpoints stay."""
    finer = []
    for breakpoints in np.asarray(grid, np.float64):
        points = list(breakpoints)
        while len(points) < grid_size + 1:
            widths = np.diff(points)
            # The first of the widest, if rounding is all that tells them apart: halves of equal pieces come in order.
            i = int(np.argmax(widths > widths.max() * (1 - 1e-9)))
            points.insert(i + 1, (points[i] + points[i + 1]) / 2)
        finer.append(points)
    return np.array(finer).astype(grid.dtype)
