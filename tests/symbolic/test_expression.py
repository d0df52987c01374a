import sys

import numpy as np
import pytest

from skneural.symbolic import FUNCTIONS, Curve, Fit, Formula

X = np.random.default_rng(0).uniform(0.1, 0.9, (50, 2))


def two_outputs():
    first = [[Fit("tanh", 2.0, 0.1, 1.5, 0.2), None], [Fit("sqrt", -1.0, 1.5), Fit("arctan", np.pi / 2, 0.25)]]
    last = [[Fit("x", c=2.0), Fit("exp", -0.5)], [Fit("cos", 1.0, 0.3), Fit("0", d=1.0)]]
    return Formula([first, last], bias=[0.5, -1.0], y_scale=[2.0, 3.1], y_mean=[10.0, 0.0])


def test_an_expression_has_the_same_values():
    sympy = pytest.importorskip("sympy")
    symbols = sympy.symbols("u v", real=True)
    expressions = two_outputs().to_sympy(["u", "v"])
    actual = np.column_stack([sympy.lambdify(symbols, expression, "numpy")(*X.T) for expression in expressions])
    np.testing.assert_allclose(actual, two_outputs().predict(X), rtol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_expression(name):
    sympy = pytest.importorskip("sympy")
    formula = Formula([[[Fit(name, 0.9, 0.05, 1.3, -0.7)]]])
    function = sympy.lambdify(sympy.Symbol("x0", real=True), formula.to_sympy(), "numpy")
    np.testing.assert_allclose(function(X[:, 0]) + np.zeros(50), formula.predict(X[:, :1]), rtol=1e-12)


def test_simple_numbers_are_exact():
    sympy = pytest.importorskip("sympy")
    x0, x1 = sympy.symbols("x0 x1", real=True)
    formula = Formula([[[Fit("sin", np.pi, c=0.5)], [Fit("x^2", c=0.5)]], [[Fit("exp", 2.0)]]])
    assert formula.to_sympy() == sympy.exp(sympy.sin(sympy.pi * x0) + x1**2)


def test_curves_become_unknown_functions():
    sympy = pytest.importorskip("sympy")
    formula = Formula([[[None], [Curve([0.0, 1.0], [0.0, 2.0])]], [[Fit("x", c=3.0)]]])
    assert formula.to_sympy() == 3 * sympy.Function("spline_0_1_0")(sympy.Symbol("x1", real=True))


def test_without_sympy(monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(ImportError, match=r"skneural\[symbolic\]"):
        two_outputs().to_sympy()
    assert "tanh(2*x0 + 0.1)" in str(two_outputs())
