import numpy as np
import pytest
from scipy import special, stats

from skneural.ops.pointwise import ACTIVATIONS, clip_smoothly, gelu, log_one_plus_exp, sigmoid
from skneural.testing import check_activation

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


# name -> the same function, written plainly
REFERENCES = {
    "identity": lambda x: x,
    "logistic": special.expit,
    "tanh": np.tanh,
    "relu": lambda x: np.where(x > 0, x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": elu,
    "selu": lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * elu(x)),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "silu": lambda x: x * special.expit(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "softplus": lambda x: np.logaddexp(0, x),
}
# x on both sides of zero, but not nearer to it than a finite difference reaches
X = np.concatenate([-np.geomspace(0.01, 8, 20), np.geomspace(0.01, 8, 20)]).reshape(5, 8)


def test_every_activation_has_a_reference():
    assert set(REFERENCES) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", REFERENCES)
def test_values_equal_the_reference(name):
    np.testing.assert_allclose(ACTIVATIONS[name](X)[0], REFERENCES[name](X), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", REFERENCES)
def test_slopes_equal_central_differences_of_the_reference(name):
    dy = np.random.default_rng(0).standard_normal(X.shape)
    _, vjp = ACTIVATIONS[name](X)
    slope = (REFERENCES[name](X + 1e-6) - REFERENCES[name](X - 1e-6)) / 2e-6
    np.testing.assert_allclose(vjp(dy), dy * slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", REFERENCES)
def test_float32_stays_and_agrees_with_float64(name):
    x, dy = X.astype(np.float32), np.ones(X.shape, np.float32)
    y, vjp = ACTIVATIONS[name](x)
    dx = vjp(dy)
    assert y.dtype == dx.dtype == np.float32
    np.testing.assert_allclose(y, REFERENCES[name](X), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(dx, ACTIVATIONS[name](X)[1](np.ones(X.shape)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", REFERENCES)
def test_inputs_are_only_borrowed(name):
    x, dy = X.copy(), np.ones(X.shape)
    _, vjp = ACTIVATIONS[name](x)
    first = vjp(dy).copy()
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(dy, np.ones(X.shape))
    np.testing.assert_array_equal(vjp(dy), first)  # going back twice gives the same


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", REFERENCES)
def test_nothing_overflows_far_out(name, dtype):
    x = np.array([-1e4, -100.0, 100.0, 1e4], dtype)
    y, vjp = ACTIVATIONS[name](x)
    np.testing.assert_allclose(y, REFERENCES[name](x.astype(np.float64)), rtol=1e-6, atol=1e-6)
    dx = vjp(np.ones(4, dtype))
    slope = (REFERENCES[name](x + 0.5) - REFERENCES[name](x - 0.5)).astype(np.float64)
    np.testing.assert_allclose(dx, slope, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_follows_the_contract_of_activations(name):
    check_activation(name)


def test_gelu_is_close_to_its_exact_form():
    x = np.linspace(-6, 6, 1001)
    assert np.abs(gelu(x)[0] - x * stats.norm.cdf(x)).max() < 5e-4


def test_sigmoid_and_softplus_equal_scipy():
    x = np.linspace(-30, 30, 101)
    np.testing.assert_allclose(sigmoid(x), special.expit(x), atol=1e-15)
    np.testing.assert_allclose(log_one_plus_exp(x), np.logaddexp(0, x), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_smooth_clip_keeps_the_middle_and_bounds_the_rest(dtype):
    x = np.array([0.0, 1e-3, -1e-3, 1e3, -1e3, 1e30], dtype)
    y, vjp = clip_smoothly(x, 3.0)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, [0, 1e-3, -1e-3, 3, -3, 3], rtol=1e-4)
    assert np.abs(y).max() <= 3 * (1 + np.finfo(dtype).eps)
    np.testing.assert_allclose(vjp(np.ones_like(x)), [1, 1, 1, 0, 0, 0], atol=1e-6)
