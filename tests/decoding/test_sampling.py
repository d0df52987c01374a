"""Tokens drawn one by one."""

import numpy as np
import pytest

from skneural.decoding import Draw, continued
from skneural.networks.language import LANGUAGE_ARCHITECTURES, language_network
from skneural.parameters import Layout
from skneural.testing.gradient_check import random_start

SCORES = np.array([0.0, 2.0, 1.0, -1.0], dtype=np.float32)
GREEDY = Draw(temperature=0)


def drawn(draw, n=2000):
    rng = np.random.default_rng(0)
    return np.bincount([draw(SCORES, rng) for _ in range(n)], minlength=4) / n


def test_tokens_are_as_frequent_as_they_are_likely():
    likely = np.exp(SCORES) / np.exp(SCORES).sum()
    np.testing.assert_allclose(drawn(Draw()), likely, atol=0.03)
    np.testing.assert_allclose(drawn(Draw(temperature=1e9)), 0.25, atol=0.03)
    np.testing.assert_allclose(drawn(Draw(top_k=99)), likely, atol=0.03)


def test_the_most_likely_ones_only():
    assert drawn(GREEDY).tolist() == drawn(Draw(temperature=1e-9)).tolist() == [0, 1, 0, 0]
    assert drawn(Draw(top_k=1)).tolist() == [0, 1, 0, 0]
    two = drawn(Draw(top_k=2))
    assert two[0] == two[3] == 0
    assert two[1] == pytest.approx(1 / (1 + np.exp(-1)), abs=0.03)


def test_what_is_forbidden_is_never_drawn():
    assert drawn(Draw(forbidden=(1,)))[1] == 0
    assert drawn(Draw(temperature=0, forbidden=(1, 2))).tolist() == [1, 0, 0, 0]
    assert drawn(Draw(top_k=1, forbidden=(1,))).tolist() == [0, 0, 1, 0]


def network(architecture="transformer", positional="learned"):
    layer = language_network(
        9, 2, architecture, "causal", 8, 2, feedforward_size=8, positional=positional, context_length=6
    )
    layout = Layout(layer.parameters())
    return layer, layout.views(*random_start(layout, np.random.default_rng(0), np.float64))


def uncached(layer, tree, tokens, n_tokens, longest=None):
    """The same by a whole pass for each token."""
    text = list(tokens)
    first = 0 if longest is None else max(0, len(text) - longest)
    for _ in range(n_tokens):
        if longest is not None and len(text) - first > longest:
            first = len(text) - longest // 2
        text.append(int(layer.predict(tree, np.array([text[first:]]))[-1].argmax()))
    return text[len(tokens) :]


@pytest.mark.parametrize("architecture", LANGUAGE_ARCHITECTURES)
def test_what_is_kept_changes_nothing(architecture):
    layer, tree = network(architecture, "rotary")
    rng = np.random.default_rng(0)
    assert continued(layer, tree, [9, 3, 1], 20, GREEDY, rng) == uncached(layer, tree, [9, 3, 1], 20)
    assert continued(layer, tree, [9], 1, GREEDY, rng) == uncached(layer, tree, [9], 1)


@pytest.mark.parametrize("prompt", [[9], [9, 1, 2, 3, 4, 5], [9, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2]])
@pytest.mark.parametrize("longest", [6, 2])
def test_beyond_the_longest_window_it_begins_again_with_its_last_half(prompt, longest):
    layer, tree = network()
    rng = np.random.default_rng(0)
    found = continued(layer, tree, prompt, 30, GREEDY, rng, longest)
    assert found == uncached(layer, tree, prompt, 30, longest)
    assert len(found) == 30


def test_of_a_long_beginning_the_last_tokens_are_seen():
    layer, tree = network()
    rng = np.random.default_rng(0)
    shorter, longer = [1, 2, 3, 4, 5, 6], [7, 8, 1, 2, 3, 4, 5, 6]
    assert continued(layer, tree, longer, 1, GREEDY, rng, 6) == continued(layer, tree, shorter, 1, GREEDY, rng, 6)


def test_a_window_of_one_token():
    layer, tree = network()
    assert len(continued(layer, tree, [1, 2], 5, GREEDY, np.random.default_rng(0), 1)) == 5
