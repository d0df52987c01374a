"""Windows of texts, and the masking of their tokens."""

import numpy as np
import pytest

from skneural.data import MaskedTokens, MaskedWindows, TokenWindows

TEXTS = [np.array([5, 6, 7]), np.array([3]), np.arange(10)]
START, MASK = 20, 21


@pytest.fixture
def whole():
    return TokenWindows.from_sequences(TEXTS, START)


def pieces(cut, flat):
    return [piece.tolist() for piece in np.split(flat, np.cumsum(cut.n_steps)[:-1])]


def test_each_token_is_predicted_from_the_start_and_the_tokens_before_it(whole):
    assert pieces(whole, whole.input_tokens) == [[START, 5, 6], [START], [START, *range(9)]]
    assert pieces(whole, whole.next_tokens) == [text.tolist() for text in TEXTS]
    assert whole.values.shape == (3, 10)
    assert whole.values[0].tolist() == [START, 5, 6] + 7 * [0]


def test_long_texts_are_cut_into_windows_that_hold_all_tokens_once(whole):
    cut = whole.cut(4)
    assert pieces(cut, cut.input_tokens) == [[START, 5, 6], [START], [START, 0, 1, 2], [3, 4, 5, 6], [7, 8]]
    assert cut.next_tokens.tolist() == np.concatenate(TEXTS).tolist()
    assert whole.n_windows(4).tolist() == [1, 1, 3]
    again = cut.cut(4)
    assert np.array_equal(again.starts, cut.starts)
    assert np.array_equal(again.n_steps, cut.n_steps)


def test_with_the_last_token_and_without_the_start(whole):
    assert pieces(whole.with_last(), whole.with_last().input_tokens)[0] == [START, 5, 6, 7]
    assert pieces(whole.without_start(), whole.without_start().input_tokens) == [text.tolist() for text in TEXTS]


@pytest.fixture
def windows():
    texts = [np.random.default_rng(i).integers(0, 9, n) for i, n in enumerate([40, 1, 7, 100] * 20)]
    return MaskedWindows(TokenWindows.from_sequences(texts, START).without_start(), MASK, 9)


def test_a_share_of_each_window_is_selected_and_nothing_else_changes(windows):
    masked, targets = windows.resample(np.random.default_rng(0), None)
    assert isinstance(masked, MaskedTokens)
    n_selected = masked.n_score_rows
    assert n_selected[:4].tolist() == [6, 1, 1, 15] == targets.lengths[:4].tolist()
    before = windows.input_tokens
    assert np.array_equal(before[masked.selected], targets.values)
    assert np.array_equal(before[~masked.selected], masked.steps[~masked.selected])


def test_each_place_is_selected_as_often_as_any_other(windows):
    often = np.mean([windows.resample(np.random.default_rng(i), None)[0].selected for i in range(100)], axis=0)
    shares = np.concatenate([np.full(n, k / n) for n, k in ((40, 6), (1, 1), (7, 1), (100, 15))] * 20)
    assert np.abs(often - shares).max() < 0.2
    assert often[shares == 0.15].mean() == pytest.approx(0.15)


def test_most_selected_tokens_are_masked_some_replaced_some_kept(windows):
    masked, targets = windows.resample(np.random.default_rng(0), None)
    replaced = masked.steps[masked.selected]
    assert (replaced == MASK).mean() == pytest.approx(0.8, abs=0.05)
    assert (replaced == targets.values).mean() == pytest.approx(0.1 + 0.1 / 9, abs=0.05)
    assert replaced[replaced != MASK].max() < 9


def test_draws_differ_and_repeat(windows):
    first, other, again = (windows.resample(np.random.default_rng(seed), None)[0] for seed in (0, 1, 0))
    assert not np.array_equal(first.selected, other.selected)
    assert np.array_equal(first.values, again.values)


def test_a_selection_of_samples_keeps_its_selected_tokens(windows):
    masked, _ = windows.resample(np.random.default_rng(0), None)
    values, batch_info = masked[np.array([2, 1])].as_batch()
    assert values.shape == batch_info.structure.shape == (2, 7)
    whole = masked.as_batch()[1].structure
    assert np.array_equal(batch_info.structure, whole[[2, 1], :7])


def test_steps_may_be_vectors():
    series = [np.eye(3, dtype=np.uint8), np.ones((1, 3), np.uint8)]
    start = np.array([0, 0, 9], np.uint8)
    windows = TokenWindows.from_sequences(series, start, np.dtype(np.float32))
    assert windows.as_batch()[0].dtype == np.float32
    assert windows.input_tokens.tolist() == [[0, 0, 9], [1, 0, 0], [0, 1, 0], [0, 0, 9]]
    np.testing.assert_array_equal(windows.next_tokens, np.concatenate(series))
    assert windows.cut(2).as_batch()[0].shape == (3, 2, 3)
    assert windows.with_last().cut(2).as_batch()[0].dtype == np.float32
