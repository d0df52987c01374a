import numpy as np

from skneural.data import MaskedTokens
from skneural.data.masked_tokens import n_masked

SELECTED = np.array([[True, False, False, True], [False, True, False, False], [True, False, False, False]])
MASKED = MaskedTokens(np.arange(12).reshape(3, 4), np.array([4, 2, 1]), SELECTED)


def test_one_token_at_least_is_chosen_of_each_series():
    np.testing.assert_array_equal(n_masked(np.array([1, 5, 20, 100])), [1, 1, 3, 15])


def test_each_chosen_token_is_scored():
    np.testing.assert_array_equal(MASKED.n_score_rows, [2, 1, 1])
    assert MASKED.as_batch()[1].structure is MASKED.selected


def test_parts_are_cut_to_their_longest_series():
    part = MASKED[np.array([2, 1])]
    np.testing.assert_array_equal(part.values, [[8, 9], [4, 5]])
    np.testing.assert_array_equal(part.selected, [[True, False], [False, True]])
