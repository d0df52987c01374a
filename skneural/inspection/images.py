"""Saliency and occlusion maps of convolutional networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skneural.layers import Standardization
from skneural.layers.traversal import find
from skneural.template.introspection import checked_array, input_gradient, parameters_of, raw_scores_of_array

if TYPE_CHECKING:
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
    x, output = image_and_output(estimator, image, target)
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
    """Compute the absolute gradient of the score with respect to each pixel.

    It is the saliency map of [1]_.

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
    x, output = image_and_output(estimator, image, target)
    return np.abs(input_gradient(estimator, x, output)[0]).max(axis=-1)


def image_and_output(
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
