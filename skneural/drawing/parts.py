"""Parts that several drawings have: images, points by their classes, and bars that explain colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skneural.drawing.axes import figure_of
from skneural.drawing.style import GREY, colour_of, marker_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_image(ax: Axes, image: np.ndarray, **options: Any) -> None:
    """Draw an image from its darkest to its lightest pixel, without ticks.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    image : array of shape (height, width) or (height, width, channels)
        Three channels are colours; of others, the mean is drawn.
    **options : arguments of `matplotlib.axes.Axes.imshow`
    """
    if image.ndim == 3 and image.shape[2] != 3:
        image = image.mean(axis=2)
    shares = (image - image.min()) / max(float(np.ptp(image)), 1e-12)
    ax.imshow(shares, **({"cmap": GREY, "interpolation": "nearest"} | options))
    without_ticks(ax)


def without_ticks(ax: Axes) -> None:
    """Remove ticks and frame of axes whose positions have no units."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def draw_colour_bar(drawn: Any, axes: Axes | np.ndarray, label: str, **options: Any) -> None:
    """Draw the colour bar of an image or of points beside their axes.

    Parameters
    ----------
    drawn : matplotlib artist
        With a colour map.
    axes : matplotlib.axes.Axes or array of them
        Axes from which the bar takes its place.
    label : str
        Name of the numbers, with their unit.
    **options : arguments of `matplotlib.figure.Figure.colorbar`
    """
    bar = figure_of(axes).colorbar(drawn, ax=axes, **options)
    bar.set_label(label)
    bar.outline.set_visible(False)


def draw_scale(axes: np.ndarray, cmap: str, label: str, names: Mapping[float, str]) -> None:
    """Draw the colour bar of images each of which has a scale of its own.

    Parameters
    ----------
    axes : array of matplotlib.axes.Axes
        Axes from which the bar takes its place.
    cmap : str
        Colour map of the images.
    label : str
        Name of the numbers.
    names : mapping of float to str
        Names of the values at the ends of the scale, and between them.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    shades = ScalarMappable(Normalize(min(names), max(names)), cmap)
    draw_colour_bar(shades, axes, label, ticks=list(names), format=lambda value, _: names.get(value, ""))


def draw_class_bar(drawn: Any, axes: Axes | np.ndarray, classes: Sequence[Any]) -> None:
    """Draw the colours of classes, with their names, below the axes.

    Parameters
    ----------
    drawn : matplotlib artist
        With the numbers of the classes.
    axes : matplotlib.axes.Axes or array of them
        Axes from which the bar takes its place.
    classes : sequence
        Names of the classes.
    """
    bar = figure_of(axes).colorbar(drawn, ax=axes, location="bottom")
    bar.outline.set_visible(False)
    bar.set_ticks(range(len(classes)), labels=[str(name) for name in classes])
    bar.ax.tick_params(length=0)


def draw_classes(ax: Axes, points: np.ndarray, classes: np.ndarray, **options: Any) -> list[str]:
    """Draw points with a colour for each class and, if there are many classes, several markers.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    points : array of shape (n, 2)
    classes : array of shape (n,)
    **options : arguments of `matplotlib.axes.Axes.scatter`

    Returns
    -------
    colours : list of n str
        Colour of each point.
    """
    names, numbers = np.unique(classes, return_inverse=True)
    for number, name in enumerate(names):
        x, y = points[numbers == number].T
        ax.scatter(x, y, color=colour_of(number), marker=marker_of(number), label=str(name), **options)
    return [colour_of(number) for number in numbers]
