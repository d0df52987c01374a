"""Maxima that several elements attain, in every op that pools by the maximum."""

import numpy as np
import pytest

from skneural.ops.graph import pool_segments
from skneural.ops.pooling import global_max_pooling, max_pooling
from skneural.ops.step_pooling import max_of_steps
from skneural.ops.window import Window

N_STEPS = 6


def of_segments(x):
    """A segment among others that have the same numbers."""
    return _around(lambda rows: pool_segments(rows, np.array([2, N_STEPS, 1]), "max"), x)


def _around(pooling, x):
    y, vjp = pooling(np.concatenate([x[:2], x, x[-1:]]))
    return y[1], lambda dy: vjp(np.stack([np.zeros_like(dy), dy, np.zeros_like(dy)]))[2:-1]


def of_steps(x):
    y, vjp = max_of_steps(x[np.newaxis])
    return y[0], lambda dy: vjp(dy[np.newaxis])[0]


def of_padded_steps(x):
    padded = np.concatenate([x, np.full_like(x, 9.0)])[np.newaxis]
    y, vjp = max_of_steps(padded, np.arange(2 * N_STEPS)[np.newaxis] < N_STEPS)
    return y[0], lambda dy: vjp(dy[np.newaxis])[0, :N_STEPS]


def of_images(x):
    y, vjp = global_max_pooling(x.T[np.newaxis, :, :, np.newaxis])
    return y[0], lambda dy: vjp(dy[np.newaxis])[0, :, :, 0].T


def of_windows(x):
    y, vjp = max_pooling(x.T[np.newaxis, :, :, np.newaxis], Window((1, N_STEPS), (1, N_STEPS)))
    return y[0, :, 0, 0], lambda dy: vjp(dy[np.newaxis, :, np.newaxis, np.newaxis])[0, :, :, 0].T


POOLINGS = {
    "segments": of_segments,
    "steps": of_steps,
    "padded steps": of_padded_steps,
    "images": of_images,
    "windows": of_windows,
}


@pytest.mark.parametrize("pooling", POOLINGS.values(), ids=POOLINGS)
@pytest.mark.parametrize("n_values", [1, 2, 3])
def test_the_gradient_goes_to_the_first_of_equal_elements(pooling, n_values):
    rng = np.random.default_rng(n_values)
    x, dy = rng.integers(0, n_values, (N_STEPS, 5)).astype(float), rng.standard_normal(5)
    y, vjp = pooling(x)
    np.testing.assert_array_equal(y, x.max(axis=0))
    expected = np.zeros_like(x)
    expected[x.argmax(axis=0), range(5)] = dy
    np.testing.assert_array_equal(vjp(dy), expected)
