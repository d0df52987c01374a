"""Optimizers with another step size for some of the weights."""

import numpy as np
import pytest

from skneural.optimizers import SGD, Adam, ScaledSteps

OPTIMIZERS = {"sgd": SGD(0.9), "adam": Adam(), "adamw": Adam(decay=0.1, n_decayed=6)}
PARTS = ((0, 3), (5, 8))


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_parts_have_another_rate(optimizer):
    chosen = np.zeros(10, bool)
    for start, stop in PARTS:
        chosen[start:stop] = True
    scaled = ScaledSteps(optimizer, 0.25, PARTS)
    results = {}
    for name, each, rate in (("slow", optimizer, 0.0025), ("usual", optimizer, 0.01), ("both", scaled, 0.01)):
        rng, weights = np.random.default_rng(0), np.linspace(-1, 1, 10)
        state = each.start(weights)
        for _ in range(4):
            each.update(weights, rng.normal(size=10), state, rate)
        results[name] = weights
    np.testing.assert_array_equal(results["both"][~chosen], results["usual"][~chosen])
    np.testing.assert_allclose(results["both"][chosen], results["slow"][chosen], rtol=1e-12)
    assert not np.isclose(results["both"][chosen], results["usual"][chosen]).any()
