"""Style of all pictures: colours that people with any colour blindness tell apart, and text that stays readable.

Widths of figures are at most 7 inches: shown with 400 pixels, letters of 11 points are then 8 pixels high.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

# Colours of lines and classes (Okabe and Ito 2008), without their yellow, which is pale on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

# Markers of classes beyond the number of colours, which repeat with another marker.
MARKERS = ("o", "s", "^", "D")

# Colour maps: lightness increases evenly from the least to the greatest value; blue and red with light grey at zero.
SEQUENTIAL = "viridis"
DIVERGING = "coolwarm"
GREY = "gray"

# Greys of data beside predictions, and of lines that only help to read a drawing.
DATA_GREY, GUIDE_GREY = "0.55", "0.85"

SMALL_TEXT = "x-small"  # of tick labels that are many

# Number of features up to which a series is drawn as lines.
MOST_LINES = 4

# Settings of matplotlib, for ``plt.style.use`` and ``plt.rc_context``.
STYLE: dict[str, Any] = {
    "axes.prop_cycle": f"cycler('color', {list(COLOURS)})",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.figsize": (6.0, 4.0),
    "figure.titlesize": "large",
    "font.size": 11.0,
    "image.cmap": SEQUENTIAL,
    "legend.fontsize": "small",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "xtick.labelsize": "small",
    "ytick.labelsize": "small",
}


def colour_of(number: int) -> str:
    """Colour of a class or a line by its number, from 0."""
    return COLOURS[number % len(COLOURS)]


def marker_of(number: int) -> str:
    """Marker of a class by its number, from 0."""
    return MARKERS[number // len(COLOURS) % len(MARKERS)]


def colours_of_classes(n_classes: int) -> Colormap:
    """Colour map with a colour for each class.

    Parameters
    ----------
    n_classes : int
        Beyond the number of `COLOURS`, the colours are taken from `SEQUENTIAL`, in which each differs in lightness.
    """
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap

    if n_classes > len(COLOURS):
        return mpl.colormaps[SEQUENTIAL].resampled(n_classes)
    return ListedColormap(COLOURS[:n_classes])


def readable_on(colours: Any) -> list[str]:
    """Black or white for text on each of the given colours, whichever has the greater contrast.

    Parameters
    ----------
    colours : sequence of n_texts colours
        In any form of matplotlib.
    """
    from matplotlib.colors import to_rgba_array

    # Relative luminance of sRGB (WCAG 2.1), at which both contrasts are equal: (0.179 + 0.05)² = 0.05 * 1.05.
    rgb = to_rgba_array(colours)[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return ["black" if luminance > 0.179 else "white" for luminance in linear @ [0.2126, 0.7152, 0.0722]]
