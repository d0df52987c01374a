import numpy as np

from skneural.ops.pointwise import softplus
from skneural.ops.state_space import gated, inverse_softplus, negative_exponential
from skneural.testing import check_vjp

X, GATE = np.random.default_rng(0).standard_normal((2, 4, 3))


def test_decay_rates_are_negative_and_their_gradient_may_be_filled_in_place():
    y, vjp = negative_exponential(X)
    np.testing.assert_array_equal(y, -np.exp(X))
    gradient = np.ones_like(X)
    vjp(gradient, gradient)
    np.testing.assert_array_equal(gradient, y)


def test_inverse_softplus_is_the_inverse():
    sizes = np.geomspace(1e-4, 10, 20)
    np.testing.assert_allclose(softplus(inverse_softplus(sizes))[0], sizes, rtol=1e-10)


def test_gates():
    y, _ = gated(X, GATE)
    np.testing.assert_allclose(y, X * GATE / (1 + np.exp(-GATE)), rtol=1e-12)
    check_vjp(gated, [X, GATE])
