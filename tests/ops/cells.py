"""A check of recurrent cells against textbook loops over one series."""

import numpy as np
import pytest

EQUAL, UNEQUAL = (5, 5, 5, 5, 5, 5), (5, 4, 4, 2, 1, 1)  # how many of five series have each step
each_kind_of_lengths = pytest.mark.parametrize("columns", [EQUAL, UNEQUAL], ids=["equal lengths", "unequal lengths"])


def logistic(x):
    return 1 / (1 + np.exp(-x))


def check_cell(cell, textbook, *shapes, columns):
    """Compare y, dx and all gradients of a cell of three inputs and four units.

    `textbook(x, dy, *parameters)` goes over the steps of one series, of shape (steps, features), and returns y, dx and
    the gradient of each parameter. The parameters have the given shapes.
    """
    rng = np.random.default_rng(0)
    parameters = [0.5 * rng.standard_normal(shape) for shape in shapes]
    x, dy = rng.standard_normal((6, 3, 5)), rng.standard_normal((6, 4, 5))
    y, vjp = cell(x, *parameters, columns=None if columns == EQUAL else list(columns))
    gradients = [np.full(shape, np.nan) for shape in shapes]
    dx = vjp(dy, *gradients)
    expected = [np.zeros(shape) for shape in shapes]
    for i in range(5):
        n = sum(i < n_series for n_series in columns)
        y_alone, dx_alone, *parts = textbook(x[:n, :, i], dy[:n, :, i], *parameters)
        np.testing.assert_allclose(y[:n, :, i], y_alone, rtol=1e-10)
        np.testing.assert_allclose(dx[:n, :, i], dx_alone, rtol=1e-10)
        for total, part in zip(expected, parts, strict=True):
            total += part
    for found, total in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(found, total, rtol=1e-10, atol=1e-13)
