"""Greedy and beam search over a decoder whose scores are known."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from skneural.decoding import DecodingOptions, beam_search, greedy_search
from skneural.layers import Layer

N_TOKENS, END, START = 4, 4, 5
N_SAMPLES = 7


@dataclass(frozen=True)
class Chances(Layer):
    """Fixed random scores by sample, step and previous token."""

    seed: int = 0

    def step(self, p, x, state=None):
        _, tokens = x
        samples, step = state
        return p[samples, step, tokens], (samples, step + 1)


def scores_of(seed, n_steps=5):
    return 2 * np.random.default_rng(seed).standard_normal((N_SAMPLES, n_steps, N_TOKENS + 2, N_TOKENS + 1))


def first(n=N_SAMPLES):
    return np.arange(n), 0


def mean_log_likelihood(scores, tokens, max_length):
    """Mean over the tokens and, unless the maximum length is reached, the end token."""
    before, terms = START, []
    for step, token in enumerate([*tokens, END][:max_length]):
        row = scores[step, before]
        terms.append(row[token] - np.log(np.exp(row).sum()))
        before = token
    return np.mean(terms)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("forbidden", [(), (0,), (0, 2)])
def test_a_beam_of_one_is_greedy(seed, forbidden):
    options, p = DecodingOptions(START, END, 5, forbidden), scores_of(seed)
    greedy = greedy_search(Chances(), p, first(), N_SAMPLES, options)
    beam = beam_search(Chances(), p, first(), N_SAMPLES, options, 1)
    for greedy_tokens, beam_tokens in zip(greedy, beam, strict=True):
        np.testing.assert_array_equal(greedy_tokens, beam_tokens)
    assert not np.isin(np.concatenate(greedy), [*forbidden, END, START]).any()


def test_greedy_takes_the_best_token_at_each_step():
    p = scores_of(0)
    decoded = greedy_search(Chances(), p, first(), N_SAMPLES, DecodingOptions(START, END, 5))
    for scores, tokens in zip(p, decoded, strict=True):
        before = START
        for step, token in enumerate([*tokens, END][:5]):
            assert token == scores[step, before].argmax()
            before = token


@pytest.mark.parametrize("seed", range(3))
def test_a_beam_as_wide_as_all_sequences_finds_the_best(seed):
    max_length, p = 3, scores_of(seed)
    decoded = beam_search(Chances(), p, first(), N_SAMPLES, DecodingOptions(START, END, max_length), 1000)
    every = [tokens for n in range(max_length + 1) for tokens in itertools.product(range(N_TOKENS), repeat=n)]
    for scores, tokens in zip(p, decoded, strict=True):
        best = max(every, key=lambda tokens: mean_log_likelihood(scores, tokens, max_length))
        np.testing.assert_array_equal(tokens, best)


def test_wider_beams_find_what_is_more_likely():
    p, options = scores_of(1), DecodingOptions(START, END, 5)
    means = []
    for width in (1, 5, 400):
        decoded = beam_search(Chances(), p, first(), N_SAMPLES, options, width)
        means.append(np.mean([mean_log_likelihood(s, t, 5) for s, t in zip(p, decoded, strict=True)]))
    assert means == sorted(means)


@pytest.mark.parametrize("search", [greedy_search, lambda *arguments: beam_search(*arguments, 3)])
def test_samples_are_decoded_alone_as_in_a_batch(search):
    p, options = scores_of(2), DecodingOptions(START, END, 5)
    together = search(Chances(), p, first(), N_SAMPLES, options)
    for i, tokens in enumerate(together):
        (alone,) = search(Chances(), p[i : i + 1], first(1), 1, options)
        np.testing.assert_array_equal(alone, tokens)


def test_a_sequence_that_never_ends_is_cut():
    p = scores_of(0)
    p[..., END] = -100
    for width in (1, 3):
        assert [
            len(tokens) for tokens in beam_search(Chances(), p, first(), 7, DecodingOptions(START, END, 4), width)
        ] == [4] * 7


@dataclass(frozen=True)
class SameScores(Layer):
    """The same array of scores at each step, as a network may return a view of its parameters."""

    def step(self, p, x, state=None):
        return p[: len(x[1])], state

    def select_state(self, state, rows):
        return state


@pytest.mark.parametrize("search", [greedy_search, lambda *arguments: beam_search(*arguments, 2)])
def test_scores_are_only_borrowed(search):
    scores = np.random.default_rng(0).standard_normal((4 * N_SAMPLES, N_TOKENS + 1))
    before = scores.copy()
    search(SameScores(), scores, None, N_SAMPLES, DecodingOptions(START, END, 3, (0, 2)))
    np.testing.assert_array_equal(scores, before)
