import numpy as np
import pytest
from scipy.interpolate import BSpline

from skneural.ops import spline as module
from skneural.ops.spline import along_slopes, greville, interpolating_coefficients, spline_basis, spline_matrix

ORDERS = [1, 2, 3, 4, 5]
each_order = pytest.mark.parametrize("order", ORDERS)
each_grid = pytest.mark.parametrize("n_pieces", [1, 2, 7, 40])


def grids(n_pieces, n_inputs=3, seed=0):
    grid = np.sort(np.random.default_rng(seed).uniform(-1, 1, (n_inputs, n_pieces + 1)), axis=1)
    return grid + 0.01 * np.arange(n_pieces + 1)


def points(grid, n=60, seed=1):
    """Inside, at all breakpoints of the first input, and beyond the ends."""
    x = np.random.default_rng(seed).uniform(-1.5, 2, (n, len(grid)))
    some = min(len(grid[0]), n)
    x[:some, 0] = grid[0, :some]
    return x


def by_scipy(x, grid, order):
    """Reference: each basis function inside its grid, by SciPy."""
    n_basis = grid.shape[1] - 1 + order
    columns = []
    for breakpoints, values in zip(grid, x.T, strict=True):
        knots = np.concatenate([[breakpoints[0]] * order, breakpoints, [breakpoints[-1]] * order])
        columns += [BSpline(knots, np.eye(n_basis)[m], order)(values) for m in range(n_basis)]
    return np.stack(columns, axis=1)


@each_order
@each_grid
def test_inside_the_grid_it_is_the_basis_of_scipy(order, n_pieces):
    grid = grids(n_pieces)
    x = np.clip(points(grid), grid[:, 0], grid[:, -1])
    actual = spline_matrix(spline_basis(x, grid, order), n_pieces + order, dense=True)
    np.testing.assert_allclose(actual, by_scipy(x, grid, order), atol=1e-10)


@each_order
@each_grid
def test_basis_functions_sum_to_one_everywhere_and_slopes_to_zero(order, n_pieces):
    grid = grids(n_pieces)
    basis = spline_basis(points(grid), grid, order)
    np.testing.assert_allclose(sum(basis.values), 1, rtol=1e-9)
    np.testing.assert_allclose(sum(basis.slopes), 0, atol=1e-8)


@each_order
@each_grid
def test_slopes_are_derivatives(order, n_pieces):
    grid = grids(n_pieces)
    x = np.random.default_rng(2).uniform(-1.5, 2, (50, 3))
    near = np.abs(x[:, :, np.newaxis] - grid).min(axis=2) < 1e-4
    n_basis, d = n_pieces + order, 1e-6
    up, down = (spline_matrix(spline_basis(x + s, grid, order), n_basis, dense=True) for s in (d, -d))
    dy = np.random.default_rng(3).standard_normal(up.shape)
    expected = (dy * (up - down) / (2 * d)).reshape(50, 3, n_basis).sum(axis=2)
    actual = along_slopes(dy, spline_basis(x, grid, order), n_basis)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual[~near], expected[~near], atol=1e-6 * scale)


@each_order
def test_beyond_the_ends_splines_go_on_straight(order):
    grid = grids(6)
    c = np.random.default_rng(0).standard_normal(3 * (6 + order))
    width = grid[:, -1] - grid[:, 0]

    def value(x):
        matrix = spline_matrix(spline_basis(x[np.newaxis], grid, order), 6 + order, dense=True)
        return (matrix * c).reshape(3, -1).sum(axis=1)

    for end, direction in ((grid[:, 0], -1), (grid[:, -1], 1)):
        at, slope = value(end), (value(end) - value(end - direction * 1e-7 * width)) / (direction * 1e-7 * width)
        for distance in (0.5, 1, 100):
            beyond = value(end + direction * distance * width)
            np.testing.assert_allclose(beyond, at + slope * direction * distance * width, rtol=1e-4, atol=1e-4)
    assert np.isfinite(value(np.full(3, 1e30))).all()


@each_order
@each_grid
def test_sparse_equals_dense(order, n_pieces):
    grid = grids(n_pieces)
    basis = spline_basis(points(grid), grid, order)
    dense, csr = (spline_matrix(basis, n_pieces + order, dense=dense) for dense in (True, False))
    np.testing.assert_array_equal(csr.toarray(), dense)


def test_order_one_interpolates_linearly():
    grid = grids(7)
    x = np.clip(points(grid), grid[:, 0], grid[:, -1])
    values = np.random.default_rng(0).standard_normal((3, 8))
    matrix = spline_matrix(spline_basis(x, grid, 1), 8, dense=True)
    actual = (matrix * values.ravel()).reshape(len(x), 3, 8).sum(axis=2)
    for breakpoints, xs, ys, result in zip(grid, x.T, values, actual.T, strict=True):
        np.testing.assert_allclose(result, np.interp(xs, breakpoints, ys), rtol=1e-9, atol=1e-12)


@each_order
def test_splines_go_through_the_functions_they_interpolate(order):
    grid = grids(9)

    def functions(x):
        return np.stack([np.sin(3 * x), x, np.ones_like(x)], axis=2)

    coefficients = interpolating_coefficients(functions, grid, order)
    at = greville(grid, order).T
    matrix = spline_matrix(spline_basis(at, grid, order), 9 + order, dense=True).reshape(len(at), 3, -1)
    np.testing.assert_allclose(np.einsum("pim,imo->pio", matrix, coefficients), functions(at), atol=1e-9)
    anywhere = np.clip(points(grid), grid[:, 0], grid[:, -1])
    matrix = spline_matrix(spline_basis(anywhere, grid, order), 9 + order, dense=True).reshape(60, 3, -1)
    actual = np.einsum("pim,imo->pio", matrix, coefficients)
    # Polynomials are represented exactly.
    np.testing.assert_allclose(actual[..., 1:], functions(anywhere)[..., 1:], atol=1e-9)


def test_searching_and_comparing_find_the_same_piece():
    grid = grids(30)
    x = np.clip(points(grid), grid[:, 0], grid[:, -1])
    searched, compared = module._intervals(x.T, grid), module._intervals(x.T, grid[:, :17])
    expected = [np.searchsorted(inner, xs, side="right") for inner, xs in zip(grid[:, 1:-1], x.T, strict=True)]
    np.testing.assert_array_equal(searched, expected)
    np.testing.assert_array_equal(compared, np.minimum(expected, 15))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_stays(dtype):
    grid = grids(5).astype(dtype)
    basis = spline_basis(points(grid).astype(dtype), grid, 3)
    assert {array.dtype for array in (*basis.values, *basis.slopes)} == {np.dtype(dtype)}
    assert spline_matrix(basis, 8, dense=True).dtype == spline_matrix(basis, 8, dense=False).dtype == dtype
