import numpy as np

from skneural.ops.curve import curve
from tests.ops.differences import check_gradients_of, with_parameters

X = np.random.default_rng(0).standard_normal(20)
CONSTANTS = np.array([1.5, -0.3, 2.0, 0.7])


def test_it_is_the_function_of_a_line_and_a_line_of_that():
    y, _ = curve(X, CONSTANTS, np.sin, np.cos)
    np.testing.assert_allclose(y, 2.0 * np.sin(1.5 * X - 0.3) + 0.7, rtol=1e-12)


def test_gradients():
    check_gradients_of(with_parameters(lambda x, constants: curve(x, constants, np.sin, np.cos)), X, CONSTANTS)


def test_float32_stays_but_is_computed_in_float64():
    seen = []

    def value(u):
        seen.append(u.dtype)
        return np.sin(u)

    y, vjp = curve(X.astype(np.float32), CONSTANTS.astype(np.float32), value, np.cos)
    assert y.dtype == vjp(y, np.empty(4, np.float32)).dtype == np.float32
    assert seen == [np.float64]
