"""Drawings of arrays on axes of matplotlib, independent of any model, and the style of all pictures."""

from skneural.drawing.axes import figure_of, label_steps, pyplot, styled_axes, styled_grid
from skneural.drawing.kan import draw_network, figure_size, layer_sizes
from skneural.drawing.parts import (
    draw_class_bar,
    draw_classes,
    draw_colour_bar,
    draw_image,
    draw_scale,
    without_ticks,
)
from skneural.drawing.style import (
    COLOURS,
    DATA_GREY,
    DIVERGING,
    GREY,
    GUIDE_GREY,
    MOST_LINES,
    SEQUENTIAL,
    SMALL_TEXT,
    STYLE,
    colour_of,
    colours_of_classes,
    marker_of,
    readable_on,
)

__all__ = [
    "COLOURS",
    "DATA_GREY",
    "DIVERGING",
    "GREY",
    "GUIDE_GREY",
    "MOST_LINES",
    "SEQUENTIAL",
    "SMALL_TEXT",
    "STYLE",
    "colour_of",
    "colours_of_classes",
    "draw_class_bar",
    "draw_classes",
    "draw_colour_bar",
    "draw_image",
    "draw_network",
    "draw_scale",
    "figure_of",
    "figure_size",
    "label_steps",
    "layer_sizes",
    "marker_of",
    "pyplot",
    "readable_on",
    "styled_axes",
    "styled_grid",
    "without_ticks",
]
