"""Images beside the pixels that a prediction depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from skneural.drawing import SEQUENTIAL, draw_colour_bar, draw_image, figure_of, styled_grid, without_ticks
from skneural.inspection.images import image_and_output, occlusion_map, saliency_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skneural.template.estimator import NeuralEstimator

# Names of the numbers of each map.
NUMBERS = {"occlusion": "fall of the score", "saliency": "absolute gradient"}


class SaliencyDisplay:
    """Image beside the maps of the pixels that a prediction depends on.

    `from_estimator` makes it of a fitted model, and draws it.

    Parameters
    ----------
    image : array of shape (height, width) or (height, width, channels)
    maps : mapping of str to array of shape (height, width)
        Maps by the names of their methods: "occlusion", of `occlusion_map`, and "saliency", of `saliency_map`.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes, of shape (1, 1 + n_maps)
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneural import CNNClassifier
    >>> from skneural.inspection import SaliencyDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> model = CNNClassifier(channels=(4, 8), max_iter=5, early_stopping=False).fit(X[:200], y[:200])
    >>> SaliencyDisplay.from_estimator(model, X[0]).axes_.shape
    (1, 3)
    """

    def __init__(self, *, image: np.ndarray, maps: Mapping[str, np.ndarray]) -> None:
        self.image = image
        self.maps = maps

    @classmethod
    def from_estimator(
        cls,
        estimator: NeuralEstimator,
        image: npt.ArrayLike,
        *,
        methods: Sequence[str] = ("occlusion", "saliency"),
        target: int | str | None = None,
        size: int | None = None,
        stride: int = 1,
        cmap: str = SEQUENTIAL,
        ax: Axes | np.ndarray | None = None,
    ) -> Self:
        """Compute the maps of an image with a fitted model, and draw them.

        Parameters
        ----------
        estimator : CNNClassifier or CNNRegressor
            Fitted.
        image : array-like of shape (height, width) or (height, width, channels)
        methods : sequence of {"occlusion", "saliency"}, default=("occlusion", "saliency")
            Maps to draw.
        target : class label or int, default=None
            Class whose score is inspected, or the index of the output of a regressor. None: the predicted class, or the
            first output.
        size : int, default=None
            Side of the occluded square in pixels; None: a quarter of the smaller side of the image.
        stride : int, default=1
            Distance between neighbouring squares in pixels.
        cmap : str, default="viridis"
            Colour map of the maps.
        ax : matplotlib.axes.Axes or array of them, default=None
            Axes whose place is divided, or those to draw into; None: those of a new figure.

        Returns
        -------
        display : SaliencyDisplay

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If there is no such method, class or size.
        """
        unknown = [method for method in methods if method not in NUMBERS]
        if unknown or not methods:
            raise ValueError(f"methods={methods!r} must be some of {list(NUMBERS)}.")
        x, _ = image_and_output(estimator, image, target)
        maps = {
            method: saliency_map(estimator, image, target=target)
            if method == "saliency"
            else occlusion_map(estimator, image, target=target, size=size, stride=stride)
            for method in methods
        }
        return cls(image=x[0], maps=maps).plot(ax, cmap=cmap)

    def plot(self, ax: Axes | np.ndarray | None = None, *, cmap: str = SEQUENTIAL) -> Self:
        """Draw the image and the maps.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array of them, default=None
            Axes whose place is divided, or those to draw into; None: those of a new figure.
        cmap : str, default="viridis"
            Colour map of the maps.

        Returns
        -------
        display : SaliencyDisplay
            With the attributes of the drawing.
        """
        n_columns = 1 + len(self.maps)
        with styled_grid(ax, (1, n_columns), (min(2.4 * n_columns, 7.0), 2.4)) as self.axes_:
            draw_image(self.axes_[0, 0], self.image)
            for panel, (method, values) in zip(self.axes_[0, 1:], self.maps.items(), strict=True):
                drawn = panel.imshow(values, cmap=cmap, interpolation="nearest")
                without_ticks(panel)
                draw_colour_bar(drawn, panel, NUMBERS.get(method, "score"), location="bottom")
            for panel, title in zip(self.axes_[0], ("image", *self.maps), strict=True):
                panel.set_title(title)
        self.figure_ = figure_of(self.axes_)
        return self
