import numpy as np
import pytest

from skneural.ops.rotary import rotary


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def test_pairs_are_rotated_by_angles_proportional_to_the_position():
    x = numbers(2, 5, 3, 4)
    y = rotary(x, first=2)[0]
    for step in range(5):
        for pair, frequency in enumerate((1.0, 0.01)):
            angle = (step + 2) * frequency
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            part = slice(2 * pair, 2 * pair + 2)
            np.testing.assert_allclose(y[:, step, :, part], x[:, step, :, part] @ turn.T, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("distance", [0, 1, 4])
def test_products_depend_only_on_the_distance_of_steps(distance):
    q, k = numbers(1, 1, 8), numbers(1, 1, 8, seed=1)
    products = [np.vdot(rotary(q, first)[0], rotary(k, first + distance)[0]) for first in (0, 3, 50)]
    np.testing.assert_allclose(products, products[0], rtol=1e-10)


def test_lengths_are_preserved():
    x = numbers(2, 9, 6)
    np.testing.assert_allclose(np.linalg.norm(rotary(x)[0], axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-12)


def test_the_backward_pass_rotates_back():
    x, dy = numbers(2, 5, 2, 3, 4), numbers(2, 5, 2, 3, 4, seed=1)
    y, vjp = rotary(x)
    np.testing.assert_allclose(vjp(y), x, rtol=1e-12)
    assert np.sum(vjp(dy) * x) == pytest.approx(np.sum(dy * y), rel=1e-12)  # the transpose of a linear map


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_memory_order(dtype):
    x = numbers(2, 5, 8).astype(dtype)
    strided = np.repeat(x, 2, axis=-1)[..., ::2]
    y, vjp = rotary(strided)
    np.testing.assert_array_equal(y, rotary(x)[0])
    assert y.dtype == vjp(y).dtype == dtype
