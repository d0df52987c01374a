import numpy as np
import pytest

from skneural.ops.columns import embed_categories, fill_missing, is_missing, one_hot
from skneural.testing import check_vjp

SIZES = (3, 2)
CATEGORIES = np.array([[0.0, 1.0], [2.0, -1.0], [1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_missing_numbers_are_found_and_filled_and_have_no_gradient(dtype):
    x = np.array([[1, np.nan], [np.nan, 2]], dtype)
    y, vjp = fill_missing(x)
    np.testing.assert_array_equal(is_missing(x), [[0, 1], [1, 0]])
    np.testing.assert_array_equal(y, [[1, 0], [0, 2]])
    np.testing.assert_array_equal(vjp(np.full((2, 2), 3, dtype)), [[3, 0], [0, 3]])
    assert is_missing(x).dtype == y.dtype == dtype


def test_unknown_categories_have_zeros_for_indicators():
    expected = [[1, 0, 0, 0, 1], [0, 0, 1, 0, 0], [0, 1, 0, 1, 0], [1, 0, 0, 0, 1]]
    np.testing.assert_array_equal(one_hot(CATEGORIES, SIZES), expected)


def test_the_vector_of_a_category_is_its_indicator_times_the_table():
    table = np.random.default_rng(0).standard_normal((5, 4))
    y, _ = embed_categories(CATEGORIES, table, SIZES)
    indicators = one_hot(CATEGORIES, SIZES)
    expected = np.concatenate([indicators[:, :3] @ table[:3], indicators[:, 3:] @ table[3:]], axis=1)
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    check_vjp(lambda x, table: embed_categories(x, table, SIZES), [CATEGORIES], [table])
