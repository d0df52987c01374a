"""Import of matplotlib on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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


def new_figure(figure: Figure | None, width: float, height: float) -> Figure:
    """Return the figure, or if it is None, a new one whose sides are 1.1 times width and height, in inches."""
    if figure is not None:
        return figure
    return pyplot().figure(figsize=(1.1 * width, 1.1 * height), layout="constrained")
