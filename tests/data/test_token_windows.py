"""Windows of texts, and what is hidden of them."""

import numpy as np
import pytest

from skneural.data import HiddenTokens, MaskedWindows, TokenWindows

TEXTS = [np.array([5, 6, 7]), np.array([3]), np.arange(10)]
START, MASK = 20, 21


@pytest.fixture
def whole():
    return TokenWindows.from_sequences(TEXTS, START)


def pieces(windows, flat):
    return [piece.tolist() for piece in np.split(flat, np.cumsum(windows.n_steps)[:-1])]


def test_each_token_is_told_by_the_start_and_those_before(whole):
    assert pieces(whole, whole.own_tokens) == [[START, 5, 6], [START], [START, *range(9)]]
    assert pieces(whole, whole.next_tokens) == [text.tolist() for text in TEXTS]
    assert whole.values.shape == (3, 10)
    assert whole.values[0].tolist() == [START, 5, 6] + 7 * [0]


def test_long_texts_are_cut_into_windows_that_hold_all_tokens_once(whole):
    cut = whole.cut(4)
    assert pieces(cut, cut.own_tokens) == [[START, 5, 6], [START], [START, 0, 1, 2], [3, 4, 5, 6], [7, 8]]
    assert cut.next_tokens.tolist() == np.concatenate(TEXTS).tolist()
    assert whole.n_windows(4).tolist() == [1, 1, 3]
    again = cut.cut(4)
    assert np.array_equal(again.starts, cut.starts)
    assert np.array_equal(again.n_steps, cut.n_steps)


def test_with_the_last_token_and_without_the_start(whole):
    assert pieces(whole.with_last(), whole.with_last().own_tokens)[0] == [START, 5, 6, 7]
    assert pieces(whole.without_start(), whole.without_start().own_tokens) == [text.tolist() for text in TEXTS]


def test_shards_see_as_many_steps_as_their_batch(whole):
    assert whole[:2].shape == (2, 10)
    assert whole[np.array([0, 1])].shape == (2, 3)


@pytest.fixture
def masked():
    texts = [np.random.default_rng(i).integers(0, 9, n) for i, n in enumerate([40, 1, 7, 100] * 20)]
    return MaskedWindows(TokenWindows.from_sequences(texts, START).without_start(), MASK, 9)


def test_of_each_window_a_share_is_chosen_and_nothing_else_changes(masked):
    hidden, targets = masked.resample(np.random.default_rng(0), None)
    assert isinstance(hidden, HiddenTokens)
    n_chosen = hidden.chosen.sum(axis=1)
    assert n_chosen[:4].tolist() == [6, 1, 1, 15] == targets.lengths[:4].tolist()
    assert not hidden.chosen[np.arange(masked.width) >= masked.n_steps[:, np.newaxis]].any()
    before = masked.values
    assert np.array_equal(before[hidden.chosen], targets.values)
    assert np.array_equal(before[~hidden.chosen], hidden.values[~hidden.chosen])


def test_most_are_hidden_some_exchanged_some_stay(masked):
    hidden, targets = masked.resample(np.random.default_rng(0), None)
    shown = hidden.values[hidden.chosen]
    assert (shown == MASK).mean() == pytest.approx(0.8, abs=0.05)
    assert (shown == targets.values).mean() == pytest.approx(0.1 + 0.1 / 9, abs=0.05)
    assert shown[shown != MASK].max() < 9


def test_draws_differ_and_repeat(masked):
    one, other, again = (masked.resample(np.random.default_rng(seed), None)[0] for seed in (0, 1, 0))
    assert not np.array_equal(one.chosen, other.chosen)
    assert np.array_equal(one.values, again.values)


def test_parts_of_what_is_hidden_keep_what_was_chosen(masked):
    hidden, _ = masked.resample(np.random.default_rng(0), None)
    values, known = hidden[np.array([2, 1])].as_batch()
    assert values.shape == known.structure.shape == (2, 7)
    assert np.array_equal(known.structure, hidden.chosen[[2, 1], :7])
