"""Drawings of predictions for each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import is_regressor
from sklearn.utils.validation import check_is_fitted

from skneural.drawing import (
    DIVERGING,
    GUIDE_GREY,
    SEQUENTIAL,
    colours_of_classes,
    draw_class_bar,
    draw_colour_bar,
    draw_image,
    figure_of,
    styled_grid,
    without_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skneural.template.estimator import NeuralEstimator

# Number of classes up to which their names stand beside their colours.
MOST_NAMES = 12


class SegmentationDisplay:
    """Images beside what is predicted for their pixels.

    `from_estimator` makes it of a fitted model, and draws it: a row for each image, with the image, its prediction, and
    with targets these and the differences. Pixels without a target are white.

    Parameters
    ----------
    images : list of arrays of shape (height, width) or (height, width, channels)
    predictions : list of arrays of shape (height, width)
        Predicted numbers, or numbers of classes.
    targets : list of arrays of shape (height, width), default=None
        In the form of the predictions, with NaN where there is none.
    classes : sequence, default=None
        Names of the classes; None: predictions are numbers.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes, of shape (n_images, 2) or, with targets, (n_images, 4)
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import ImageSegmenter
    >>> from skneural.inspection import SegmentationDisplay
    >>> y = np.tri(16, dtype=int)[np.newaxis].repeat(8, axis=0)
    >>> X = y + np.random.default_rng(0).normal(size=y.shape)
    >>> model = ImageSegmenter(channels=(4, 8), max_iter=5, random_state=0).fit(X, y)
    >>> SegmentationDisplay.from_estimator(model, X, y, max_images=2).axes_.shape
    (2, 4)
    """

    def __init__(
        self,
        *,
        images: list[np.ndarray],
        predictions: list[np.ndarray],
        targets: list[np.ndarray] | None = None,
        classes: Sequence[Any] | None = None,
    ) -> None:
        self.images = images
        self.predictions = predictions
        self.targets = targets
        self.classes = classes

    @classmethod
    def from_estimator(
        cls,
        estimator: NeuralEstimator,
        X: Any,
        y: Any = None,
        *,
        max_images: int = 4,
        cmap: str | None = None,
        ax: Axes | np.ndarray | None = None,
    ) -> Self:
        """Draw the predictions of a fitted model.

        Parameters
        ----------
        estimator : ImageSegmenter or ImageRegressor
            Fitted. A regressor of several numbers is drawn with the first of them.
        X : array-like or list of n_samples images
        y : array-like or list, default=None
            Targets in the form of those in `fit`. If given, they are drawn, too, and where predictions
            differ from them.
        max_images : int, default=4
            Maximum number of images to draw; the first ones are taken.
        cmap : str, default=None
            Colour map of predictions; None: a colour for each class, and "viridis" for numbers.
        ax : matplotlib.axes.Axes or array of them, default=None
            Axes whose place is divided, or those to draw into; None: those of a new figure.

        Returns
        -------
        display : SegmentationDisplay

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(estimator)
        images = [_as_image(estimator, image) for image in list(X)[:max_images]]
        targets = None
        if y is not None:
            sizes = [image.shape[:2] for image in images]
            parts = [np.asarray(part).reshape(*size, -1)[..., 0] for part, size in zip(list(y), sizes, strict=False)]
            targets = [_numbers(estimator, part) for part in parts]
        display = cls(
            images=images,
            predictions=[_numbers(estimator, part) for part in estimator.predict(images)],
            targets=targets,
            classes=None if is_regressor(estimator) else estimator.classes_.tolist(),
        )
        return display.plot(ax, cmap=cmap)

    def plot(self, ax: Axes | np.ndarray | None = None, *, cmap: str | None = None) -> Self:
        """Draw the images and predictions.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array of them, default=None
            Axes whose place is divided, or those to draw into; None: those of a new figure.
        cmap : str, default=None
            Colour map of predictions; None: a colour for each class, and "viridis" for numbers.

        Returns
        -------
        display : SegmentationDisplay
            With the attributes of the drawing.
        """
        drawn = {"prediction": self.predictions} | ({} if self.targets is None else {"target": self.targets})
        titles = ("image", *drawn, *(() if self.targets is None else ("difference",)))
        shape = (len(self.images), len(titles))
        with styled_grid(ax, shape, (1.6 * shape[1], 1.6 * shape[0] + 0.8)) as self.axes_:
            scale = self._scale(drawn, cmap)
            for panel, title in zip(self.axes_[0], titles, strict=True):
                panel.set_title(title)
            for panel in self.axes_.flat:
                without_ticks(panel)
            for i, row in enumerate(self.axes_):
                draw_image(row[0], self.images[i])
                for panel, parts in zip(row[1:], drawn.values(), strict=False):
                    panel.imshow(parts[i], interpolation="nearest", **scale)
            if self.targets is not None:
                self._draw_differences(self.targets)
            self._explain_colours(1 + len(drawn))
        self.figure_ = figure_of(self.axes_)
        return self

    def _scale(self, drawn: dict[str, list[np.ndarray]], cmap: str | None) -> dict[str, Any]:
        """Colours of predictions and targets."""
        if self.classes is not None:
            n_classes = len(self.classes)
            return {"vmin": -0.5, "vmax": n_classes - 0.5, "cmap": cmap or colours_of_classes(n_classes)}
        known = np.concatenate([part[np.isfinite(part)] for parts in drawn.values() for part in parts])
        return {"vmin": known.min(), "vmax": known.max(), "cmap": cmap or SEQUENTIAL}

    def _draw_differences(self, targets: list[np.ndarray]) -> None:
        """Signed differences of numbers; where classes differ, and nothing where there is no target."""
        differences = [part - target for part, target in zip(self.predictions, targets, strict=True)]
        greatest = max(float(np.nanmax(np.abs(part), initial=0.0)) for part in differences)
        for panel, difference in zip(self.axes_[:, -1], differences, strict=True):
            if self.classes is None:
                most = max(greatest, 1e-12)
                panel.imshow(difference, cmap=DIVERGING, vmin=-most, vmax=most, interpolation="nearest")
            else:
                differs = np.where(np.isnan(difference), 0, difference != 0)
                panel.imshow(differs, cmap="Greys", vmin=0, vmax=1.3, interpolation="nearest")
                panel.spines[:].set(visible=True, color=GUIDE_GREY)

    def _explain_colours(self, end: int) -> None:
        """A legend of the classes, or colour bars of the numbers, below the last row."""
        predicted = self.axes_[-1, 1].images[0]
        if self.classes is None:
            draw_colour_bar(predicted, self.axes_[:, 1:end], "prediction", location="bottom")
            if self.targets is not None:
                draw_colour_bar(self.axes_[-1, -1].images[0], self.axes_[:, -1], "difference", location="bottom")
        elif len(self.classes) <= MOST_NAMES:
            draw_class_bar(predicted, self.axes_[:, 1:end], self.classes)


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
