import numpy as np

from skneural.optimizers import Adam
from tests.optimizers.steps import walked


def test_the_first_adam_step_is_as_long_as_the_rate_whatever_the_gradient():
    gradients = np.array([[1e-3, -1.0, 1e6]])
    weights, _ = walked(Adam(), gradients, start=np.zeros(3))
    np.testing.assert_allclose(weights, [-0.01, 0.01, -0.01], rtol=1e-4)
