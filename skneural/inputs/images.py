"""Images as X: what is accepted, and what it means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, validate_data

from skneural.data import Container, Rows, Samples
from skneural.hyperparameters import BOOLEAN, Choice, Constraint, Integer, declare, hyperparameter
from skneural.inputs.input_kind import CHANNELS_LAST, Expected, InputKind, with_dtype
from skneural.inputs.standardize import set_standardization
from skneural.layers import Layer
from skneural.parameters import Tree

# Numbers of X that are predicted at once: 127 images of 28 x 28, whose 32 feature maps take 13 MB in float32.
NUMBERS_PER_BLOCK = 100_000


def _is_image_shape(value: Any) -> bool:
    one = Integer(1)
    return isinstance(value, list | tuple) and len(value) in (2, 3) and all(one.allows(n) for n in value)


IMAGE_SHAPE = Choice("auto") | Constraint("(height, width) or (height, width, channels)", _is_image_shape)


@declare
class ImageFields:
    """Hyper-parameters of what takes images."""

    image_shape: str | Sequence[int] = hyperparameter(
        "auto",
        IMAGE_SHAPE,
        """Shape of each image. "auto": that of X if X has three or four axes; rows of a square number of features are
        square grey images, other rows are images one pixel high. With an explicit shape, kernels and poolings that are
        larger than what is left of the image are an error; with "auto" they are made smaller or left out.""",
    )
    standardize: bool = hyperparameter(
        True,
        BOOLEAN,
        """Whether each channel is centred and scaled by its mean and standard deviation over the training images (those
        of the first call, in `partial_fit`), so that raw pixels of any range can be learned from.""",
    )

    attributes_doc = {
        "image_shape_": ("tuple of int", "Height, width and channels of the images."),
        "n_features_in_": ("int", "Numbers in an image: height times width times channels."),
    }


@dataclass(frozen=True)
class Images(InputKind):
    """X is images, channels last; rows of pixels become images by `image_shape`."""

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        X = with_dtype(_of_one_size(X))
        dtype, reset = expected
        if getattr(X, "ndim", 2) < 3:
            rows = validate_data(estimator, X, dtype=dtype, reset=reset)
            shape = _shape_of_rows(estimator.image_shape, rows.shape[1]) if reset else estimator.image_shape_
            images = rows.reshape(-1, *shape)
        else:
            images = check_array(X, dtype=dtype, allow_nd=True, estimator=estimator, input_name="X")
            if images.ndim > 4:
                raise ValueError(
                    f"X has shape {X.shape}: images have 3 axes (grey) or 4, (n, height, width, channels)."
                )
            images = images[..., np.newaxis] if images.ndim == 3 else images
            shape = images.shape[1:]
            if reset:
                _ensure_shape_is_meant(estimator.image_shape, shape)
                estimator.__dict__.pop("feature_names_in_", None)  # of an earlier fit
                estimator.n_features_in_ = math.prod(shape)
            else:
                _ensure_shape_was_fitted(estimator, shape)
        if reset:
            estimator.image_shape_ = tuple(int(n) for n in shape)
        return Rows(images)

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        return {"image_shape": list(estimator.image_shape_), "strict": estimator.image_shape != "auto"}

    def prepare(self, network: Layer, tree: Tree, samples: Samples) -> None:
        set_standardization(network, tree, samples)

    def rows_per_block(self, x: Container) -> int:
        return max(1, NUMBERS_PER_BLOCK // math.prod(x.shape[1:]))

    def tag(self, tags: Any) -> None:
        tags.input_tags.sparse = False
        tags.input_tags.three_d_array = True


def _shape_of_rows(image_shape: str | Sequence[int], n_features: int) -> tuple[int, int, int]:
    """Shape of the images that are given as rows of features."""
    if isinstance(image_shape, str):
        side = math.isqrt(n_features)
        return (side, side, 1) if side * side == n_features else (1, n_features, 1)
    height, width, channels = _with_channels(image_shape)
    if height * width * channels != n_features:
        raise ValueError(
            f"image_shape={tuple(image_shape)} makes {height * width * channels} numbers an image, but X has "
            f"{n_features} features."
        )
    return height, width, channels


def _with_channels(image_shape: Sequence[int]) -> tuple[int, int, int]:
    height, width, *channels = image_shape
    return height, width, channels[0] if channels else 1


def _ensure_shape_was_fitted(estimator: BaseEstimator, shape: tuple[int, ...]) -> None:
    """Raise if images of that shape are not what was fitted."""
    if shape == estimator.image_shape_:
        return
    height, width, channels = estimator.image_shape_
    hint = ""
    if shape == (channels, height, width):
        hint = f" {CHANNELS_LAST}"
    elif shape == (width, channels, 1):
        hint = " A single image is given as X[np.newaxis]."
    raise ValueError(
        f"X has images of shape {shape}, but {type(estimator).__name__} was fitted on {estimator.image_shape_}.{hint}"
    )


def _ensure_shape_is_meant(image_shape: str | Sequence[int], shape: tuple[int, ...]) -> None:
    """Raise if images of that shape are not what was asked for, or look like a mistake."""
    if not isinstance(image_shape, str):
        expected = _with_channels(image_shape)
        if shape != expected:
            first = shape == (expected[2], expected[0], expected[1]) and expected[2] != shape[2]
            hint = f" {CHANNELS_LAST}" if first else ""
            raise ValueError(f"X has images of shape {shape}, but image_shape={tuple(image_shape)}.{hint}")
    elif _has_channels_first(shape):
        raise ValueError(
            f"X has images of shape {shape}: {shape[0]} pixels high, with {shape[2]} channels. {CHANNELS_LAST} "
            f"If you do mean it, set image_shape={shape}."
        )


def _has_channels_first(shape: tuple[int, ...]) -> bool:
    """Whether images of that shape are more likely (channels, height, width); images one pixel high may be series."""
    height, width, channels = shape
    return min(width, channels) > 4 and (height in (3, 4) or (height == 1 and width == channels))


def _of_one_size(X: Any) -> Any:
    """X, as a list if it is an object array of images; raises if images make no array."""
    if isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1 and all(np.ndim(image) > 1 for image in X):
        X = list(X)
    if isinstance(X, list | tuple):
        shapes = sorted({np.shape(image) for image in X if hasattr(image, "shape")})
        if len(shapes) > 1:
            raise ValueError(
                f"X has images of different shapes, such as {shapes[0]} and {shapes[-1]}; resize them to one."
            )
    return X
