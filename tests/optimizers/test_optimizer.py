"""Properties of every optimizer."""

import math

import numpy as np
import pytest

from skneural.optimizers import SOLVERS, Optimizer, make_optimizer
from skneural.testing import check_optimizer
from tests.optimizers.steps import N_WEIGHTS, walked


def made(solver, **changes):
    options = {"momentum": 0.9, "nesterov": True, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
    return make_optimizer(solver, **options | {"decay": 0.0, "n_decayed": 0} | changes)


# Naive references: one step of the papers' formulas each, on (weights, gradient, state of the reference, rate)


def heavy_ball(w, g, state, rate):
    state["v"] = 0.9 * state.get("v", 0) - rate * g
    return w + state["v"]


def nesterov(w, g, state, rate):
    state["v"] = 0.9 * state.get("v", 0) - rate * g
    return w + 0.9 * state["v"] - rate * g


def adam(w, g, state, rate, beta_1=0.9, beta_2=0.999):
    t = state["t"] = state.get("t", 0) + 1
    state["m"] = beta_1 * state.get("m", 0) + (1 - beta_1) * g
    state["v"] = beta_2 * state.get("v", 0) + (1 - beta_2) * g**2
    return w - rate * (state["m"] / (1 - beta_1**t)) / (np.sqrt(state["v"] / (1 - beta_2**t)) + 1e-8)


def rmsprop(w, g, state, rate):
    return adam(w, g, state, rate, beta_1=0.0)


def adamw(w, g, state, rate):
    decayed = np.concatenate([w[:20] * (1 - rate * 0.1), w[20:]])
    return adam(decayed, g, state, rate)


# case -> solver, its options, reference, rate that suits the badly scaled quadratic
OPTIMIZER_CASES = {
    "nesterov": ("sgd", {}, nesterov, 1e-3),
    "momentum": ("sgd", {"nesterov": False}, heavy_ball, 1e-3),
    "adam": ("adam", {}, adam, 0.1),
    "adamw": ("adamw", {"decay": 0.1, "n_decayed": 20}, adamw, 0.1),
    "rmsprop": ("rmsprop", {}, rmsprop, 0.1),
}
each_case = pytest.mark.parametrize(
    ("solver", "options", "reference", "rate"), OPTIMIZER_CASES.values(), ids=list(OPTIMIZER_CASES)
)


def test_every_solver_has_a_row():
    assert set(SOLVERS) == {solver for solver, *_ in OPTIMIZER_CASES.values()}


@each_case
def test_steps_equal_the_formulas_of_the_paper(solver, options, reference, rate, gradients):
    weights, _ = walked(made(solver, **options), gradients)
    expected, state = np.linspace(-1, 1, N_WEIGHTS), {}
    for i, gradient in enumerate(gradients):
        expected = reference(expected, gradient, state, 0.01 / (1 + 0.1 * (i % 3)))
    np.testing.assert_allclose(weights, expected, rtol=1e-12, atol=1e-12)


@each_case
def test_follows_the_contract_of_optimizers(solver, options, reference, rate):
    check_optimizer(made(solver, **options | {"decay": 0.0}), rate=rate)


@each_case
def test_block_size_does_not_matter(solver, options, reference, rate, gradients, monkeypatch):
    expected, _ = walked(made(solver, **options), gradients)
    monkeypatch.setattr("skneural.optimizers.optimizer.WEIGHTS_PER_BLOCK", 7)
    in_blocks, _ = walked(made(solver, **options), gradients)
    np.testing.assert_array_equal(in_blocks, expected)


@each_case
def test_only_adamw_decays_and_only_the_first_weights(solver, options, reference, rate):
    still = np.zeros((5, N_WEIGHTS))
    weights, _ = walked(made(solver, decay=0.5, n_decayed=20), still)
    start = np.linspace(-1, 1, N_WEIGHTS)
    if solver == "adamw":
        shares = [1 - 0.5 * 0.01 / (1 + 0.1 * (i % 3)) for i in range(5)]
        np.testing.assert_allclose(weights[:20], start[:20] * math.prod(shares), rtol=1e-12)
        start[:20] = weights[:20]
    np.testing.assert_array_equal(weights, start)


def test_the_base_optimizer_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="must define update"):
        Optimizer().update(np.zeros(1), np.zeros(1), {}, 0.1)


@each_case
def test_drift_equals_steps_without_a_gradient(solver, options, reference, rate, gradients):
    optimizer = made(solver, **options | {"n_decayed": N_WEIGHTS}, epsilon=1e-300)
    n_without = np.array([0, 1, 5, 20])
    drift = optimizer.drift(20)
    start, state = walked(optimizer, gradients)
    before = [start, *(state[name] for name in optimizer.moments)]
    rows = [np.tile(array, (4, 1)) for array in before]
    for step in range(1, 21):
        drift.advance(optimizer.step(state, 0.01 * step, np.float64))
    drift.apply(20 - n_without, optimizer.decays(N_WEIGHTS), *rows)
    for row, n in enumerate(n_without):
        weights, *moments = (array.copy() for array in before)
        state = dict(zip(optimizer.moments, moments, strict=True), n_steps=50 - n)
        for step in range(21 - n, 21):
            optimizer.update(weights, np.zeros(N_WEIGHTS), state, 0.01 * step)
        for actual, expected in zip(rows, (weights, *moments), strict=True):
            np.testing.assert_allclose(actual[row], expected, rtol=1e-10)


def test_a_second_moment_that_decays_faster_has_no_drift():
    assert made("adam", beta_1=0.9, beta_2=0.8).drift(10) is None
    assert made("rmsprop", beta_2=0.0).drift(10) is None
