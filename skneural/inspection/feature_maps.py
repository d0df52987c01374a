"""Kernels and feature maps of convolutional networks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from skneural.drawing import (
    GREY,
    SEQUENTIAL,
    draw_image,
    draw_scale,
    figure_of,
    styled_grid,
    without_ticks,
)
from skneural.inspection.images import image_and_output
from skneural.layers import Convolution, FilterBank
from skneural.layers.traversal import named
from skneural.template.introspection import parameters_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skneural.template.estimator import NeuralEstimator

MOST_COLUMNS = 8
OMITTED = ("standardization", "bias", "batch_normalization", "local_response")


class KernelsDisplay:
    """Kernels of a convolution, each on a separate grey scale that is centred at zero.

    `from_estimator` makes it of a fitted model, and draws it. Kernels with three input channels are drawn in colour;
    others as the mean over their input channels.

    Parameters
    ----------
    kernels : array of shape (height, width, channels_in, n_kernels)
    name : str, default="kernels"
        Name of the layer.
    max_kernels : int, default=64
        Maximum number of kernels to draw; the first ones are taken.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes
        A row for eight kernels.
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneural import CNNClassifier
    >>> from skneural.inspection import KernelsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> model = CNNClassifier(channels=(4, 8), max_iter=5, early_stopping=False).fit(X[:200], y[:200])
    >>> KernelsDisplay.from_estimator(model).axes_.shape
    (1, 4)
    """

    def __init__(self, *, kernels: np.ndarray, name: str = "kernels", max_kernels: int = 64) -> None:
        self.kernels = kernels
        self.name = name
        self.max_kernels = max_kernels

    @classmethod
    def from_estimator(
        cls,
        estimator: NeuralEstimator,
        *,
        layer: str | None = None,
        max_kernels: int = 64,
        ax: Axes | np.ndarray | None = None,
    ) -> Self:
        """Draw the kernels of a layer of a fitted model.

        Parameters
        ----------
        estimator : CNNClassifier or CNNRegressor
            Fitted.
        layer : str, default=None
            Name of the layer, as in ``estimator.receptive_field()``; None: the first convolution or filter bank.
        max_kernels : int, default=64
            Maximum number of kernels to draw; the first ones are taken.
        ax : matplotlib.axes.Axes or array of them, default=None
            Axes whose place is divided, or those to draw into; None: those of a new figure.

        Returns
        -------
        display : KernelsDisplay

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If the layer has no kernels.
        """
        check_is_fitted(estimator)
        name, kernels = _kernels(estimator, layer)
        return cls(kernels=kernels, name=name, max_kernels=max_kernels).plot(ax)

    def plot(self, ax: Axes | np.ndarray | None = None) -> Self:
        """Draw the kernels.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array of them, default=None
            Axes whose place is divided, or those to draw into; None: those of a new figure.

        Returns
        -------
        display : KernelsDisplay
            With the attributes of the drawing.
        """
        n_kernels = self.kernels.shape[3]
        n = min(self.max_kernels, n_kernels)
        n_columns = min(n, MOST_COLUMNS)
        n_rows = math.ceil(n / n_columns)
        with styled_grid(ax, (n_rows, n_columns), (0.85 * n_columns + 0.2, 0.85 * n_rows + 0.4)) as self.axes_:
            for panel in self.axes_.flat:
                panel.set_axis_off()
            for panel, kernel in zip(self.axes_.flat, np.moveaxis(self.kernels, 3, 0)[:n], strict=False):
                strongest = max(float(np.abs(kernel).max()), 1e-12)
                if kernel.shape[2] == 3:
                    panel.imshow(kernel / (2 * strongest) + 0.5)
                else:
                    panel.imshow(kernel.mean(axis=2), cmap=GREY, vmin=-strongest, vmax=strongest)
            title = f"{self.name}: {n} of {n_kernels} kernels" if n < n_kernels else self.name
            self.axes_[0, 0].set_title(title, loc="left")
            if self.kernels.shape[2] != 3:
                draw_scale(self.axes_, GREY, "weights of each kernel", {-1: "- greatest", 0: "0", 1: "greatest"})
        self.figure_ = figure_of(self.axes_)
        return self


class FeatureMapsDisplay:
    """Image and its feature maps, one row per layer.

    `from_estimator` makes it of a fitted model, and draws it. Each map has a scale of its own.

    Parameters
    ----------
    image : array of shape (height, width) or (height, width, channels)
    maps : mapping of str to array of shape (height, width, n_maps)
        Feature maps by the names of their layers.
    receptive_fields : mapping of str to pair of int
        Height and width, in pixels of the image, that each layer sees.
    max_maps : int, default=8
        Maximum number of maps to draw of each layer; the first ones are taken.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes, of shape (1 + n_layers, 1 + n_maps)
        The first row has the image, and the first column the names of the layers.
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneural import CNNClassifier
    >>> from skneural.inspection import FeatureMapsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> model = CNNClassifier(channels=(4, 8), max_iter=5, early_stopping=False).fit(X[:200], y[:200])
    >>> display = FeatureMapsDisplay.from_estimator(model, X[0].reshape(8, 8))
    >>> display.receptive_fields["convolution_1"]
    (3, 3)
    """

    def __init__(
        self,
        *,
        image: np.ndarray,
        maps: Mapping[str, np.ndarray],
        receptive_fields: Mapping[str, tuple[int, int]],
        max_maps: int = 8,
    ) -> None:
        self.image = image
        self.maps = maps
        self.receptive_fields = receptive_fields
        self.max_maps = max_maps

    @classmethod
    def from_estimator(
        cls,
        estimator: NeuralEstimator,
        image: npt.ArrayLike,
        *,
        layers: list[str] | None = None,
        max_maps: int = 8,
        cmap: str = SEQUENTIAL,
        ax: Axes | np.ndarray | None = None,
    ) -> Self:
        """Draw the feature maps of a fitted model.

        Parameters
        ----------
        estimator : CNNClassifier or CNNRegressor
            Fitted.
        image : array-like of shape (height, width) or (height, width, channels)
        layers : list of str, default=None
            Names of layers, as in ``estimator.feature_maps(X)``; None: all convolutions, activations, poolings and sums
            outside of blocks.
        max_maps : int, default=8
            Maximum number of maps to draw of each layer; the first ones are taken.
        cmap : str, default="viridis"
            Colour map of the feature maps.
        ax : matplotlib.axes.Axes or array of them, default=None
            Axes whose place is divided, or those to draw into; None: those of a new figure.

        Returns
        -------
        display : FeatureMapsDisplay

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If a layer has no feature maps.
        """
        x, _ = image_and_output(estimator, image, None)
        maps = estimator.feature_maps(x)
        if layers is None:
            layers = [name for name in maps if "." not in name and not name.startswith(OMITTED)]
        unknown = [name for name in layers if name not in maps]
        if unknown:
            raise ValueError(f"There are no feature maps of {unknown}; layers with feature maps are {list(maps)}.")
        fields = estimator.receptive_field()
        display = cls(
            image=x[0],
            maps={name: maps[name][0] for name in layers},
            receptive_fields={name: fields[name].size for name in layers},
            max_maps=max_maps,
        )
        return display.plot(ax, cmap=cmap)

    def plot(self, ax: Axes | np.ndarray | None = None, *, cmap: str = SEQUENTIAL) -> Self:
        """Draw the image and the feature maps.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array of them, default=None
            Axes whose place is divided, or those to draw into; None: those of a new figure.
        cmap : str, default="viridis"
            Colour map of the feature maps.

        Returns
        -------
        display : FeatureMapsDisplay
            With the attributes of the drawing.
        """
        n_maps = min(self.max_maps, max(maps.shape[2] for maps in self.maps.values()))
        shape, ratios = (len(self.maps) + 1, n_maps + 1), [2.4, *[1.0] * n_maps]
        with styled_grid(ax, shape, (7.0, 0.7 * shape[0] + 0.2), width_ratios=ratios) as self.axes_:
            for panel in self.axes_.flat:
                panel.set_axis_off()
            draw_image(self.axes_[0, 0], self.image)
            for row, (name, maps) in zip(self.axes_[1:], self.maps.items(), strict=True):
                height, width = self.receptive_fields[name]
                text = f"{name}\nsees {height} x {width}"
                row[0].text(0.5, 0.5, text, ha="center", va="center", fontsize="small")
                for panel, feature_map in zip(row[1:], np.moveaxis(maps, 2, 0), strict=False):
                    panel.imshow(feature_map, cmap=cmap)
                    without_ticks(panel)
            draw_scale(self.axes_[1:], cmap, "values of each map", {0: "least", 1: "greatest"})
        self.figure_ = figure_of(self.axes_)
        return self


def _kernels(estimator: NeuralEstimator, layer: str | None) -> tuple[str, np.ndarray]:
    """Name and kernels, (height, width, channels_in, channels_out), of a layer or of the first layer with kernels."""
    layers = named(estimator.network_, parameters_of(estimator))
    with_kernels = {name: p for name, child, p in layers if isinstance(child, Convolution | FilterBank)}
    name = next(iter(with_kernels)) if layer is None else layer
    if name not in with_kernels:
        raise ValueError(f"There are no kernels in {name!r}; layers with kernels are {list(with_kernels)}.")
    p = with_kernels[name]
    return name, p["kernel"] if "kernel" in p else p["even"]
