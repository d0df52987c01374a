"""The lines, boxes and names of a drawn network of curves."""

import matplotlib as mpl
import numpy as np
import pytest

from skneural.drawing import colour_of
from skneural.drawing.kan import draw_network, figure_size

mpl.use("Agg")
import matplotlib.pyplot as plt

IMPORTANCES = [np.array([[0.5, 0.0], [0.1, 0.2], [0.0, 0.0]]), np.array([[0.3], [0.05]])]
RNG = np.random.default_rng(0)
CURVES = [
    tuple(np.sort(RNG.standard_normal((9, *importances.shape)), axis=0) for _ in range(2))
    for importances in IMPORTANCES
]


@pytest.fixture
def ax():
    _, ax = plt.subplots()
    draw_network(ax, CURVES, IMPORTANCES, ["a", "b", "c"], ["y"])
    yield ax
    plt.close("all")


def curves_of(ax):
    return [line for line in ax.lines if line.get_color() == colour_of(0)]


def test_edges_of_importance_zero_are_not_drawn_and_others_are_as_opaque_as_they_are_important(ax):
    shown = np.concatenate([importances[importances > 0] for importances in IMPORTANCES])
    assert len(ax.patches) == len(curves_of(ax)) == len(shown) == 5
    opacities = [line.get_alpha() for line in curves_of(ax)]
    np.testing.assert_array_equal(np.argsort(opacities), np.argsort(shown))
    assert all(0 < opacity <= 1 for opacity in opacities)


def test_each_edge_starts_at_its_unit_and_ends_at_its_unit(ax):
    ends = {
        tuple(np.round(line.get_xydata()[k], 6)) for line in ax.lines if len(line.get_xydata()) == 2 for k in (0, 1)
    }
    first, hidden = [(1 / 6, 0.0), (0.5, 0.0), (5 / 6, 0.0)], [(0.25, 1.0), (0.75, 1.0)]
    units = [*first, *hidden, (0.5, 2.0)]
    drawn = {unit for unit in units if tuple(np.round(unit, 6)) in ends}
    assert drawn == set(units) - {first[2]}  # the third feature has no edge


def test_curves_are_drawn_from_left_to_right_and_from_low_to_high(ax):
    for line in curves_of(ax):
        x, y = line.get_data()
        assert (np.diff(x) >= 0).all()
        assert (np.diff(y) >= 0).all()  # the given curves rise


def test_names_are_beside_their_units(ax):
    places = {text.get_text(): text.get_position() for text in ax.texts}
    assert [round(places[name][0], 6) for name in "abc"] == [round(1 / 6, 6), 0.5, round(5 / 6, 6)]
    assert places["y"][1] > 2 > 0 > places["a"][1]


def test_figures_grow_with_the_network():
    small, wide, deep = figure_size([1, 1]), figure_size([9, 5]), figure_size([1, 1, 1, 1])
    assert wide[0] > small[0] == deep[0]
    assert deep[1] > small[1]
