"""Autoregressive sampling of tokens."""

from itertools import pairwise

import numpy as np
import pytest

from skneural.decoding import SetSampler, TokenSampler, generate_tokens
from skneural.networks.language import LANGUAGE_ARCHITECTURES
from skneural.parameters import Layout
from skneural.testing.gradient_check import random_start
from tests.networks.defaults import language_network

SCORES = np.array([0.0, 2.0, 1.0, -1.0], dtype=np.float32)
GREEDY = TokenSampler(temperature=0)


def frequencies(sampler, n=2000):
    rng = np.random.default_rng(0)
    return np.bincount([sampler(SCORES, rng) for _ in range(n)], minlength=4) / n


def test_tokens_are_as_frequent_as_they_are_likely():
    likely = np.exp(SCORES) / np.exp(SCORES).sum()
    np.testing.assert_allclose(frequencies(TokenSampler()), likely, atol=0.03)
    np.testing.assert_allclose(frequencies(TokenSampler(temperature=1e9)), 0.25, atol=0.03)
    np.testing.assert_allclose(frequencies(TokenSampler(top_k=99)), likely, atol=0.03)


def test_the_most_likely_ones_only():
    assert frequencies(GREEDY).tolist() == frequencies(TokenSampler(temperature=1e-9)).tolist() == [0, 1, 0, 0]
    assert frequencies(TokenSampler(top_k=1)).tolist() == [0, 1, 0, 0]
    two = frequencies(TokenSampler(top_k=2))
    assert two[0] == two[3] == 0
    assert two[1] == pytest.approx(1 / (1 + np.exp(-1)), abs=0.03)


@pytest.mark.parametrize("top_k", [1, 2, 3])
def test_of_equally_likely_tokens_the_first_are_among_the_most_likely(top_k):
    rng, equal = np.random.default_rng(0), np.array([0.0, 3, 3, 3, 3], dtype=np.float32)
    drawn = {TokenSampler(top_k=top_k)(equal, rng) for _ in range(100)}
    assert drawn == set(range(1, 1 + top_k))


def test_forbidden_tokens_are_never_sampled():
    assert frequencies(TokenSampler(forbidden=(1,)))[1] == 0
    assert frequencies(TokenSampler(temperature=0, forbidden=(1, 2))).tolist() == [1, 0, 0, 0]
    assert frequencies(TokenSampler(top_k=1, forbidden=(1,))).tolist() == [0, 0, 1, 0]


def network(architecture="transformer", positional="learned"):
    layer = language_network(
        9, 2, architecture, "causal", 8, 2, feedforward_size=8, positional=positional, context_length=6
    )
    layout = Layout(layer.parameters())
    return layer, layout.views(*random_start(layout, np.random.default_rng(0), np.float64))


def uncached(layer, tree, tokens, n_tokens, context_length=None):
    """The same tokens by a forward pass over the context for each."""
    text = list(tokens)
    first = 0 if context_length is None else max(0, len(text) - context_length)
    for _ in range(n_tokens):
        if context_length is not None and len(text) - first > context_length:
            first = len(text) - context_length // 2
        text.append(int(layer.predict(tree, np.array([text[first:]]))[-1].argmax()))
    return text[len(tokens) :]


@pytest.mark.parametrize("architecture", LANGUAGE_ARCHITECTURES)
def test_keeping_the_state_changes_nothing(architecture):
    layer, tree = network(architecture, "rotary")
    rng = np.random.default_rng(0)
    assert generate_tokens(layer, tree, [9, 3, 1], 20, GREEDY, rng) == uncached(layer, tree, [9, 3, 1], 20)
    assert generate_tokens(layer, tree, [9], 1, GREEDY, rng) == uncached(layer, tree, [9], 1)


@pytest.mark.parametrize("prompt", [[9], [9, 1, 2, 3, 4, 5], [9, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2]])
@pytest.mark.parametrize("context_length", [6, 2])
def test_beyond_the_context_length_it_restarts_with_the_last_half(prompt, context_length):
    layer, tree = network()
    rng = np.random.default_rng(0)
    generated = generate_tokens(layer, tree, prompt, 30, GREEDY, rng, context_length)
    assert generated == uncached(layer, tree, prompt, 30, context_length)
    assert len(generated) == 30


def test_of_a_long_prompt_the_last_tokens_are_used():
    layer, tree = network()
    rng = np.random.default_rng(0)
    shorter, longer = [1, 2, 3, 4, 5, 6], [7, 8, 1, 2, 3, 4, 5, 6]
    assert generate_tokens(layer, tree, longer, 1, GREEDY, rng, 6) == generate_tokens(
        layer, tree, shorter, 1, GREEDY, rng, 6
    )


def test_a_window_of_one_token():
    layer, tree = network()
    assert len(generate_tokens(layer, tree, [1, 2], 5, GREEDY, np.random.default_rng(0), 1)) == 5


class Recorder:
    """A network that records the tokens that it is given since its state was last renewed."""

    def __init__(self):
        self.runs = []

    def step(self, tree, tokens, state):
        if state is None:
            self.runs.append([])
        self.runs[-1].append(int(tokens[0]))
        scores = np.zeros((1, 50))
        scores[0, tokens[0] + 1] = 1.0  # the next number
        return scores, "state"


@pytest.mark.parametrize("context_length", [1, 2, 5, 6])
@pytest.mark.parametrize("n_prompt", [1, 4, 6, 9])
def test_the_whole_context_is_used_before_it_restarts(context_length, n_prompt):
    network, prompt = Recorder(), list(range(n_prompt))
    generated = generate_tokens(network, {}, prompt, 30, GREEDY, np.random.default_rng(0), context_length)
    assert generated == list(range(n_prompt, n_prompt + 30))
    assert all(len(run) == context_length for run in network.runs[:-1])
    assert len(network.runs[-1]) <= context_length
    kept = max(context_length // 2, 1)
    assert network.runs[0][0] == max(0, n_prompt - context_length)
    assert all(
        run[:kept] == before[-kept + 1 :] * (kept > 1) + [before[-1] + 1] for before, run in pairwise(network.runs)
    )


def test_classes_of_sets_are_drawn_independently():
    rng, likely = np.random.default_rng(0), 1 / (1 + np.exp(-SCORES))
    drawn = np.stack([SetSampler()(SCORES, rng) for _ in range(3000)])
    np.testing.assert_allclose(drawn.mean(axis=0), likely, atol=0.03)
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.eye(4), atol=0.06)
    cold = np.stack([SetSampler(temperature=0.5)(SCORES, rng) for _ in range(3000)])
    np.testing.assert_allclose(cold.mean(axis=0), 1 / (1 + np.exp(-2 * SCORES)), atol=0.03)


def test_classes_that_are_likelier_than_not():
    assert SetSampler(temperature=0, n_special=2)(SCORES, None).tolist() == [0, 1, 1, 0, 0, 0]
    assert SetSampler(temperature=0, top_k=1)(SCORES, None).tolist() == [0, 1, 0, 0]
    assert SetSampler().__call__(SCORES, np.random.default_rng(0)).dtype == np.float32
