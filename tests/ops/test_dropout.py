import numpy as np
import pytest

from skneural.ops.dropout import dropout, dropout_factor
from skneural.testing import check_vjp

EVERY_VALUE = np.arange(65536, dtype=np.uint16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.999])
def test_a_share_of_the_values_is_dropped_and_the_mean_is_one(rate, dtype):
    factor = dropout_factor(EVERY_VALUE, rate, dtype)
    assert factor.dtype == dtype
    assert (factor == 0).sum() == round(rate * 65536)
    assert factor.mean(dtype=np.float64) == pytest.approx(1, rel=1e-6)


def test_something_is_kept_however_large_the_rate():
    assert np.flatnonzero(dropout_factor(EVERY_VALUE, 1 - 1e-9, np.float64)).tolist() == [65535]


def test_dropped_elements_have_no_gradient_and_others_are_scaled():
    bits = np.random.default_rng(0).integers(0, 65536, (5, 4), dtype=np.uint16)
    check_vjp(lambda x: dropout(x, bits, 0.4), [np.ones((5, 4))])
    y, _ = dropout(np.ones((5, 4), np.float32), bits, 0.4)
    np.testing.assert_array_equal(y, dropout_factor(bits, 0.4, np.float32))


def test_rows_may_share_what_is_dropped():
    bits = np.random.default_rng(0).integers(0, 65536, (1, 40), dtype=np.uint16)
    y, _ = dropout(np.ones((3, 40)), bits, 0.5)
    assert (y == y[0]).all()
    check_vjp(lambda x: dropout(x, bits, 0.5), [np.ones((3, 40))])
