import numpy as np
import pytest

from skneural.ops.concatenate import append_number, concatenate
from skneural.testing import check_vjp


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concatenate(axis):
    parts = [np.random.default_rng(0).standard_normal((2, 3, 4)) for _ in range(3)]
    y, _ = concatenate(parts, axis)
    np.testing.assert_array_equal(y, np.concatenate(parts, axis=axis))

    def op(*parts):
        y, vjp = concatenate(parts, axis)
        return y, lambda dy: tuple(vjp(dy))

    check_vjp(op, parts)


def test_each_number_stands_behind_its_vector():
    vectors, x = np.random.default_rng(0).standard_normal((5, 3, 2)), np.random.default_rng(1).standard_normal((5, 3))
    y, _ = append_number(vectors, x)
    np.testing.assert_array_equal(y.reshape(5, 3, 3)[:, :, :2], vectors)
    np.testing.assert_array_equal(y.reshape(5, 3, 3)[:, :, 2], x)
    check_vjp(append_number, [vectors, x])
