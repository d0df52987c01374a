import numpy as np
import pytest

from skneural.symbolic import Fit, Formula
from skneural.symbolic.refit import Constants
from tests.symbolic.formulas import X, Y, exp_formula, mixed_formula, rmse, rng


@pytest.mark.parametrize("formula", [exp_formula(), mixed_formula()], ids=["exp", "mixed"])
def test_jacobian(formula):
    constants = Constants(formula)
    values = constants.values
    found = constants.jacobian(formula, formula.nodes(X))
    for column in range(len(values)):
        step = np.zeros_like(values)
        step[column] = 1e-6
        up, down = (constants.formula_with(values + sign * step).outputs(X) for sign in (1, -1))
        np.testing.assert_allclose(found[:, column], ((up - down) / 2e-6).ravel(), atol=1e-5)


def test_parameters_go_into_a_formula_and_come_back():
    for formula in (exp_formula(), mixed_formula()):
        again = Constants(formula).formula_with(formula.parameters)
        np.testing.assert_allclose(again.predict(X), formula.predict(X), rtol=1e-12)
        np.testing.assert_allclose(again.parameters, formula.parameters)
    # three of sin, two of the square, two of exp, and one for each node
    assert len(exp_formula().parameters) == 3 + 2 + 2 + 2


@pytest.mark.parametrize("seed", range(5))
def test_refit_finds_an_exact_formula(seed):
    before = exp_formula(seed=seed)
    after = before.refit(X, Y)
    assert rmse(before) > 1e-3
    assert rmse(after) < 1e-8


def test_refit_finds_several_outputs_beside_curves():
    formula = mixed_formula()
    y = formula.predict(X)
    start = Constants(formula).formula_with(
        formula.parameters * (1 + 1e-3 * rng.standard_normal(len(formula.parameters)))
    )
    assert rmse(start, y) > 1e-4
    assert rmse(start.refit(X, y), y) < 1e-8


def test_refit_is_never_worse_and_stays_in_domains():
    formula = Formula([[[Fit("log", 1.0, 1.001)], [Fit("sqrt", 1.0, 1.0)]]])
    y = rng.standard_normal(400)
    after = formula.refit(X, y)
    assert rmse(after, y) <= rmse(formula, y)
    for (_, i, _), edge in after.edges():
        assert edge.function.contains(*np.sort(edge.a * X[:, i] + edge.b)[[0, -1]])
    exact = exp_formula(by=0.0)
    assert rmse(exact.refit(X, Y)) <= rmse(exact)


def test_frozen_constants_and_weights():
    formula = exp_formula()
    frozen = np.ones(len(formula.parameters), dtype=bool)
    assert formula.refit(X, Y, frozen=frozen) is formula
    frozen[2] = False
    changed = formula.refit(X, Y, frozen=frozen).parameters != formula.parameters
    assert changed.tolist() == (~frozen).tolist()
    line, y = Formula([[[Fit("x")], [None]]]), X[:, 0] + (X[:, 1] > 0)
    only = line.refit(X, y, sample_weight=X[:, 1] > 0)
    np.testing.assert_allclose(only.predict(X), X[:, 0] + 1, atol=1e-9)


def test_samples_of_weight_zero_may_be_outside_the_domain_of_a_formula():
    logarithm = Formula([[[Fit("log", 1.0, 0.0)], [None]]])
    inside = X[:, 0] > 0.1
    y = np.where(inside, np.log(np.where(inside, X[:, 0], 1.0)) + 1, 1e300)
    np.testing.assert_allclose(
        logarithm.refit(X, y, inside).parameters, logarithm.refit(X[inside], y[inside]).parameters
    )


def test_weights_of_a_refit_count_as_repetitions():
    formula = Formula([[[Fit("sin", 2.0)], [Fit("x")]]])
    y = np.exp(X[:, 0]) + np.abs(X[:, 1])  # so that some are fitted at the expense of others
    counts = np.random.default_rng(1).integers(0, 9, len(X))
    weighted = formula.refit(X, y, sample_weight=counts)
    repeated = formula.refit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert np.abs(repeated.parameters - formula.refit(X, y).parameters).max() > 1e-3
    np.testing.assert_allclose(weighted.parameters, repeated.parameters, rtol=1e-6, atol=1e-8)
