"""Steps and energies of associative memories against weights that are multiplied out."""

import numpy as np
import pytest

from skneural.ops.hopfield import (
    asynchronous_step,
    attention_energy,
    attention_step,
    hebbian_factors,
    overlaps,
    projection_factors,
    separating_beta,
    settle,
    synchronous_step,
    two_state_energy,
)

RNG = np.random.default_rng(0)
STORED, STATES = RNG.choice([-1.0, 1.0], (5, 40)), RNG.choice([-1.0, 1.0], (8, 40))
PATTERNS, X = RNG.standard_normal((5, 4)), RNG.standard_normal((300, 4))
RULES = {"hebbian": hebbian_factors, "projection": projection_factors}
each_rule = pytest.mark.parametrize("factors", [rule(STORED) for rule in RULES.values()], ids=RULES)


def weights_of(factors):
    weights = factors @ factors.T
    np.fill_diagonal(weights, 0)
    return weights


def test_hebbian_weights_are_mean_products_of_states():
    expected = sum(np.outer(pattern, pattern) for pattern in STORED) / 40
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(weights_of(hebbian_factors(STORED)), expected, atol=1e-12)


def test_projection_leaves_the_span_of_the_patterns():
    factors = projection_factors(np.concatenate([STORED, STORED[:2]]))  # some depend on others
    assert factors.shape == (40, 5)
    np.testing.assert_allclose(factors @ (factors.T @ STORED.T), STORED.T, atol=1e-10)


@each_rule
def test_the_energy_of_two_states(factors):
    weights = weights_of(factors)
    expected = [-state @ weights @ state / 2 for state in STATES]
    np.testing.assert_allclose(two_state_energy(STATES, factors), expected, rtol=1e-10)


@each_rule
def test_all_units_at_once_take_the_sign_of_their_field(factors):
    fields = STATES @ weights_of(factors)
    expected = np.where(np.abs(fields) < 1e-10, STATES, np.sign(fields))
    np.testing.assert_array_equal(synchronous_step(factors)(STATES), expected)


@each_rule
def test_one_unit_after_another_takes_the_sign_of_its_field(factors):
    weights, expected = weights_of(factors), STATES.copy()
    for unit in np.random.RandomState(0).permutation(40):
        fields = expected @ weights[unit]
        expected[:, unit] = np.where(np.abs(fields) < 1e-10, expected[:, unit], np.sign(fields))
    np.testing.assert_array_equal(asynchronous_step(factors, np.random.RandomState(0))(STATES), expected)


def test_attention_is_a_mean_of_patterns_by_their_distance():
    distances = ((X[:, np.newaxis] - PATTERNS) ** 2).sum(axis=2)
    shares = np.exp(-0.7 * distances / 2)
    expected = shares / shares.sum(axis=1, keepdims=True) @ PATTERNS
    np.testing.assert_allclose(attention_step(PATTERNS, 0.7)(X), expected, rtol=1e-10)


def test_the_energy_of_attention_is_zero_or_more_and_never_rises():
    similarities = X @ PATTERNS.T - (PATTERNS**2).sum(axis=1) / 2
    expected = (X**2).sum(axis=1) / 2 - (np.log(np.exp(0.7 * similarities).sum(axis=1)) - np.log(5)) / 0.7
    energy = attention_energy(X, PATTERNS, 0.7)
    np.testing.assert_allclose(energy, np.maximum(expected, 0), rtol=1e-10)
    assert (attention_energy(attention_step(PATTERNS, 0.7)(X), PATTERNS, 0.7) <= energy + 1e-12).all()


def test_the_separating_beta_makes_patterns_fixed_points():
    beta = separating_beta(np.concatenate([PATTERNS, PATTERNS[:1]]))
    np.testing.assert_allclose(attention_step(PATTERNS, beta)(PATTERNS), PATTERNS, atol=1e-5)


def test_settling_leaves_rows_alone_that_have_settled():
    def step(x):
        return np.where(x > 10, -x, np.where(x < -10, -x, np.maximum(x - 1, 0)))

    x, n_alternating, n_moving = settle(np.array([[0.0], [3.0], [9.0], [20.0]]), step, 5)
    np.testing.assert_array_equal(x[:3], [[0], [0], [4]])
    assert (n_alternating, n_moving) == (1, 1)


def test_overlaps_are_cosines():
    expected = (STATES[:5] * STORED).mean(axis=1)
    np.testing.assert_allclose(overlaps(STATES[:5], STORED), expected)
    np.testing.assert_array_equal(overlaps(np.zeros((1, 3)), np.zeros((1, 3))), [1])
