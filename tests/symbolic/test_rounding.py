import numpy as np
import pytest

from skneural.symbolic import FUNCTIONS, Fit, Formula
from skneural.symbolic.rounding import canonical
from tests.symbolic.formulas import X, Y, exp_formula, mixed_formula, rmse, rng


def test_settled_units_change_no_prediction():
    for formula in (exp_formula(), mixed_formula()):
        settled = canonical(formula)
        np.testing.assert_allclose(settled.predict(X), formula.predict(X), rtol=1e-9)
        np.testing.assert_allclose(canonical(settled).parameters, settled.parameters, atol=1e-9)
    hidden = [[Fit("x^2", b=0.3, c=3.0, d=1.0)], [Fit("x", c=2.0, d=1.0)]]
    for name in ("log", "sqrt", "1/x^2", "x^3", "tan", "exp", "sin", "gaussian", "x"):
        last = Fit(name, 0.1 if name in ("tan", "exp") else 1.0, 0.0 if name in ("exp", "x") else 0.5, 2.0)
        formula = Formula([hidden, [[last]]])
        positive = np.abs(X)
        np.testing.assert_allclose(canonical(formula).predict(positive), formula.predict(positive), rtol=1e-9)


@pytest.mark.parametrize("shift", [-4.0, -1.7, 0.0, 1.7, 4.0])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_conventional_constants_of_every_function_change_no_prediction(name, shift):
    """A hidden node has an edge with this function, and then one with a sine or cosine of any phase."""
    hidden = [[Fit("x^2", b=0.3, c=3.0, d=1.0)], [Fit("x", c=2.0, d=1.0)]]
    for periodic in ("sin", "cos"):
        edges = [Fit(name, 0.1, 0.05, 2.0, 0.3), Fit(periodic, 0.3, shift, -0.7, 0.2)]
        for order in (edges, edges[::-1]):
            formula = Formula([hidden, [order]])
            expected = formula.predict(np.abs(X))
            np.testing.assert_allclose(canonical(formula).predict(np.abs(X)), expected, rtol=1e-9, atol=1e-9)


def test_rounding_finds_the_numbers():
    hidden_scale = Formula(
        [
            [[Fit("sin", 3.1416, 2e-5, 0.50003, 0.1)], [Fit("x^2", 1.0, -1e-5, 0.49998, -0.1)]],
            [[Fit("exp", 1.9999, 0.0, 0.7)]],
        ],
        bias=[0.2],
        y_scale=[1.0 / 0.7],
        y_mean=[-0.2 / 0.7],
    )
    found = hidden_scale.rounded(X, Y)
    assert str(found) == "exp(sin(pi*x0) + x1^2)"
    assert rmse(found) < 1e-12


def test_rounding_keeps_to_its_tolerance():
    formula = Formula([[[Fit("sin", 2.7345, 0.1234, 1.7239, 0.111)], [Fit("x")]]])
    y = formula.predict(X)
    for tolerance in (1e-6, 1e-3, 1e-2):
        assert rmse(formula.rounded(X, tolerance=tolerance), y) <= tolerance * y.std() * 1.001
    noisy = y + 0.1 * rng.standard_normal(400)
    assert rmse(formula.rounded(X, noisy), noisy) <= rmse(formula, noisy) + 1e-4 * noisy.std() * 1.001
