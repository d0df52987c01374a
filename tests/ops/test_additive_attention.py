import numpy as np
import pytest

from skneural.ops import additive_attention
from skneural.ops.additive_attention import additive_attend
from tests.ops.differences import check_gradients_of

RNG = np.random.default_rng(0)
QUERIES, KEYS, JUDGE = RNG.standard_normal((3, 5, 4)), RNG.standard_normal((3, 6, 4)), RNG.standard_normal(4)
MEMORY = RNG.standard_normal((3, 6, 2))
MASK = np.arange(6) < np.array([[6], [1], [4]])
each_mask = pytest.mark.parametrize("mask", [None, MASK], ids=["equal lengths", "unequal lengths"])


@each_mask
def test_it_follows_its_equations(mask):
    """Bahdanau, Cho and Bengio (2015), query by query."""
    attended = additive_attend(QUERIES, KEYS, JUDGE, MEMORY, mask)
    for i in range(3):
        n = 6 if mask is None else mask[i].sum()
        for query, y, weights in zip(QUERIES[i], attended.y[i], attended.weights[i], strict=True):
            exponentials = np.exp([JUDGE @ np.tanh(query + key) for key in KEYS[i, :n]])
            np.testing.assert_allclose(weights[:n], exponentials / exponentials.sum(), rtol=1e-10)
            np.testing.assert_array_equal(weights[n:], 0)
            np.testing.assert_allclose(y, weights[:n] @ MEMORY[i, :n], rtol=1e-10)


@each_mask
def test_gradients(mask):
    def function(queries, keys, memory, judge):
        y, vjp, _ = additive_attend(queries, keys, judge, memory, mask)
        d_judge = np.full_like(judge, np.nan)
        return y, lambda dy: [*vjp(dy, d_judge), d_judge]

    check_gradients_of(function, QUERIES, KEYS, MEMORY, JUDGE)


@pytest.mark.parametrize(("most_kept", "block"), [(0, 1), (0, 250), (1 << 24, 1)])
def test_blocks_and_what_is_kept_change_nothing(most_kept, block, monkeypatch):
    def both_ways():
        y, vjp, weights = additive_attend(QUERIES, KEYS, JUDGE, MEMORY, MASK)
        d_judge = np.full_like(JUDGE, np.nan)
        return [y, weights, *vjp(np.ones_like(y), d_judge), d_judge]

    expected = both_ways()
    monkeypatch.setattr(additive_attention, "MOST_KEPT", most_kept)
    monkeypatch.setattr(additive_attention, "TANH_VALUES_PER_BLOCK", block)
    for found, whole in zip(both_ways(), expected, strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-10, atol=1e-12)
