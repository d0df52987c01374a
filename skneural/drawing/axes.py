"""Axes to draw into: those of the user, or of a new figure, in the style of all pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from skneural.drawing.style import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def pyplot() -> Any:
    """Import ``matplotlib.pyplot``.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot
    except ImportError as error:
        raise ImportError("Plots need matplotlib: pip install 'skneural[plot]'.") from error
    return matplotlib.pyplot


@contextmanager
def styled_axes(ax: Axes | None, size: tuple[float, float] = STYLE["figure.figsize"]) -> Iterator[Axes]:
    """Context with axes to draw into, in the style of all pictures.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        None: those of a new figure.
    size : tuple of two floats, default=(6.0, 4.0)
        Width and height of a new figure, in inches.
    """
    plt = pyplot()
    with plt.rc_context(STYLE):
        yield plt.subplots(figsize=size)[1] if ax is None else ax


@contextmanager
def styled_grid(
    ax: Axes | np.ndarray | None, shape: tuple[int, int], size: tuple[float, float], **ratios: Sequence[float]
) -> Iterator[np.ndarray]:
    """Context with a grid of axes to draw into, in the style of all pictures.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, array of them, or None
        Axes whose place is divided into a grid, the axes of the grid, or None for a new figure.
    shape : tuple of two int
        Numbers of rows and columns.
    size : tuple of two floats
        Width and height of a new figure, in inches.
    **ratios : sequences of float
        `width_ratios` and `height_ratios` of the columns and rows.

    Raises
    ------
    ValueError
        If there is another number of axes, or the axes have no place in a grid of their figure.
    """
    plt = pyplot()
    with plt.rc_context(STYLE):
        if ax is None:
            yield plt.subplots(*shape, squeeze=False, figsize=size, gridspec_kw=ratios)[1]
        elif isinstance(ax, np.ndarray):
            if ax.size != shape[0] * shape[1]:
                raise ValueError(f"The drawing needs {shape[0]} x {shape[1]} axes; got {ax.size}.")
            yield ax.reshape(shape)
        else:
            yield _divided(ax, shape, ratios)


def _divided(ax: Axes, shape: tuple[int, int], ratios: dict[str, Any]) -> np.ndarray:
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError("ax has no place in a grid that could be divided; take axes of matplotlib's subplots.")
    ax.set_axis_off()
    grid = place.subgridspec(*shape, **ratios)
    return np.array([[figure_of(ax).add_subplot(cell) for cell in row] for row in _cells(grid, shape)])


def _cells(grid: Any, shape: tuple[int, int]) -> list[list[Any]]:
    return [[grid[row, column] for column in range(shape[1])] for row in range(shape[0])]


def figure_of(ax: Axes | np.ndarray) -> Figure:
    """Figure of axes, or of a grid of them."""
    first: Any = ax.flat[0] if isinstance(ax, np.ndarray) else ax
    figure: Figure = first.figure
    return figure


def label_steps(axis: Any, names: Sequence[str], most: int) -> None:
    """Put names at the steps of an axis, or at equal distances if there are more of them than fit.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    names : sequence of str
        Name of each step.
    most : int
        Greatest number of labels.
    """
    shown = range(0, len(names), max(1, -(-len(names) // most)))
    rotation = 90 if axis.axis_name == "x" and max(map(len, names), default=0) > 3 else 0
    axis.set_ticks(shown, [names[i] for i in shown], rotation=rotation)
