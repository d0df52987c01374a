import numpy as np
import pytest

from skneural.estimators.diffusion.condition import Condition

NUMBERS = np.random.default_rng(0).standard_normal((20, 2)) * [1, 50] + [0, 9]


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-3, -7.7, 1e5 / 3, 1e10 * np.pi])
@pytest.mark.parametrize("weight", [None, np.random.default_rng(0).random(999)], ids=["rows", "weights"])
def test_constant_numbers_are_not_divided_by_a_rounding_error(value, weight):
    condition = Condition.learn(np.full((999, 2), value), None, weight)
    np.testing.assert_array_equal(condition.scale, 1)
    np.testing.assert_allclose(condition.encode(value, 3, np.float64)[:, :2], 0, atol=1e-12 * max(1, abs(value)))
    np.testing.assert_allclose(condition.encode(value + 2, 3, np.float64)[:, :2], 2, rtol=1e-3)


def test_numbers_are_scaled_by_weighted_moments():
    weight = np.random.default_rng(1).integers(1, 5, 20)
    weight[NUMBERS[:, 0] > 0] += 5
    weighted, repeated = (
        Condition.learn(NUMBERS, None, weight),
        Condition.learn(np.repeat(NUMBERS, weight, 0), None, None),
    )
    np.testing.assert_allclose(weighted.mean, repeated.mean)
    np.testing.assert_allclose(weighted.scale, repeated.scale)
    encoded = Condition.learn(NUMBERS, None, None).encode(NUMBERS, 20, np.float64)
    np.testing.assert_allclose(encoded[:, :2].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(encoded[:, :2].std(axis=0), 1)
    np.testing.assert_array_equal(encoded[:, 2], 1)  # unlike an unknown condition


@pytest.mark.parametrize(
    "y", [np.array([3, 1, 3, 7]), np.array(["b", "a", "b", "c"]), np.array([True, False, True, True])]
)
def test_classes_are_indicators(y):
    condition = Condition.learn(y, None, None)
    expected = (y[:, np.newaxis] == np.unique(y)).astype(float)
    np.testing.assert_array_equal(condition.encode(y, 4, np.float64), expected)
    np.testing.assert_array_equal(condition.encode(y[0], 3, np.float64), np.repeat(expected[:1], 3, axis=0))
    assert condition.size == len(np.unique(y))
