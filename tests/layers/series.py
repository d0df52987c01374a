"""Series of unequal lengths."""

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import Context

UNSORTED, SORTED = np.array([3, 7, 1, 5, 7]), np.array([7, 7, 5, 3, 1])

each_order = pytest.mark.parametrize("lengths", [UNSORTED, SORTED, np.array([2, 1, 2, 2, 1])], ids=str)


def series(n_steps=7, n_features=3, n=5, seed=0):
    """(steps, features, batch), none of the numbers near zero."""
    x = np.random.default_rng(seed).standard_normal((n_steps, n_features, n))
    return x + 0.01 * np.sign(x)


def with_lengths(lengths):
    return Context(np.random.default_rng(0), BatchInfo(lengths=lengths))


def rows(seed=0):
    return series(seed=seed).transpose(2, 0, 1).copy()
