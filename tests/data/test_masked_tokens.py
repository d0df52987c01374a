import numpy as np

from skneural.data import FlatSeries, MaskedTokens
from skneural.data.masked_tokens import n_masked

SERIES = FlatSeries(np.arange(7), np.array([0, 4, 6]), np.array([4, 2, 1]))
MASKED = MaskedTokens(SERIES, np.array([True, False, False, True, False, True, True]))


def test_one_token_at_least_is_chosen_of_each_series():
    np.testing.assert_array_equal(n_masked(np.array([1, 5, 20, 100])), [1, 1, 3, 15])


def test_each_chosen_token_is_scored():
    np.testing.assert_array_equal(MASKED.n_score_rows, [2, 1, 1])
    np.testing.assert_array_equal(MASKED[np.array([2, 0])].n_score_rows, [1, 2])


def test_chosen_places_are_padded_as_tokens_are():
    values, batch_info = MASKED[np.array([2, 1])].as_batch()
    np.testing.assert_array_equal(values, [[6, 0], [4, 5]])
    np.testing.assert_array_equal(batch_info.structure, [[True, False], [False, True]])
