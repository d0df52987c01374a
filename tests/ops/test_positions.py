import numpy as np
import pytest

from skneural.ops.positions import add_to_each, multiply, sinusoidal_grid, sinusoidal_table
from skneural.testing import check_vjp

X, TABLE = np.random.default_rng(0).standard_normal((3, 5, 4)), np.random.default_rng(1).standard_normal((5, 4))


def test_the_same_numbers_are_added_to_each_series():
    np.testing.assert_array_equal(add_to_each(X, TABLE)[0], X + TABLE)
    check_vjp(add_to_each, [X], [TABLE])


def test_multiply():
    np.testing.assert_array_equal(multiply(X, 3.0)[0], 3 * X)
    check_vjp(lambda x: multiply(x, 3.0), [X])


@pytest.mark.parametrize("n_features", [1, 4, 5])
def test_sinusoids_follow_their_equations(n_features):
    table = sinusoidal_table(6, n_features, "d")
    for position in range(6):
        for i in range(n_features):
            angle = position / 10000 ** (2 * (i // 2) / n_features)
            assert table[position, i] == pytest.approx(np.cos(angle) if i % 2 else np.sin(angle), abs=1e-12)
    assert sinusoidal_table(6, n_features, "f").dtype == np.float32


@pytest.mark.parametrize("n_features", [1, 4, 5])
def test_pixels_have_the_sinusoids_of_their_row_and_column(n_features):
    grid, half = sinusoidal_grid(3, 4, n_features, "d").reshape(3, 4, n_features), n_features // 2
    for row in range(3):
        np.testing.assert_array_equal(grid[row, :, half:], sinusoidal_table(4, n_features - half, "d"))
    if half:
        for column in range(4):
            np.testing.assert_array_equal(grid[:, column, :half], sinusoidal_table(3, half, "d"))
