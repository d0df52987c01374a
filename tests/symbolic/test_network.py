import numpy as np

from skneural.symbolic import Curve
from tests.symbolic.formulas import WAVE, X, exp_formula, mixed_formula


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
