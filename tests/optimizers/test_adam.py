import numpy as np

from skneural.optimizers import Adam
from tests.optimizers.steps import walked


def test_an_epsilon_below_the_precision_takes_no_step_without_a_gradient():
    for dtype in (np.float32, np.float64):
        start = np.ones(2, dtype)
        after, _ = walked(Adam(epsilon=5e-324), np.zeros((2, 2), dtype), start=start)
        np.testing.assert_array_equal(after, 1)


def test_the_first_adam_step_is_as_long_as_the_rate_whatever_the_gradient():
    gradients = np.array([[1e-3, -1.0, 1e6]])
    weights, _ = walked(Adam(), gradients, start=np.zeros(3))
    np.testing.assert_allclose(weights, [-0.01, 0.01, -0.01], rtol=1e-4)
