import numpy as np
import pytest

from skneural import KANRegressor
from skneural.inspection import plot_kan_edge

pyplot = pytest.importorskip("matplotlib.pyplot")


def test_an_edge_is_drawn_with_its_data_and_its_formula():
    X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    model = KANRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0).fit(X, np.sin(2 * X[:, 0]))
    _, ax = pyplot.subplots()
    assert plot_kan_edge(model, 0, 0, 0, ax=ax) is ax
    spline, formula, data = ax.lines
    np.testing.assert_array_equal(spline.get_data(), model.edge_curve(0, 0, 0))
    np.testing.assert_allclose(formula.get_ydata(), spline.get_ydata(), atol=0.02)
    assert (data.get_ydata() < spline.get_ydata().min()).all()
    assert "sin" in formula.get_label()
    with pytest.raises(ValueError, match="There is no edge"):
        plot_kan_edge(model, 1, 0, 0)
    pyplot.close("all")
