"""B-splines of any order on grids of their own, and the layer of a Kolmogorov-Arnold network (Liu et al. 2024).

==============  =====================================================================  ==========
name            meaning                                                                paper
==============  =====================================================================  ==========
grid            breakpoints of the splines of an input, ascending                      t
order           degree of the pieces                                                   k
coefficients    what the basis functions of an edge are multiplied by                  c
base            what an edge adds to its spline, such as a smooth step                 b(x), w_b
==============  =====================================================================  ==========

At any x, ``order + 1`` basis functions are not zero: only these are computed, so that the time does not grow with the
grid. The first and the last breakpoint count ``order + 1`` times, so that the outer coefficients are the values at the
ends. Beyond the ends a spline goes on along its tangent, and does not fall to zero.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skneural.ops.memory import zeros
from skneural.ops.types import Array

# Basis functions of an input from which a sparse product is faster: 64 inputs and outputs took the same time at 24.
DENSE = 24


class Basis(NamedTuple):
    """Basis functions of each input that are not zero.

    Rows come last, because each input has a grid of its own: with two inputs and a thousand rows, loops over inputs
    inside of those over rows took 1.4 times as long.

    Attributes
    ----------
    interval : integer array of shape (inputs, rows)
        Number of the piece, which is that of the first basis function.
    values, slopes : list of ``order + 1`` arrays of shape (inputs, rows)
        These functions, and their derivatives.
    """

    interval: Array
    values: list[Array]
    slopes: list[Array]


def spline_basis(x: Array, grid: Array, order: int) -> Basis:
    """Evaluate the basis functions (Cox 1972, de Boor 1972).

    Parameters
    ----------
    x : array of shape (rows, inputs)
    grid : array of shape (inputs, pieces + 1)
        Ascending.
    order : int
        At least one.
    """
    x = np.ascontiguousarray(x.T)
    inside = np.minimum(np.maximum(x, grid[:, :1]), grid[:, -1:])
    interval = _intervals(inside, grid)
    knots = _with_repeated_ends(grid, order - 1)
    first = interval + np.arange(0, knots.size, knots.shape[1])[:, np.newaxis]
    # Breakpoints from `order - 1` before the piece to `order` behind its first, in memory one behind another.
    near = [knots.ravel().take(first + j) for j in range(2 * order)]
    left = [inside - near[order - j] for j in range(1, order + 1)]
    right = [near[order - 1 + j] - inside for j in range(1, order + 1)]
    values, shares = [np.ones_like(inside)], []
    for degree in range(1, order + 1):
        shares = [value / (right[r] + left[degree - 1 - r]) for r, value in enumerate(values)]
        values = [
            *(_sum(left[degree - r] * shares[r - 1] if r else None, right[r] * shares[r]) for r in range(degree)),
            left[0] * shares[-1],
        ]
    slopes = [-shares[0], *(shares[r - 1] - shares[r] for r in range(1, order)), shares[-1].copy()]
    for slope in slopes:
        slope *= order
    beyond = x - inside
    if beyond.any():
        values = [value + slope * beyond for value, slope in zip(values, slopes, strict=True)]
    return Basis(interval, values, slopes)


def _with_repeated_ends(grid: Array, n: int) -> Array:
    """Grids whose first and last breakpoint stand there n more times."""
    return np.concatenate([np.repeat(grid[:, :1], n, axis=1), grid, np.repeat(grid[:, -1:], n, axis=1)], axis=1)


def _sum(a: Array | None, b: Array) -> Array:
    return b if a is None else np.add(a, b, out=a)


def _intervals(inside: Array, grid: Array) -> Array:
    """Number of the piece in which each x stands, of shape (inputs, rows)."""
    n_inner = grid.shape[1] - 2
    if n_inner <= 16:  # so many comparisons of whole arrays are faster than a search for each input
        interval = np.zeros(inside.shape, np.intp)
        for j in range(1, n_inner + 1):
            interval += inside >= grid[:, j : j + 1]
        return interval
    return np.stack([np.searchsorted(own[1:-1], x, side="right") for own, x in zip(grid, inside, strict=True)])


def spline_matrix(basis: Basis, n_basis: int, *, dense: bool) -> Any:
    """All basis functions of all inputs, of shape (rows, inputs * n_basis), as an array or as CSR."""
    n_inputs, n_rows = basis.interval.shape
    if dense:
        matrix = zeros((n_rows, n_inputs * n_basis), basis.values[0].dtype)
        place, flat = _places(basis, n_basis), matrix.reshape(-1)
        for r, value in enumerate(basis.values):
            flat[place + r] = value
        return matrix
    n_local = len(basis.values)
    first = (basis.interval + n_basis * np.arange(n_inputs)[:, np.newaxis]).T
    columns = (first[:, :, np.newaxis] + np.arange(n_local)).reshape(-1)
    data = np.stack(basis.values, axis=2).transpose(1, 0, 2).reshape(-1)
    ends = np.arange(n_rows + 1) * (n_inputs * n_local)
    return sparse.csr_array((data, columns, ends), shape=(n_rows, n_inputs * n_basis))


def _places(basis: Basis, n_basis: int) -> Array:
    """Where the first basis function of each input stands in the flat matrix, of shape (inputs, rows)."""
    n_inputs, n_rows = basis.interval.shape
    of_input = n_basis * np.arange(n_inputs)[:, np.newaxis]
    return basis.interval + (of_input + np.arange(0, n_rows * n_inputs * n_basis, n_inputs * n_basis))


def along_slopes(d_matrix: Array, basis: Basis, n_basis: int) -> Array:
    """Gradient of x, of shape (rows, inputs), from that of the matrix of `spline_matrix`."""
    place, flat = _places(basis, n_basis), d_matrix.reshape(-1)
    dx = basis.slopes[0] * flat.take(place)
    for r, slope in enumerate(basis.slopes[1:], start=1):
        dx += slope * flat.take(place + r)
    return dx.T


def interpolating_coefficients(values: Any, grid: Array, order: int) -> Array:
    """Coefficients of the splines through given functions at the Greville abscissae of their grid.

    Parameters
    ----------
    values : callable
        From points of shape (points, inputs) to arrays of shape (points, inputs, outputs).
    grid : array of shape (inputs, pieces + 1)
    order : int

    Returns
    -------
    array of shape (inputs, pieces + order, outputs)
    """
    points = greville(grid, order)
    n_inputs, n_basis = points.shape
    matrix = spline_matrix(spline_basis(points.T, grid, order), n_basis, dense=True)
    own = matrix.reshape(n_basis, n_inputs, n_basis).transpose(1, 0, 2)
    return np.linalg.solve(own, values(points.T).transpose(1, 0, 2))


def greville(grid: Array, order: int) -> Array:
    """Where a spline is best interpolated: means of neighbouring breakpoints, of shape (inputs, pieces + order)."""
    knots = _with_repeated_ends(grid, order)
    n_basis = grid.shape[1] - 1 + order
    return np.mean([knots[:, j : j + n_basis] for j in range(1, order + 1)], axis=0)
