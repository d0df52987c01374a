"""Drawings go into the axes that are given, or into a new figure, and leave settings as they are."""

import matplotlib as mpl
import numpy as np
import pytest

from skneural.drawing.axes import label_steps, styled_axes, styled_grid

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_settings_hold_within_the_context_only():
    before = dict(mpl.rcParams)
    with styled_axes(None, (3, 2)) as ax:
        assert not ax.spines["top"].get_visible()
        assert tuple(ax.figure.get_size_inches()) == (3, 2)
        with styled_axes(ax) as same:
            assert same is ax
    assert dict(mpl.rcParams) == before


def test_a_grid_is_new_given_or_in_the_place_of_axes():
    with styled_grid(None, (2, 3), (6, 4), width_ratios=[2, 1, 1]) as axes:
        assert axes.shape == (2, 3)
    with styled_grid(axes.ravel(), (2, 3), (6, 4)) as same:
        assert (same == axes).all()
    figure, (left, right) = plt.subplots(1, 2)
    with styled_grid(right, (2, 3), (6, 4)) as divided:
        assert {ax.figure for ax in divided.flat} == {figure}
    assert not right.axison
    assert min(ax.get_position().x0 for ax in divided.flat) >= right.get_position().x0 > left.get_position().x1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: plt.subplots(2, 2)[1], "needs 2 x 3 axes; got 4"),
        (lambda: plt.figure().add_axes((0, 0, 1, 1)), "has no place in a grid"),
    ],
)
def test_axes_that_do_not_fit(make, message):
    with pytest.raises(ValueError, match=message), styled_grid(make(), (2, 3), (6, 4)):
        pass


@pytest.mark.parametrize(("n", "n_shown"), [(0, 0), (5, 5), (8, 8), (9, 5), (300, 8)])
def test_labels_are_thinned(n, n_shown):
    _, ax = plt.subplots()
    label_steps(ax.xaxis, [str(i) for i in range(n)], 8)
    assert [label.get_text() for label in ax.get_xticklabels()] == [str(int(x)) for x in ax.get_xticks()]
    assert len(ax.get_xticks()) == n_shown
    assert len(np.unique(np.diff(ax.get_xticks()))) <= 1
