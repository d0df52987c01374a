import copy
import math
import pickle

import numpy as np
import pytest

from skneural.optimizers import SCHEDULES, SGD, SOLVERS, Adam, Averaging, Optimizer, Schedule, make_optimizer


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
N_WEIGHTS = 50


@pytest.fixture
def gradients():
    rng = np.random.default_rng(0)
    return rng.standard_normal((30, N_WEIGHTS)) * np.geomspace(1e-3, 1e3, N_WEIGHTS)


def walked(optimizer, gradients, state=None, start=None, rate=0.01):
    """Weights and state after a step along each gradient."""
    weights = np.linspace(-1, 1, gradients.shape[1]).astype(gradients.dtype) if start is None else start.copy()
    state = optimizer.start(weights) if state is None else state
    for i, gradient in enumerate(gradients):
        optimizer.update(weights, gradient.copy(), state, rate / (1 + 0.1 * (i % 3)))
    return weights, state


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
def test_reaches_the_minimum_of_a_badly_scaled_quadratic(solver, options, reference, rate):
    curvature, minimum = np.geomspace(1, 1e3, 8), np.linspace(-2, 2, 8)
    optimizer, weights = made(solver, **options | {"decay": 0.0}), np.zeros(8)
    state, n_steps = optimizer.start(weights), 3000
    for step in range(n_steps):
        factor = 0.5 * (1 + math.cos(math.pi * step / n_steps))
        optimizer.update(weights, curvature * (weights - minimum), state, rate * factor)
    np.testing.assert_allclose(weights, minimum, atol=1e-4)


@each_case
def test_block_size_does_not_matter(solver, options, reference, rate, gradients, monkeypatch):
    whole, _ = walked(made(solver, **options), gradients)
    monkeypatch.setattr("skneural.optimizers.optimizer.BLOCK", 7)
    in_blocks, _ = walked(made(solver, **options), gradients)
    np.testing.assert_array_equal(in_blocks, whole)


@each_case
@pytest.mark.parametrize(
    "keep", [copy.deepcopy, lambda state: pickle.loads(pickle.dumps(state))], ids=["copy", "pickle"]
)
def test_resumed_state_goes_on_to_the_bit(solver, options, reference, rate, gradients, keep):
    optimizer = made(solver, **options)
    expected, _ = walked(optimizer, gradients)
    halfway, state = walked(optimizer, gradients[:15])
    weights, _ = walked(optimizer, gradients[15:], keep(state), halfway)
    np.testing.assert_array_equal(weights, expected)


@each_case
def test_float32_stays(solver, options, reference, rate, gradients):
    exact, _ = walked(made(solver, **options), gradients)
    weights, state = walked(made(solver, **options), gradients.astype(np.float32))
    assert weights.dtype == np.float32
    assert all(array.dtype == np.float32 for array in state.values() if isinstance(array, np.ndarray))
    np.testing.assert_allclose(weights, exact, rtol=1e-3, atol=1e-3)


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


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_without_momentum_is_gradient_descent(nesterov, gradients):
    weights, _ = walked(SGD(0.0, nesterov), gradients[:1])
    np.testing.assert_allclose(weights, np.linspace(-1, 1, N_WEIGHTS) - 0.01 * gradients[0], rtol=1e-12)


def test_the_first_adam_step_is_as_long_as_the_rate_whatever_the_gradient():
    gradients = np.array([[1e-3, -1.0, 1e6]])
    weights, _ = walked(Adam(), gradients, start=np.zeros(3))
    np.testing.assert_allclose(weights, [-0.01, 0.01, -0.01], rtol=1e-4)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_an_average_follows_the_weights_and_changes_nothing_about_them(decay, gradients):
    optimizer, weights = Averaging(Adam(), decay), np.linspace(-1, 1, N_WEIGHTS)
    plain, average = weights.copy(), weights.copy()
    state, plain_state = optimizer.start(weights), Adam().start(weights)
    for n, gradient in enumerate(gradients, start=1):
        optimizer.exchange(weights, state)
        np.testing.assert_allclose(weights, average, rtol=1e-12)
        optimizer.exchange(weights, state)
        optimizer.update(weights, gradient.copy(), state, 0.01)
        Adam().update(plain, gradient.copy(), plain_state, 0.01)
        keep = min(decay, (1 + n) / (10 + n))
        average = keep * average + (1 - keep) * plain
    np.testing.assert_array_equal(weights, plain)


def test_the_base_optimizer_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="must define update"):
        Optimizer().update(np.zeros(1), np.zeros(1), {}, 0.1)


# schedule -> (fraction of training, rows seen, plateaus) -> factor
SCHEDULE_CASES = {
    "constant": {(0.0, 0, 0): 1.0, (0.5, 1000, 2): 1.0, (1.0, 9999, 5): 1.0},
    "invscaling": {(0.0, 0, 0): 1.0, (0.5, 99, 0): 0.1, (1.0, 9999, 3): 0.01},
    "adaptive": {(0.0, 0, 0): 1.0, (0.5, 100, 1): 0.2, (1.0, 100, 3): 0.008},
    "cosine": {(0.0, 0, 0): 1.0, (0.25, 1, 1): 0.5 + math.sqrt(0.125), (0.5, 100, 0): 0.5, (1.0, 100, 0): 0.0},
    "one_cycle": {(0.0, 0, 0): 0.04, (0.15, 9, 1): 0.52, (0.3, 9, 0): 1.0, (0.65, 9, 0): 0.500005, (1.0, 9, 0): 1e-5},
}


def test_every_schedule_has_a_row():
    assert set(SCHEDULE_CASES) == set(SCHEDULES)


@pytest.mark.parametrize("name", SCHEDULE_CASES)
def test_schedule_values(name):
    for moment, factor in SCHEDULE_CASES[name].items():
        assert Schedule(name, 0.3).rate(*moment) == pytest.approx(0.3 * factor, abs=1e-12)


@pytest.mark.parametrize("name", SCHEDULE_CASES)
def test_warmup_rises_along_a_straight_line_to_the_schedule(name):
    schedule, plain = Schedule(name, 0.3, warmup=0.2), Schedule(name, 0.3)
    for fraction, share in [(0.0, 0.0), (0.05, 0.25), (0.1, 0.5), (0.2, 1.0), (0.7, 1.0), (1.0, 1.0)]:
        assert schedule.rate(fraction, 50, 1) == pytest.approx(share * plain.rate(fraction, 50, 1), abs=1e-12)


@pytest.mark.parametrize("warmup", [0.0, 0.2])
@pytest.mark.parametrize("name", SCHEDULE_CASES)
def test_a_schedule_says_whether_it_changes_within_an_epoch(name, warmup):
    schedule = Schedule(name, 1.0, warmup=warmup)
    changes = len({schedule.rate(fraction, 10, 1) for fraction in (0.1, 0.4, 0.6)}) > 1
    assert schedule.changes_within_epoch == changes


def test_power_t_is_the_exponent_of_invscaling():
    assert Schedule("invscaling", 2.0, power_t=0.25).rate(0.0, 15, 0) == pytest.approx(1.0)


def test_only_adaptive_outlives_plateaus_until_its_rate_is_tiny():
    assert [Schedule("adaptive", 1e-3).outlives_plateau(n) for n in range(7)] == [True] * 5 + [False] * 2
    for name in set(SCHEDULE_CASES) - {"adaptive"}:
        assert not Schedule(name, 1e-3).outlives_plateau(0)
