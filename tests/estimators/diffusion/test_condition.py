import numpy as np
import pytest

from skneural.estimators.diffusion.condition import Condition


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-3, -7.7, 1e5 / 3, 1e10 * np.pi])
@pytest.mark.parametrize("weight", [None, np.random.default_rng(0).random(999)], ids=["rows", "weights"])
def test_constant_numbers_are_not_divided_by_a_rounding_error(value, weight):
    condition = Condition.learn(np.full((999, 2), value), None, weight)
    np.testing.assert_array_equal(condition.scale, 1)
    np.testing.assert_allclose(condition.encode(value, 3, np.float64)[:, :2], 0, atol=1e-12 * max(1, abs(value)))
    np.testing.assert_allclose(condition.encode(value + 2, 3, np.float64)[:, :2], 2, rtol=1e-3)
