import numpy as np
import pytest

from skneural.optimizers import Adam, Averaging
from tests.optimizers.steps import N_WEIGHTS


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_an_average_follows_the_weights_and_changes_nothing_about_them(decay, gradients):
    optimizer, weights = Averaging(Adam(), decay), np.linspace(-1, 1, N_WEIGHTS)
    plain, average = weights.copy(), weights.copy()
    state, plain_state = optimizer.start(weights), Adam().start(weights)
    for n, gradient in enumerate(gradients, start=1):
        optimizer.exchange(weights, state)
        np.testing.assert_allclose(weights, average, rtol=1e-12)
        optimizer.exchange(weights, state)
        optimizer.update(weights, gradient.copy(), state, 0.01)
        Adam().update(plain, gradient.copy(), plain_state, 0.01)
        keep = min(decay, (1 + n) / (10 + n))
        average = keep * average + (1 - keep) * plain
    np.testing.assert_array_equal(weights, plain)
