import numpy as np

from skneural.data import HiddenTokens
from skneural.data.hidden_tokens import n_chosen

CHOSEN = np.array([[True, False, False, True], [False, True, False, False], [True, False, False, False]])
HIDDEN = HiddenTokens(np.arange(12).reshape(3, 4), np.array([4, 2, 1]), CHOSEN)


def test_one_token_at_least_is_chosen_of_each_series():
    np.testing.assert_array_equal(n_chosen(np.array([1, 5, 20, 100])), [1, 1, 3, 15])


def test_each_chosen_token_is_scored():
    np.testing.assert_array_equal(HIDDEN.n_score_rows, [2, 1, 1])
    assert HIDDEN.as_batch()[1].structure is HIDDEN.chosen


def test_parts_are_cut_to_their_longest_series():
    part = HIDDEN[np.array([2, 1])]
    np.testing.assert_array_equal(part.values, [[8, 9], [4, 5]])
    np.testing.assert_array_equal(part.chosen, [[True, False], [False, True]])
