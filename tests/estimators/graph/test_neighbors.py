"""Nearest rows against all distances, with neighbours at equal distances."""

import numpy as np
import pytest

from skneural.estimators.graph.neighbors import nearest_rows, row_numbers

GRID = np.stack(np.meshgrid(*[range(-2, 3)] * 2), axis=-1).reshape(-1, 2).astype(float)
UNITS = np.concatenate([np.eye(6), -np.eye(6)])[np.random.default_rng(0).permutation(12)]
# (training rows, rows); None for the training rows themselves
PLACES = {
    "of a grid": (GRID, None),
    "between a grid": (GRID, GRID[:10] + 0.5),
    "on a grid": (GRID, GRID[::3]),
    "all at the same distance": (UNITS, np.zeros((1, 6))),
    "anywhere": (np.random.default_rng(0).standard_normal((30, 3)), np.random.default_rng(1).standard_normal((9, 3))),
}


@pytest.mark.parametrize("n", [1, 3, 4])
@pytest.mark.parametrize(("training", "rows"), PLACES.values(), ids=PLACES)
def test_the_first_of_the_nearest_rows_are_the_neighbours(training, rows, n):
    distances = ((training - (training if rows is None else rows)[:, np.newaxis]) ** 2).sum(axis=2)
    if rows is None:
        np.fill_diagonal(distances, np.inf)
    expected = np.sort(np.argsort(distances, axis=1, kind="stable")[:, :n], axis=1)
    np.testing.assert_array_equal(nearest_rows(training, rows, n), expected)


def test_equal_rows_have_equal_numbers_and_new_ones_follow():
    numbers, new = row_numbers(GRID[:3], np.array([[7.0, 7], GRID[1], [8, 8], [7, 7], GRID[0]]))
    np.testing.assert_array_equal(numbers, [3, 1, 4, 3, 0])
    np.testing.assert_array_equal(new, [[7, 7], [8, 8]])
