"""Floor 1: drawings of arrays with matplotlib, which whoever draws brings along as axes. Nothing here knows a model."""

from skneural.drawing.kan import draw_network, figure_size
from skneural.drawing.pyplot import pyplot

__all__ = ["draw_network", "figure_size", "pyplot"]
