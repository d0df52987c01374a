import numpy as np

from skneural.layers import CategoryEmbedding, Columns, Context, FillMissing, MissingIndicator, OneHot, SmoothClip
from tests.layers.cases import numbers, started

WITH_MISSING = np.array([[1.0, np.nan], [np.nan, -2.0]])
CATEGORIES = np.array([[0.0, 1.0], [2.0, 0.0], [-1.0, -1.0]])  # -1 is not known


def test_columns_are_picked_by_number_or_range():
    x = numbers(6, 4)
    np.testing.assert_array_equal(Columns((2, 0)).predict({}, x), x[:, [2, 0]])
    y = Columns(range(1, 3)).predict({}, x)
    np.testing.assert_array_equal(y, x[:, 1:3])
    assert np.shares_memory(y, x)


def test_missing_numbers_are_marked_and_filled_with_zero():
    np.testing.assert_array_equal(MissingIndicator().predict({}, WITH_MISSING), [[0, 1], [1, 0]])
    y, backward = FillMissing().forward({}, WITH_MISSING, Context())
    np.testing.assert_array_equal(y, [[1, 0], [0, -2]])
    np.testing.assert_array_equal(backward(np.ones((2, 2)), {}), [[1, 0], [0, 1]])


def test_smooth_clip_is_bounded():
    y = SmoothClip(2.0).predict({}, np.array([0.0, 1e-3, 1e6, -1e6]))
    np.testing.assert_allclose(y, [0, 1e-3, 2, -2], rtol=1e-6)


def test_one_hot_has_zeros_for_unknown_categories():
    expected = [[1, 0, 0, 0, 1], [0, 0, 1, 1, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(OneHot((3, 2)).predict({}, CATEGORIES), expected)


def test_each_feature_has_its_own_embedding_and_unknown_categories_have_zeros():
    layer = CategoryEmbedding((3, 2), 4)
    tree = started(layer).tree
    of_first, of_second = np.split(tree["table"], [3])
    expected = [[*of_first[0], *of_second[1]], [*of_first[2], *of_second[0]], np.zeros(8)]
    np.testing.assert_array_equal(layer.predict(tree, CATEGORIES), expected)
