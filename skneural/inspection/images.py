"""Saliency and occlusion maps, kernels and feature maps of convolutional networks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skneural.drawing.pyplot import new_figure
from skneural.layers import Convolution, FilterBank, Standardization
from skneural.layers.traversal import find, named
from skneural.template.introspection import checked_array, input_gradient, parameters_of, raw_scores_of_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from skneural.template.estimator import NeuralEstimator


def occlusion_map(
    estimator: NeuralEstimator,
    image: npt.ArrayLike,
    *,
    target: int | str | None = None,
    size: int | None = None,
    stride: int = 1,
) -> np.ndarray:
    """Compute how much the score falls when a square of the image is occluded, for squares all over the image.

    The prediction depends most on the pixels with the largest fall [1]_. The square is filled with the mean of each
    channel over the training images, or over this image if the estimator does not standardize.

    Parameters
    ----------
    estimator : CNNClassifier or CNNRegressor
        Fitted.
    image : array-like of shape (height, width) or (height, width, channels)
    target : class label or int, default=None
        Class whose score is inspected, or the index of the output of a regressor. None: the predicted class, or the
        first output.
    size : int, default=None
        Side of the square in pixels; None: a quarter of the smaller side of the image.
    stride : int, default=1
        Distance between neighbouring squares in pixels.

    Returns
    -------
    falls : ndarray of shape (height, width)
        Decrease of the raw score, before any link function, averaged over the squares that cover each pixel. NaN for
        pixels that no square covers.

    References
    ----------
    .. [1] Zeiler and Fergus. "Visualizing and understanding convolutional networks". ECCV 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneural import CNNClassifier
    >>> from skneural.inspection import occlusion_map
    >>> X, y = load_digits(return_X_y=True)
    >>> model = CNNClassifier(channels=(4, 8), max_iter=5, early_stopping=False).fit(X[:200], y[:200])
    >>> occlusion_map(model, X[0].reshape(8, 8)).shape
    (8, 8)
    """
    x, output = _image_and_output(estimator, image, target)
    height, width, _ = x.shape[1:]
    side = max(1, min(height, width) // 4) if size is None else size
    if not 1 <= side <= min(height, width):
        raise ValueError(f"size={size} is not between 1 and the smaller side of the image, {min(height, width)}.")
    corners = [(i, j) for i in range(0, height - side + 1, stride) for j in range(0, width - side + 1, stride)]
    covered = np.repeat(x, len(corners), axis=0)
    for occluded, (i, j) in zip(covered, corners, strict=True):
        occluded[i : i + side, j : j + side] = _fill_values(estimator, x)
    falls = raw_scores_of_array(estimator, x)[0, output] - raw_scores_of_array(estimator, covered)[:, output]
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for fall, (i, j) in zip(falls, corners, strict=True):
        total[i : i + side, j : j + side] += fall
        count[i : i + side, j : j + side] += 1
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def saliency_map(estimator: NeuralEstimator, image: npt.ArrayLike, *, target: int | str | None = None) -> np.ndarray:
    """Compute the absolute gradient of the score with respect to each pixel [1]_.

    Parameters
    ----------
    estimator : CNNClassifier or CNNRegressor
        Fitted.
    image : array-like of shape (height, width) or (height, width, channels)
    target : class label or int, default=None
        Class whose score is inspected, or the index of the output of a regressor. None: the predicted class, or the
        first output.

    Returns
    -------
    saliency : ndarray of shape (height, width)
        Greatest absolute derivative of the raw score over the channels of each pixel of the original image.

    References
    ----------
    .. [1] Simonyan, Vedaldi and Zisserman. "Deep inside convolutional networks: visualising image classification
       models and saliency maps". ICLR workshop 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneural import CNNClassifier
    >>> from skneural.inspection import saliency_map
    >>> X, y = load_digits(return_X_y=True)
    >>> model = CNNClassifier(channels=(4, 8), max_iter=5, early_stopping=False).fit(X[:200], y[:200])
    >>> saliency_map(model, X[0].reshape(8, 8)).shape
    (8, 8)
    """
    x, output = _image_and_output(estimator, image, target)
    return np.abs(input_gradient(estimator, x, output)[0]).max(axis=-1)


def plot_kernels(
    estimator: NeuralEstimator, *, layer: str | None = None, max_kernels: int = 64, figure: Figure | None = None
) -> Figure:
    """Draw the kernels of a convolution, each on a separate grey scale that is centred at zero.

    Kernels with three input channels are drawn in colour; others as the mean over their input channels.

    Parameters
    ----------
    estimator : CNNClassifier or CNNRegressor
        Fitted.
    layer : str, default=None
        Name of the layer, as in ``estimator.receptive_field()``; None: the first convolution or filter bank.
    max_kernels : int, default=64
        Maximum number of kernels to draw; the first ones are taken.
    figure : matplotlib Figure or SubFigure, default=None
        Figure to draw into; None: a new one.

    Returns
    -------
    figure : matplotlib Figure or SubFigure

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneural import CNNClassifier
    >>> from skneural.inspection import plot_kernels
    >>> X, y = load_digits(return_X_y=True)
    >>> model = CNNClassifier(channels=(4, 8), max_iter=5, early_stopping=False).fit(X[:200], y[:200])
    >>> figure = plot_kernels(model)
    """
    check_is_fitted(estimator)
    name, kernels = _kernels(estimator, layer)
    n = min(max_kernels, kernels.shape[3])
    n_columns = min(n, 8)
    n_rows = math.ceil(n / n_columns)
    figure = new_figure(figure, n_columns, n_rows + 0.4)
    axes = figure.subplots(n_rows, n_columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, kernel in zip(axes.flat, np.moveaxis(kernels, 3, 0)[:n], strict=False):
        strongest = max(float(np.abs(kernel).max()), 1e-12)
        if kernel.shape[2] == 3:
            ax.imshow(kernel / (2 * strongest) + 0.5)
        else:
            ax.imshow(kernel.mean(axis=2), cmap="gray", vmin=-strongest, vmax=strongest)
    figure.suptitle(f"{name}: {n} of {kernels.shape[3]} kernels" if n < kernels.shape[3] else name)
    return figure


def plot_feature_maps(
    estimator: NeuralEstimator,
    image: npt.ArrayLike,
    *,
    layers: list[str] | None = None,
    max_maps: int = 8,
    cmap: str = "viridis",
    figure: Figure | None = None,
) -> Figure:
    """Draw an image and its feature maps, one row per layer.

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
        Colour map of the feature maps, each of which is scaled separately.
    figure : matplotlib Figure or SubFigure, default=None
        Figure to draw into; None: a new one.

    Returns
    -------
    figure : matplotlib Figure or SubFigure

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneural import CNNClassifier
    >>> from skneural.inspection import plot_feature_maps
    >>> X, y = load_digits(return_X_y=True)
    >>> model = CNNClassifier(channels=(4, 8), max_iter=5, early_stopping=False).fit(X[:200], y[:200])
    >>> figure = plot_feature_maps(model, X[0].reshape(8, 8))
    """
    x, _ = _image_and_output(estimator, image, None)
    maps = estimator.feature_maps(x)
    if layers is None:
        omitted = ("standardization", "bias", "batch_normalization", "local_response")
        layers = [name for name in maps if "." not in name and not name.startswith(omitted)]
    unknown = [name for name in layers if name not in maps]
    if unknown:
        raise ValueError(f"There are no feature maps of {unknown}; layers with feature maps are {list(maps)}.")
    fields = estimator.receptive_field()
    n_columns = 1 + min(max_maps, max(maps[name].shape[3] for name in layers))
    figure = new_figure(figure, n_columns + 0.6, len(layers) + 1)
    axes = figure.subplots(len(layers) + 1, n_columns, squeeze=False, width_ratios=[1.6, *[1] * (n_columns - 1)])
    for ax in axes.flat:
        ax.set_axis_off()
    pixels = x[0] if x.shape[3] == 3 else x[0].mean(axis=2)
    axes[0, 0].imshow((pixels - pixels.min()) / max(np.ptp(pixels), 1e-12), cmap="gray")
    for row, name in zip(axes[1:], layers, strict=True):
        height, width = fields[name].size
        row[0].text(0.5, 0.5, f"{name}\nsees {height} x {width}", ha="center", va="center", fontsize=8)
        for ax, feature_map in zip(row[1:], np.moveaxis(maps[name][0], 2, 0), strict=False):
            ax.imshow(feature_map, cmap=cmap)
    return figure


def _image_and_output(
    estimator: NeuralEstimator, image: npt.ArrayLike, target: int | str | None
) -> tuple[np.ndarray, int]:
    """Batch of the single image, and the index of the raw score to inspect."""
    check_is_fitted(estimator)
    image = np.asarray(image)
    if image.ndim == 1:
        image = image.reshape(estimator.image_shape_)
    x = checked_array(estimator, image[np.newaxis])
    if not is_classifier(estimator):
        return x, 0 if target is None else int(target)
    classes = estimator.classes_.tolist()
    raw = raw_scores_of_array(estimator, x)[0]
    if target is not None and target not in classes:
        raise ValueError(f"target={target!r} is not among the classes {classes}.")
    if len(raw) == 1:
        return x, 0
    return x, int(raw.argmax()) if target is None else classes.index(target)


def _fill_values(estimator: NeuralEstimator, x: np.ndarray) -> np.ndarray:
    """Value of each channel inside an occluded square."""
    standardizations = find(estimator.network_, parameters_of(estimator), Standardization)
    return standardizations[0][1]["mean"] if standardizations else x[0].mean(axis=(0, 1))


def _kernels(estimator: NeuralEstimator, layer: str | None) -> tuple[str, np.ndarray]:
    """Name and kernels, (height, width, channels_in, channels_out), of a layer or of the first layer with kernels."""
    layers = named(estimator.network_, parameters_of(estimator))
    with_kernels = {name: p for name, child, p in layers if isinstance(child, Convolution | FilterBank)}
    name = next(iter(with_kernels)) if layer is None else layer
    if name not in with_kernels:
        raise ValueError(f"There are no kernels in {name!r}; layers with kernels are {list(with_kernels)}.")
    p = with_kernels[name]
    return name, p["kernel"] if "kernel" in p else p["even"]
