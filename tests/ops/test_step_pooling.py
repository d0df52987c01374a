import numpy as np
import pytest

from skneural.ops.step_pooling import (
    attention_pooling,
    attention_so_far,
    first_step,
    last_step,
    max_of_steps,
    mean_of_steps,
    pooled_so_far,
)
from tests.ops.differences import check_gradients_of, with_parameters

RNG = np.random.default_rng(0)
X, LENGTHS = RNG.standard_normal((4, 6, 3)), np.array([6, 1, 4, 3])
MASK = np.arange(6) < LENGTHS[:, np.newaxis]
each_mask = pytest.mark.parametrize("mask", [None, MASK], ids=["equal lengths", "unequal lengths"])
# op -> the same of one series
POOLINGS = {
    first_step: lambda series: series[0],
    last_step: lambda series: series[-1],
    mean_of_steps: lambda series: series.mean(axis=0),
    max_of_steps: lambda series: series.max(axis=0),
}
NAMES = dict(zip(POOLINGS, ("first", "last", "mean", "max"), strict=True))
ATTENTION = RNG.standard_normal((3, 5)), RNG.standard_normal(5), RNG.standard_normal(5)


@each_mask
@pytest.mark.parametrize("op", POOLINGS, ids=NAMES.get)
def test_pooling_follows_its_definition(op, mask):
    y, _ = op(X, mask)
    lengths = [6] * 4 if mask is None else LENGTHS
    expected = [POOLINGS[op](series[:n]) for series, n in zip(X, lengths, strict=True)]
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    check_gradients_of(with_parameters(lambda x: op(x, mask)), X)


@each_mask
def test_attention_follows_its_equations(mask):
    weight, bias, query = ATTENTION
    y, _, shares = attention_pooling(X, weight, bias, query, mask)
    for i, n in enumerate([6] * 4 if mask is None else LENGTHS):
        exponentials = np.exp([query @ np.tanh(step @ weight + bias) for step in X[i, :n]])
        np.testing.assert_allclose(shares[i, :n], exponentials / exponentials.sum(), rtol=1e-10)
        np.testing.assert_allclose(y[i], shares[i, :n] @ X[i, :n], rtol=1e-10)
    check_gradients_of(with_parameters(lambda *arrays: attention_pooling(*arrays, mask)), X, *ATTENTION)


@pytest.mark.parametrize("op", POOLINGS, ids=NAMES.get)
def test_pooling_step_by_step(op):
    state = None
    for t in range(6):
        y, state = pooled_so_far(NAMES[op], X[:, t], state)
        np.testing.assert_allclose(y, op(X[:, : t + 1])[0], rtol=1e-12)


def test_attention_step_by_step():
    state = None
    for t in range(6):
        y, state = attention_so_far(X[:, t], *ATTENTION, state)
        np.testing.assert_allclose(y, attention_pooling(X[:, : t + 1], *ATTENTION).y, rtol=1e-10)
