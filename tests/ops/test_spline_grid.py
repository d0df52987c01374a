import numpy as np
import pytest

from skneural.ops.spline_grid import grid_over, halved

X = np.random.default_rng(0).standard_normal((50, 2))


def test_grids_ascend_and_reach_beyond_the_data():
    grid = grid_over(X, 7)
    assert grid.shape == (2, 8)
    assert (np.diff(grid, axis=1) > 0).all()
    assert (grid[:, 0] < X.min(axis=0)).all()
    assert (grid[:, -1] > X.max(axis=0)).all()


@pytest.mark.parametrize("value", [0.0, 3.0, 1e8])
def test_the_grid_of_a_constant_is_a_wide_one_around_it(value):
    grid = grid_over(np.full((5, 1), value), 4)
    assert grid[0, -1] - grid[0, 0] >= 2
    assert grid.mean() == pytest.approx(value)


def test_halving_keeps_all_breakpoints():
    grid = grid_over(X, 5)
    finer = halved(grid, 12)
    assert finer.shape == (2, 13)
    assert all(np.isin(coarse, fine).all() for coarse, fine in zip(grid, finer, strict=True))
