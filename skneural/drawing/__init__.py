"""Drawings of arrays on axes of matplotlib, independent of any model."""

from skneural.drawing.kan import draw_network, figure_size
from skneural.drawing.pyplot import pyplot

__all__ = ["draw_network", "figure_size", "pyplot"]
