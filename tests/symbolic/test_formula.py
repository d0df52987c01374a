import pickle

import numpy as np
import pytest

from skneural.symbolic import Curve, Fit, Formula
from skneural.symbolic.refit import Constants
from skneural.symbolic.rounding import canonical

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (400, 2))
Y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
WAVE = Curve(np.linspace(-1, 1, 30), np.sin(np.linspace(-3, 3, 30)))


def moved(value, by=1e-3, seed=0):
    return value * (1 + by * np.random.default_rng(seed).choice([-1, 1]))


def exp_formula(by=1e-3, seed=0):
    def changed(value, number):
        return moved(value, by, 10 * seed + number)

    first = [[Fit("sin", changed(np.pi, 0), by, changed(1, 1), by)], [Fit("x^2", 1.0, -by, changed(1, 2), by)]]
    return Formula([first, [[Fit("exp", changed(1, 3), 0.0, changed(1, 4), by)]]])


def mixed_formula():
    first = [
        [Fit("tanh", 2.0, 0.1, 1.5, 0.2), None, WAVE],
        [Fit("sqrt", -1.0, 1.5), Fit("0", d=0.5), Fit("log", b=2.0)],
    ]
    last = [[Fit("x", c=2.0), Fit("exp", -0.5)], [Fit("cos", 1.0, 0.3), None], [Fit("1/x", 1.0, 9.0), WAVE]]
    return Formula([first, last], bias=[0.5, -1.0], y_scale=[2.0, 3.0], y_mean=[10.0, 0.0])


def rmse(formula, y=Y):
    return np.sqrt(np.square(formula.predict(X) - y).mean())


def test_prediction_is_what_the_formula_says():
    z = [np.tanh(2 * X[:, 0] + 0.1) * 1.5 + 0.2 + np.sqrt(1.5 - X[:, 1]), np.full(400, 0.5)]
    z.append(np.interp(X[:, 0], WAVE.x, WAVE.y) + np.log(X[:, 1] + 2))
    beyond = WAVE.y[-1] + (z[2] - 1) * (WAVE.y[-1] - WAVE.y[-2]) / (WAVE.x[-1] - WAVE.x[-2])
    before = WAVE.y[0] + (z[2] + 1) * (WAVE.y[1] - WAVE.y[0]) / (WAVE.x[1] - WAVE.x[0])
    wave = np.where(z[2] > 1, beyond, np.where(z[2] < -1, before, np.interp(z[2], WAVE.x, WAVE.y)))
    first = (2 * z[0] + np.cos(z[1] + 0.3) + 1 / (z[2] + 9) + 0.5) * 2 + 10
    second = (np.exp(-0.5 * z[0]) + wave - 1) * 3
    np.testing.assert_allclose(mixed_formula().predict(X), np.column_stack([first, second]), rtol=1e-12)
    assert exp_formula().predict(X).shape == (400,)


def test_far_away_predictions_are_finite():
    assert np.isfinite(mixed_formula().predict(1e3 * X)).all()


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


def test_weights_of_a_refit_count_as_repetitions():
    formula = Formula([[[Fit("sin", 2.0)], [Fit("x")]]])
    y = np.exp(X[:, 0]) + np.abs(X[:, 1])  # so that some are fitted at the expense of others
    counts = np.random.default_rng(1).integers(0, 9, len(X))
    weighted = formula.refit(X, y, sample_weight=counts)
    repeated = formula.refit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert np.abs(repeated.parameters - formula.refit(X, y).parameters).max() > 1e-3
    np.testing.assert_allclose(weighted.parameters, repeated.parameters, rtol=1e-6, atol=1e-8)


def test_a_curve_is_straight_between_its_points_and_beyond():
    x, y = np.array([-2.0, -1.5, 0.0, 0.25, 3.0]), np.array([1.0, -1.0, 0.5, 4.0, 4.5])
    curve, at = Curve(x[::-1], y[::-1]), np.linspace(-2, 3, 101)
    np.testing.assert_allclose(curve(at), np.interp(at, x, y), atol=1e-12)
    middles, slopes = (x[1:] + x[:-1]) / 2, np.diff(y) / np.diff(x)
    np.testing.assert_allclose(curve.slope(middles), slopes)
    np.testing.assert_allclose(curve.slope(x), [*slopes, slopes[-1]])  # at a point, that of the piece to its right
    beyond = np.array([-9.0, 9.0])
    np.testing.assert_allclose(curve.slope(beyond), slopes[[0, -1]])
    np.testing.assert_allclose(curve(beyond), [y[0] - 7 * slopes[0], y[-1] + 6 * slopes[-1]])


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
