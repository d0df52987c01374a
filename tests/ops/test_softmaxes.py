"""The softmax of every op that has one: scores of any size, in both precisions, forward and backward."""

import numpy as np
import pytest
from scipy import special

from skneural.losses import LINKS
from skneural.ops.additive_attention import additive_attend
from skneural.ops.attention import attend
from skneural.ops.graph import edge_softmax
from skneural.ops.hopfield import attention_step
from skneural.ops.members import average_members
from skneural.ops.softmax import softmax, softmax_and_log_sum
from skneural.ops.step_pooling import attention_pooling, attention_so_far

N = 4
SCORES = np.array([0.5, -1.0, 2.0, 1.25])
# Fractions of powers of two, which both precisions hold after a shift by -200 or 800.
ROWS = {
    "around 0": SCORES,
    "around -200": SCORES - 200,
    "around 800": SCORES + 800,
    "far apart": np.array([0.0, -200.0, 800.0, 799.5]),
}
EQUAL_STEPS = 50.0 * np.eye(N)  # whose tanh is the unit matrix


def of_attention(block_size):
    """Keys and values are unit vectors, and there is the same query twice."""

    def shares_and_gradient(scores, d_shares):
        q, unit = np.stack([scores, scores])[np.newaxis, np.newaxis] * 2, np.eye(N, dtype=scores.dtype)
        attended = attend(q, unit[np.newaxis, np.newaxis], unit[np.newaxis, np.newaxis], block_size=block_size)
        dq, dk, dv = (np.full(shape, np.nan, scores.dtype) for shape in (q.shape, (1, 1, N, N), (1, 1, N, N)))
        attended.vjp(np.stack([d_shares, d_shares])[np.newaxis], dq, dk, dv)
        np.testing.assert_array_equal(attended.weights()[0, 0], attended.y[0])
        return attended.y[0, 1], 2 * dq[0, 0, 1]

    return shares_and_gradient


def of_edges(scores, d_shares):
    """Edges of one of two nodes."""
    others = np.zeros(2, scores.dtype)
    shares, vjp = edge_softmax(np.concatenate([scores, others]), np.array([0, N, N + 2]))
    return shares[:N], vjp(np.concatenate([d_shares, others]))[:N]


def of_additive_attention(scores, d_shares):
    keys, queries = EQUAL_STEPS[np.newaxis].astype(scores.dtype), np.zeros((1, 1, N), scores.dtype)
    y, vjp, _ = additive_attend(queries, keys, scores, np.eye(N, dtype=scores.dtype)[np.newaxis])
    d_judge = np.full_like(scores, np.nan)
    vjp(d_shares[np.newaxis, np.newaxis], d_judge)
    return y[0, 0], d_judge


def of_attention_pooling(scores, d_shares):
    weight, unit = EQUAL_STEPS.astype(scores.dtype), np.eye(N, dtype=scores.dtype)
    y, vjp, _ = attention_pooling(unit[np.newaxis], weight, np.zeros_like(scores), scores)
    d_weight, d_bias, d_query = np.empty_like(weight), np.empty_like(scores), np.full_like(scores, np.nan)
    vjp(d_shares[np.newaxis], d_weight, d_bias, d_query)
    return y[0], d_query


def of_attention_so_far(scores, d_shares):
    y, state = None, None
    for step in np.eye(N, dtype=scores.dtype):
        arguments = EQUAL_STEPS.astype(scores.dtype), np.zeros_like(scores), scores
        y, state = attention_so_far(step[np.newaxis], *arguments, state)
    return y[0], None


def of_members(scores, d_shares):
    logarithms, vjp = average_members(scores[np.newaxis, np.newaxis], "softmax")
    shares = np.exp(logarithms[0])
    return shares, vjp((d_shares * shares)[np.newaxis])[0, 0]


# Op -> a function of scores (n,) and the gradient of their shares, to the shares and the gradient of the scores.
SOFTMAXES = {
    "softmax": lambda scores, _: (softmax(scores), None),
    "softmax with its logarithm": lambda scores, _: (softmax_and_log_sum(scores[np.newaxis])[0][0], None),
    "link": lambda scores, _: (LINKS["softmax"](scores[np.newaxis])[0], None),
    "attention": of_attention(100),
    "attention in blocks": of_attention(1),
    "additive attention": of_additive_attention,
    "pooling": of_attention_pooling,
    "pooling step by step": of_attention_so_far,
    "edges": of_edges,
    "members": of_members,
    "recall": lambda scores, _: (attention_step(np.eye(N), 1.0)(scores[np.newaxis] + 0.5)[0], None),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scores", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("function", SOFTMAXES.values(), ids=SOFTMAXES)
def test_shares_and_gradients_are_those_of_scipy(function, scores, dtype):
    d_shares = np.random.default_rng(0).standard_normal(N)
    shares, d_scores = function(scores.astype(dtype), d_shares.astype(dtype))
    expected = special.softmax(scores)
    tolerance = {"rtol": 1e-12, "atol": 1e-13} if dtype == np.float64 else {"rtol": 2e-4, "atol": 1e-7}
    np.testing.assert_allclose(shares, expected, **tolerance)
    if d_scores is not None:
        np.testing.assert_allclose(d_scores, expected * (d_shares - expected @ d_shares), **tolerance)
