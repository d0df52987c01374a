"""Pictures of samples: those that were given, or those that a model has drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skneural.drawing import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 1  # pixels between two images


def plot_samples(
    samples: npt.ArrayLike,
    *,
    image_shape: Sequence[int] | None = None,
    labels: Any = None,
    n_columns: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw samples: images side by side, or rows of two numbers as points.

    Parameters
    ----------
    samples : array-like of shape (n, 2), (n, height, width), (n, height, width, channels), or rows of pixels
        Points, or grey (one channel) or coloured (three) images. Grey images share one scale; colours are integers up
        to 255 or numbers from 0 to 1.
    image_shape : (height, width) or (height, width, channels), default=None
        What rows of pixels are reshaped to.
    labels : array-like of shape (n,), default=None
        What is written over the images; or classes of the points, which get a colour and a line in the legend each.
    n_columns : int, default=None
        Images in a row. By default, about as many as there are rows.
    ax : matplotlib.axes.Axes, default=None
        Where to draw; by default, in a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes
        With the drawing.

    Raises
    ------
    ValueError
        If samples are neither images nor points, or there is not a label for each.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneural.inspection import plot_samples
    >>> digits = load_digits()
    >>> ax = plot_samples(digits.data[:20], image_shape=(8, 8), labels=digits.target[:20], n_columns=10)
    """
    values = np.asarray(samples)
    if image_shape is not None:
        values = _as_images(values, tuple(image_shape))
    drawn = values.ndim in (3, 4) or (values.ndim == 2 and values.shape[1] == 2)
    if not drawn or not len(values) or (values.ndim == 4 and values.shape[3] not in (1, 3)):
        raise ValueError(
            f"samples of shape {values.shape} cannot be drawn: points are (n, 2), images (n, height, width) or (n, "
            "height, width, channels) of one or three channels. For rows of pixels, give image_shape."
        )
    if labels is not None and np.shape(labels) != (len(values),):
        raise ValueError(f"Each of the {len(values)} samples needs a label; labels have shape {np.shape(labels)}.")
    if ax is None:
        _, ax = pyplot().subplots(layout="constrained")
    if values.ndim == 2:
        _draw_points(ax, values, labels)
    else:
        _draw_images(ax, values, labels, n_columns or math.ceil(math.sqrt(len(values))))
    return ax


def _as_images(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if values.size != len(values) * math.prod(shape):
        raise ValueError(f"image_shape={shape} makes {math.prod(shape)} numbers an image; samples are {values.shape}.")
    return values.reshape(-1, *shape)


def _draw_points(ax: Axes, points: np.ndarray, labels: Any) -> None:
    size = 4 + 400 / len(points)
    if labels is None:
        ax.scatter(points[:, 0], points[:, 1], s=size)
        return
    for label in np.unique(labels):
        own = points[np.asarray(labels) == label]
        ax.scatter(own[:, 0], own[:, 1], s=size, label=str(label))
    ax.legend()


def _draw_images(ax: Axes, images: np.ndarray, labels: Any, n_columns: int) -> None:
    images = images[..., 0] if images.ndim == 4 and images.shape[3] == 1 else images
    if images.ndim == 4:
        images = np.clip(images / 255 if images.dtype.kind in "iu" else images, 0, 1)
    _, height, width, *channels = images.shape
    above = GAP if labels is None else max(GAP, round(0.3 * height))  # room for what is written
    n_rows = math.ceil(len(images) / n_columns)
    row, column = height + above, width + GAP
    sheet = np.full((n_rows * row, n_columns * column - GAP, *channels), np.nan if not channels else 1.0)
    for i, image in enumerate(images):
        top, left = row * (i // n_columns) + above, column * (i % n_columns)
        sheet[top : top + height, left : left + width] = image
        if labels is not None:
            ax.text(left + (width - 1) / 2, top - 0.6, str(labels[i]), ha="center", va="bottom", fontsize=7)
    ax.imshow(sheet, cmap="gray_r", interpolation="nearest")
    ax.set_axis_off()
