import pickle

import numpy as np
import pytest

from skneural.symbolic import Curve, Fit, Formula
from tests.symbolic.formulas import WAVE, X, Y, exp_formula, mixed_formula


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (Formula([[[Fit("x", c=-1.0)], [Fit("x", c=2.5, d=-3.0)]]]), "-x0 + 2.5*x1 - 3"),
        (Formula([[[Fit("x^2", b=-0.5)], [Fit("1/x", b=3.0, c=2.0)]]]), "(x0 - 0.5)^2 + 2*1/(x1 + 3)"),
        (Formula([[[Fit("cos", np.pi / 2, 1.0)], [None]]]), "cos(pi/2*x0 + 1)"),
        (Formula([[[WAVE, None], [None, None]]]), "y0 = spline_0_0_0(x0)\ny1 = 0"),
        (Formula([[[Fit("gaussian", 2.0)], [Fit("0", d=1.0)]]], y_scale=[3.0], y_mean=[1.0]), "3*exp(-(2*x0)^2) + 4"),
    ],
)
def test_text(formula, text):
    assert str(formula) == text
    assert formula.to_text(["u", "v"]) == text.replace("x0", "u").replace("x1", "v")


def test_a_formula_pickles():
    formula = mixed_formula()
    again = pickle.loads(pickle.dumps(formula))
    np.testing.assert_array_equal(again.predict(X), formula.predict(X))
    assert pickle.loads(pickle.dumps(exp_formula())) == exp_formula()


def test_what_is_no_formula():
    edge = Fit("x")
    with pytest.raises(ValueError, match="fit together"):
        Formula([[[edge, edge]], [[edge]]])
    with pytest.raises(ValueError, match="matrices"):
        Formula([])
    with pytest.raises(ValueError, match="bias has 2"):
        Formula([[[edge]]], bias=[1.0, 2.0])
    with pytest.raises(ValueError, match="features"):
        Formula([[[edge]]]).predict(X)
    with pytest.raises(ValueError, match="shape"):
        Formula([[[edge]]]).refit(X[:, :1], Y[:7])
    with pytest.raises(ValueError, match="feature_names"):
        Formula([[[edge]]]).to_text(["u", "v"])
    with pytest.raises(ValueError, match="two"):
        Curve([1.0], [2.0])
