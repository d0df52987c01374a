import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import AdditiveAttention, Context, DotAttention
from skneural.testing import check_gradients
from tests.layers.cases import numbers, started

SOURCE_LENGTHS = np.array([2, 7, 1, 4])


STATES, MEMORY = numbers(4, 5, 3), numbers(4, 7, 2, seed=1)


def weights_of(layer, p):
    context = Context(batch=BatchInfo(memory_lengths=SOURCE_LENGTHS), notes={})
    y = layer.predict(p, (STATES, MEMORY), context)
    return y, context.notes["memory attention"][0]


@pytest.mark.parametrize("layer", [AdditiveAttention(3, 2, 6), DotAttention(3, 2)], ids=["additive", "products"])
def test_attention_follows_its_equations(layer):
    p = started(layer).tree
    y, weights = weights_of(layer, p)
    assert weights.shape == (4, 1, 5, 7)
    for i, n in enumerate(SOURCE_LENGTHS):
        memory = MEMORY[i, :n]
        for state, found, shares in zip(STATES[i], y[i], weights[i, 0], strict=True):
            if isinstance(layer, AdditiveAttention):
                query = state @ p["query_weight"] + p["query_bias"]
                scores = np.array([p["judge"] @ np.tanh(query + step @ p["key_weight"]) for step in memory])
            else:
                scores = memory @ p["weight"] @ state / np.sqrt(3)
            expected = np.exp(scores) / np.exp(scores).sum()
            np.testing.assert_allclose(shares[:n], expected, rtol=1e-10)
            assert (shares[n:] == 0).all()
            np.testing.assert_allclose(found, [*(expected @ memory), *state], rtol=1e-10)


def test_what_is_not_kept_is_computed_again(monkeypatch):
    layer, x = AdditiveAttention(3, 2, 6), (STATES, MEMORY)
    expected = layer.predict(started(layer).tree, x)
    monkeypatch.setattr("skneural.ops.additive_attention.MOST_KEPT", 0)
    monkeypatch.setattr("skneural.ops.additive_attention.TANH_VALUES_PER_BLOCK", 300)
    np.testing.assert_allclose(layer.predict(started(layer).tree, x), expected, rtol=1e-12)
    check_gradients(layer, x, Context(batch=BatchInfo(memory_lengths=SOURCE_LENGTHS)))
