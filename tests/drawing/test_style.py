"""Colours differ for every eye, and text is readable on them."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from skneural.drawing.style import COLOURS, DIVERGING, SEQUENTIAL, STYLE, colours_of_classes, marker_of, readable_on

# Linear RGB as people without cones for red, for green or for blue see it (Machado, Oliveira and Fernandes 2009).
SEEN = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE L*a*b* of linear RGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    t = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", [None, *SEEN])
def test_colours_differ(eye):
    matrix = np.eye(3) if eye is None else np.array(SEEN[eye])
    seen = [lab(matrix @ linear(colour)) for colour in COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 10  # 2.3 is barely noticed


def test_colours_repeat_with_another_marker():
    assert marker_of(0) == marker_of(len(COLOURS) - 1) != marker_of(len(COLOURS))


@pytest.mark.parametrize("n_classes", [1, 6, 12])
def test_each_class_has_a_colour(n_classes):
    colours = colours_of_classes(n_classes)(np.arange(n_classes))
    assert len(np.unique(colours, axis=0)) == n_classes


def test_lightness_increases_along_the_map_and_is_greatest_at_zero():
    sequential = [lab(linear(mpl.colormaps[SEQUENTIAL](share)))[0] for share in np.linspace(0, 1, 20)]
    assert (np.diff(sequential) > 0).all()
    diverging = [lab(linear(mpl.colormaps[DIVERGING](share)))[0] for share in np.linspace(0, 1, 21)]
    assert abs(int(np.argmax(diverging)) - 10) <= 1


def test_text_is_readable_on_every_colour():
    for colour, text in zip(COLOURS, readable_on(COLOURS), strict=True):
        dark, light = sorted(linear(each) @ [0.2126, 0.7152, 0.0722] for each in (colour, text))
        assert (light + 0.05) / (dark + 0.05) > 4.5  # the contrast that the guidelines of the web ask for


def test_the_style_is_one_of_matplotlib():
    with mpl.rc_context(STYLE):
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == list(COLOURS)
