import numpy as np
import pytest

from skneural.ops.filters import N_ORIENTATIONS, N_SCALES, filter_bank, modulus
from skneural.testing import check_vjp


def test_modulus():
    even, odd = np.random.default_rng(0).standard_normal((2, 4, 3))
    y, _ = modulus(even, odd)
    np.testing.assert_allclose(y, np.hypot(even, odd), rtol=1e-10)
    check_vjp(modulus, [even, odd])


@pytest.mark.parametrize(("name", "n_low_pass"), [("gabor", 0), ("wavelet", 1)])
def test_filters_are_even_or_odd_and_take_the_mean_over_channels(name, n_low_pass):
    even, odd = (filter_bank(name, phase, (7, 9), 2) for phase in ("even", "odd"))
    assert even.shape == odd.shape == (7, 9, 2, N_ORIENTATIONS * N_SCALES + n_low_pass)
    np.testing.assert_allclose(even[::-1, ::-1], even, atol=1e-12)
    np.testing.assert_allclose(odd[::-1, ::-1], -odd, atol=1e-12)
    np.testing.assert_array_equal(even[:, :, 0], even[:, :, 1])
    np.testing.assert_allclose(2 * even[:, :, 0], filter_bank(name, "even", (7, 9), 1)[:, :, 0], rtol=1e-12)
