"""Drawings of predictions for each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import is_regressor
from sklearn.utils.validation import check_is_fitted

from skneural.drawing.pyplot import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from skneural.template.estimator import NeuralEstimator


def plot_segmentation(
    estimator: NeuralEstimator,
    X: Any,
    y: Any = None,
    *,
    max_images: int = 4,
    cmap: str | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw images beside what is predicted for their pixels.

    Parameters
    ----------
    estimator : ImageSegmenter or ImageRegressor
        Fitted. A regressor of several numbers is drawn with the first of them.
    X : array-like or list of n_samples images
    y : array-like or list, default=None
        Targets in the form of those in `fit`. If given, they are drawn, too, and where predictions differ from them.
    max_images : int, default=4
        Maximum number of images to draw; the first ones are taken.
    cmap : str, default=None
        Colour map of predictions; None: "tab20" for classes and "viridis" for numbers.
    figure : matplotlib Figure or SubFigure, default=None
        Figure to draw into; None: a new one.

    Returns
    -------
    figure : matplotlib Figure or SubFigure
        A row for each image: the image, its prediction, and with y the targets and the differences. Pixels without a
        target are white.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import ImageSegmenter
    >>> from skneural.inspection import plot_segmentation
    >>> y = np.tri(16, dtype=int)[np.newaxis].repeat(8, axis=0)
    >>> X = y + np.random.default_rng(0).normal(size=y.shape)
    >>> model = ImageSegmenter(channels=(4, 8), max_iter=5, random_state=0).fit(X, y)
    >>> figure = plot_segmentation(model, X, y, max_images=2)
    """
    check_is_fitted(estimator)
    images = [_as_image(estimator, image) for image in list(X)[:max_images]]
    numeric = is_regressor(estimator)
    drawn = {"prediction": [_numbers(estimator, part) for part in estimator.predict(images)]}
    if y is not None:
        sizes = [image.shape[:2] for image in images]
        true = [np.asarray(part).reshape(*size, -1)[..., 0] for part, size in zip(list(y), sizes, strict=False)]
        drawn["target"] = [_numbers(estimator, part) for part in true]
    known = np.concatenate([part[np.isfinite(part)] for parts in drawn.values() for part in parts])
    scale = {"vmin": known.min(), "vmax": known.max(), "cmap": cmap or ("viridis" if numeric else "tab20")}
    n_columns = 1 + len(drawn) + (y is not None)
    figure = new_figure(figure, 1.8 * n_columns, 1.8 * len(images))
    axes = figure.subplots(len(images), n_columns, squeeze=False)
    for ax, title in zip(axes[0], ("image", *drawn, "difference"), strict=False):
        ax.set_title(title)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    for i, row in enumerate(axes):
        _draw_image(row[0], images[i])
        for ax, parts in zip(row[1:], drawn.values(), strict=False):
            ax.imshow(parts[i], interpolation="nearest", **scale)
        if y is not None:
            _draw_difference(row[-1], drawn["prediction"][i] - drawn["target"][i], numeric)
    return figure


def _as_image(estimator: NeuralEstimator, image: npt.ArrayLike) -> np.ndarray:
    image = np.asarray(image)
    return image.reshape(estimator.image_shape_) if image.ndim == 1 else image


def _numbers(estimator: NeuralEstimator, part: np.ndarray) -> np.ndarray:
    """The first number of each pixel, or that of its class; NaN for pixels without a target."""
    if is_regressor(estimator):
        return part.reshape(*part.shape[:2], -1)[..., 0].astype(float)
    classes = estimator.classes_
    numbers = np.searchsorted(classes, part).clip(0, len(classes) - 1)
    return np.where(classes[numbers] == part, numbers, np.nan)


def _draw_image(ax: Axes, image: np.ndarray) -> None:
    if image.ndim == 3 and image.shape[2] != 3:
        image = image.mean(axis=2)
    ax.imshow((image - image.min()) / max(float(np.ptp(image)), 1e-12), cmap="gray", interpolation="nearest")


def _draw_difference(ax: Axes, difference: np.ndarray, numeric: bool) -> None:
    """Signed differences of numbers; where classes differ, and white where there is no target."""
    if numeric:
        most = max(float(np.nanmax(np.abs(difference), initial=0.0)), 1e-12)
        ax.imshow(difference, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest")
    else:
        differs = np.where(np.isnan(difference), 0, difference != 0)
        ax.imshow(differs, cmap="Reds", vmin=0, vmax=1.5, interpolation="nearest")
