import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skneural import KANRegressor
from skneural.inspection import KANDisplay, KANEdgeDisplay

pyplot = pytest.importorskip("matplotlib.pyplot")


def test_an_edge_is_drawn_with_its_data_and_its_formula():
    X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    model = KANRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0).fit(X, np.sin(2 * X[:, 0]))
    _, ax = pyplot.subplots()
    assert KANEdgeDisplay.from_estimator(model, 0, 0, 0, ax=ax).ax_ is ax
    spline, formula, data = ax.lines
    np.testing.assert_array_equal(spline.get_data(), model.edge_curve(0, 0, 0))
    np.testing.assert_allclose(formula.get_ydata(), spline.get_ydata(), atol=0.02)
    assert (data.get_ydata() < spline.get_ydata().min()).all()
    assert "sin" in formula.get_label()
    with pytest.raises(ValueError, match="There is no edge"):
        KANEdgeDisplay.from_estimator(model, 1, 0, 0)
    pyplot.close("all")


def test_the_method_of_the_model_draws_the_same():
    X = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    model = KANRegressor(hidden_layer_sizes=2, max_iter=1, random_state=0).fit(X, X[:, 0])
    display = KANDisplay.from_estimator(model)
    assert display.figure_ is display.ax_.figure
    for line, of_method in zip(display.ax_.lines, model.plot().lines, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), of_method.get_xydata())
    with pytest.raises(NotFittedError):
        KANDisplay.from_estimator(KANRegressor())
    pyplot.close("all")
