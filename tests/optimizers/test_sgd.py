import numpy as np
import pytest

from skneural.optimizers import SGD
from tests.optimizers.steps import N_WEIGHTS, walked


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_without_momentum_is_gradient_descent(nesterov, gradients):
    weights, _ = walked(SGD(0.0, nesterov), gradients[:1])
    np.testing.assert_allclose(weights, np.linspace(-1, 1, N_WEIGHTS) - 0.01 * gradients[0], rtol=1e-12)
