import numpy as np
import pytest

from skneural.ops.reverse import reverse_steps

LENGTHS = np.array([7, 1, 4])


@pytest.mark.parametrize("x", [np.arange(63.0).reshape(3, 7, 3), np.arange(21).reshape(3, 7)], ids=["series", "tokens"])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
def test_each_series_is_reversed_within_its_length(x, lengths):
    y, vjp = reverse_steps(x, lengths)
    for before, after, n in zip(x, y, [7] * 3 if lengths is None else lengths, strict=True):
        np.testing.assert_array_equal(after[:n], before[:n][::-1])
        np.testing.assert_array_equal(after[n:], before[n:])
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(vjp(y), x)


def test_series_that_are_not_contiguous():
    x = np.arange(84.0).reshape(7, 4, 3).transpose(2, 0, 1)
    np.testing.assert_array_equal(reverse_steps(x)[0], x[:, ::-1])
