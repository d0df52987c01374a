"""Greedy and beam search over a decoder whose scores are known."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from skneural.decoding import Ends, beam_search, greedy_search
from skneural.layers import Layer

N_TOKENS, END, START = 4, 4, 5
N_SAMPLES = 7


@dataclass(frozen=True)
class Chances(Layer):
    """Raw scores by sample, step and the token before, drawn at random once for all."""

    seed: int = 0

    def step(self, p, x, state=None):
        _, tokens = x
        samples, step = state
        return p[samples, step, tokens], (samples, step + 1)


def scores_of(seed, n_steps=5):
    return 2 * np.random.default_rng(seed).standard_normal((N_SAMPLES, n_steps, N_TOKENS + 2, N_TOKENS + 1))


def first(n=N_SAMPLES):
    return np.arange(n), 0


def mean_log_likelihood(scores, tokens, most):
    """Of the tokens and, unless there is no step left for it, the end."""
    before, terms = START, []
    for step, token in enumerate([*tokens, END][:most]):
        row = scores[step, before]
        terms.append(row[token] - np.log(np.exp(row).sum()))
        before = token
    return np.mean(terms)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("never", [(), (0,), (0, 2)])
def test_a_beam_of_one_is_greedy(seed, never):
    ends, p = Ends(START, END, 5, never), scores_of(seed)
    greedy = greedy_search(Chances(), p, first(), N_SAMPLES, ends)
    beam = beam_search(Chances(), p, first(), N_SAMPLES, ends, 1)
    for one, other in zip(greedy, beam, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.isin(np.concatenate(greedy), [*never, END, START]).any()


def test_greedy_takes_the_best_token_at_each_step():
    p = scores_of(0)
    found = greedy_search(Chances(), p, first(), N_SAMPLES, Ends(START, END, 5))
    for scores, tokens in zip(p, found, strict=True):
        before = START
        for step, token in enumerate([*tokens, END][:5]):
            assert token == scores[step, before].argmax()
            before = token


@pytest.mark.parametrize("seed", range(3))
def test_a_beam_as_wide_as_all_sequences_finds_the_best(seed):
    most, p = 3, scores_of(seed)
    found = beam_search(Chances(), p, first(), N_SAMPLES, Ends(START, END, most), 1000)
    every = [tokens for n in range(most + 1) for tokens in itertools.product(range(N_TOKENS), repeat=n)]
    for scores, tokens in zip(p, found, strict=True):
        best = max(every, key=lambda one: mean_log_likelihood(scores, one, most))
        np.testing.assert_array_equal(tokens, best)


def test_wider_beams_find_what_is_more_likely():
    p, ends = scores_of(1), Ends(START, END, 5)
    means = []
    for width in (1, 5, 400):
        found = beam_search(Chances(), p, first(), N_SAMPLES, ends, width)
        means.append(np.mean([mean_log_likelihood(s, t, 5) for s, t in zip(p, found, strict=True)]))
    assert means == sorted(means)


@pytest.mark.parametrize("search", [greedy_search, lambda *given: beam_search(*given, 3)])
def test_samples_are_found_alone_as_among_others(search):
    p, ends = scores_of(2), Ends(START, END, 5)
    together = search(Chances(), p, first(), N_SAMPLES, ends)
    for i, tokens in enumerate(together):
        (alone,) = search(Chances(), p[i : i + 1], first(1), 1, ends)
        np.testing.assert_array_equal(alone, tokens)


def test_a_sequence_that_never_ends_is_cut():
    p = scores_of(0)
    p[..., END] = -100
    for width in (1, 3):
        assert [len(tokens) for tokens in beam_search(Chances(), p, first(), 7, Ends(START, END, 4), width)] == [4] * 7
