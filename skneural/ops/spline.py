"""B-splines of any order with a grid for each input, as in Kolmogorov-Arnold networks (Liu et al. 2024).

==============  =====================================================================  ==========
name            meaning                                                                paper
==============  =====================================================================  ==========
grid            breakpoints of the splines of an input, ascending                      t
order           degree of the polynomial pieces                                        k
coefficients    factors of the basis functions of an edge                              c
base            function that an edge adds to its spline, such as silu                 b(x), w_b
==============  =====================================================================  ==========

At any x, ``order + 1`` basis functions are not zero: only these are computed, so that the time does not grow with the
grid. The first and the last breakpoint are knots of multiplicity ``order + 1``, so that the outer coefficients are the
values at the ends. Beyond its ends a spline is extrapolated linearly and does not fall to zero.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skneural.ops.memory import zeros
from skneural.ops.types import Array

# Up to this many basis functions of an input, a dense product is faster than a sparse one: with 64 inputs and outputs,
# both took the same time at 24.
DENSE = 24


class Basis(NamedTuple):
    """The nonzero basis functions of each input.

    Rows are the last axis, because each input has a different grid: with two inputs and a thousand rows, inner loops
    over inputs took 1.4 times as long.

    Attributes
    ----------
    interval : integer array of shape (inputs, rows)
        Index of the piece that contains x, which is also the index of the first nonzero basis function.
    values, slopes : list of ``order + 1`` arrays of shape (inputs, rows)
        Values and derivatives of the nonzero basis functions.
    """

    interval: Array
    values: list[Array]
    slopes: list[Array]


def spline_basis(x: Array, grid: Array, order: int) -> Basis:
    """Evaluate the nonzero basis functions (Cox 1972, de Boor 1972).

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
    knots = with_repeated_ends(grid, order - 1)
    first = interval + np.arange(0, knots.size, knots.shape[1])[:, np.newaxis]
    # The knots around each piece: from `order - 1` before its first breakpoint to `order` after it.
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


def with_repeated_ends(grid: Array, n: int) -> Array:
    """Grids with their first and last breakpoints repeated n more times."""
    return np.concatenate([np.repeat(grid[:, :1], n, axis=1), grid, np.repeat(grid[:, -1:], n, axis=1)], axis=1)


def _sum(a: Array | None, b: Array) -> Array:
    return b if a is None else np.add(a, b, out=a)


def _intervals(inside: Array, grid: Array) -> Array:
    """Index of the piece that contains each x, of shape (inputs, rows)."""
    n_inner = grid.shape[1] - 2
    if n_inner <= 16:  # up to 16 comparisons of arrays are faster than a search for each input
        interval = np.zeros(inside.shape, np.intp)
        for j in range(1, n_inner + 1):
            interval += inside >= grid[:, j : j + 1]
        return interval
    return np.stack([np.searchsorted(points[1:-1], x, side="right") for points, x in zip(grid, inside, strict=True)])


def spline_matrix(basis: Basis, n_basis: int, *, dense: bool) -> Any:
    """Matrix of all basis functions of all inputs, of shape (rows, inputs * n_basis), as an array or as CSR."""
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
    """Index of the first nonzero basis function of each input in the flat matrix, of shape (inputs, rows)."""
    n_inputs, n_rows = basis.interval.shape
    input_offset = n_basis * np.arange(n_inputs)[:, np.newaxis]
    return basis.interval + (input_offset + np.arange(0, n_rows * n_inputs * n_basis, n_inputs * n_basis))


def along_slopes(d_matrix: Array, basis: Basis, n_basis: int) -> Array:
    """Gradient of x, of shape (rows, inputs), from the gradient of the matrix of `spline_matrix`."""
    place, flat = _places(basis, n_basis), d_matrix.reshape(-1)
    dx = basis.slopes[0] * flat.take(place)
    for r, slope in enumerate(basis.slopes[1:], start=1):
        dx += slope * flat.take(place + r)
    return dx.T


def interpolating_coefficients(values: Any, grid: Array, order: int) -> Array:
    """Coefficients of the splines that interpolate functions at the Greville abscissae of their grids.

    Parameters
    ----------
    values : callable
        Maps points of shape (points, inputs) to values of shape (points, inputs, outputs).
    grid : array of shape (inputs, pieces + 1)
    order : int

    Returns
    -------
    array of shape (inputs, pieces + order, outputs)
    """
    points = greville(grid, order)
    n_inputs, n_basis = points.shape
    matrix = spline_matrix(spline_basis(points.T, grid, order), n_basis, dense=True)
    matrix_of_input = matrix.reshape(n_basis, n_inputs, n_basis).transpose(1, 0, 2)
    return np.linalg.solve(matrix_of_input, values(points.T).transpose(1, 0, 2))


def greville(grid: Array, order: int) -> Array:
    """Greville abscissae of a grid: means of `order` neighbouring knots, of shape (inputs, pieces + order).

    Interpolation at these points is well conditioned.
    """
    knots = with_repeated_ends(grid, order)
    n_basis = grid.shape[1] - 1 + order
    return np.mean([knots[:, j : j + n_basis] for j in range(1, order + 1)], axis=0)
