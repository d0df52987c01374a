"""Drawing of Kolmogorov-Arnold networks: units in rows, and the curve of its function on every edge."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skneural.drawing.style import colour_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Lower and upper ends of the boxes above a row of units, as fractions of the distance between two rows of units.
BOX_LOW, BOX_HIGH = 0.38, 0.66

# Opacity of the least important edges, which remain faintly visible.
LEAST_OPACITY = 0.06


def layer_sizes(importances: list[np.ndarray]) -> list[int]:
    """Numbers of units of the layers, the inputs first, from the importances of the edges between them."""
    return [len(importances[0]), *(layer_importances.shape[1] for layer_importances in importances)]


def figure_size(sizes: list[int]) -> tuple[float, float]:
    """Width and height of the figure in inches, such that every curve is readable."""
    most_edges = max(n_in * n_out for n_in, n_out in itertools.pairwise(sizes))
    width = float(np.clip(0.55 * most_edges, 4.5, 24))
    return width, float(np.clip(width / 6, 2.2, 4)) * (len(sizes) - 1) + 0.6


def draw_network(
    ax: Axes,
    curves: Sequence[tuple[np.ndarray, np.ndarray]],
    importances: list[np.ndarray],
    inputs: list[str],
    outputs: list[str],
) -> None:
    """Draw a network on the axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    curves : sequence of pairs of arrays of shape (points, n_in, n_out)
        For each layer, x and y of the function of each edge.
    importances : list of arrays of shape (n_in, n_out)
        Importances of the edges of each layer, which determine their opacity. Edges with an importance of zero are not
        drawn.
    inputs, outputs : list of str
        Names of the inputs and outputs.
    """
    sizes = layer_sizes(importances)
    for row, (curve, layer_importances) in enumerate(zip(curves, importances, strict=True)):
        _draw_layer(ax, row, curve, layer_importances)
    for row, n in enumerate(sizes):
        ax.scatter(_places(n), np.full(n, row), s=28, color="black", zorder=3)
    for row, names, align, shift in ((0, inputs, "top", -0.06), (len(sizes) - 1, outputs, "bottom", 0.06)):
        rotation = 90 if max(map(len, names)) * len(names) > 60 else 0
        for x, name in zip(_places(len(names)), names, strict=True):
            ax.text(x, row + shift, name, ha="center", va=align, rotation=rotation)
    ax.set(xlim=(0, 1), ylim=(-0.3, len(sizes) - 0.7))
    ax.axis("off")


def _draw_layer(ax: Axes, row: int, curve: tuple[np.ndarray, np.ndarray], importances: np.ndarray) -> None:
    n_in, n_out = importances.shape
    below, above, boxes = _places(n_in), _places(n_out), _places(n_in * n_out).reshape(n_in, n_out)
    half = min(0.42 / (n_in * n_out), 0.09)
    for i, j in zip(*np.nonzero(importances), strict=True):
        opacity = float(np.clip(np.tanh(3 * importances[i, j]), LEAST_OPACITY, 1))
        x, low, high = boxes[i, j], row + BOX_LOW, row + BOX_HIGH
        for ends in (([below[i], x], [row, low]), ([x, above[j]], [high, row + 1])):
            ax.plot(*ends, color="black", alpha=opacity, linewidth=0.9)
        ax.fill([x - half, x + half, x + half, x - half], [low, low, high, high], color="white", zorder=2)
        ax.plot(
            [x - half, x + half, x + half, x - half, x - half],
            [low, low, high, high, low],
            color="black",
            alpha=opacity,
            linewidth=0.7,
            zorder=2,
        )
        along, up = (_between_zero_and_one(curve[k][:, i, j]) for k in (0, 1))
        ax.plot(
            x + half * (1.7 * along - 0.85),
            low + (high - low) * (0.1 + 0.8 * up),
            color=colour_of(0),
            alpha=opacity,
            linewidth=1.4,
            zorder=2,
        )


def _places(n: int) -> np.ndarray:
    return (np.arange(n) + 0.5) / n


def _between_zero_and_one(values: np.ndarray) -> np.ndarray:
    reach = np.ptp(values)
    return (values - values.min()) / reach if reach > 0 else np.full(len(values), 0.5)
