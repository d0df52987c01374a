"""Images as X: what is accepted, and what it means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, validate_data

from skneural.estimators.channel_moments import set_standardization
from skneural.estimators.estimator import with_dtype
from skneural.hyperparameters import BOOLEAN, Choice, Constraint, Integer, declare, hyperparameter
from skneural.parameters import Weights
from skneural.training.batches import Samples

# Numbers of X that are predicted at once: 127 images of 28 x 28, whose 32 feature maps take 13 MB in float32.
NUMBERS_PER_BLOCK = 100_000


def _is_image_shape(value: Any) -> bool:
    one = Integer(1)
    return isinstance(value, list | tuple) and len(value) in (2, 3) and all(one.allows(n) for n in value)


def _of_one_size(X: Any) -> Any:
    """X, unless it is a list of images that make no array."""
    if isinstance(X, list | tuple):
        shapes = sorted({np.shape(image) for image in X if hasattr(image, "shape")})
        if len(shapes) > 1:
            raise ValueError(
                f"X has images of different shapes, such as {shapes[0]} and {shapes[-1]}; resize them to one."
            )
    return X


@declare
class ImageInput:
    """X is images, channels last; rows of pixels become images by `image_shape`."""

    image_shape: str | Sequence[int] = hyperparameter(
        "auto",
        Choice("auto") | Constraint("(height, width) or (height, width, channels)", _is_image_shape),
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

    def _check_X(self, X: Any, *, dtype: Any, reset: bool) -> np.ndarray:
        X = with_dtype(_of_one_size(X))
        if getattr(X, "ndim", 2) < 3:
            rows = validate_data(self, X, dtype=dtype, reset=reset)
            shape = self._shape_of_rows(rows.shape[1]) if reset else self.image_shape_
            images = rows.reshape(-1, *shape)
        else:
            images = check_array(X, dtype=dtype, allow_nd=True, estimator=self, input_name="X")
            if images.ndim > 4:
                raise ValueError(
                    f"X has shape {X.shape}: images have 3 axes (grey) or 4, (n, height, width, channels)."
                )
            images = images[..., np.newaxis] if images.ndim == 3 else images
            shape = images.shape[1:]
            self._check_image_shape(shape, reset)
            if reset:
                self.__dict__.pop("feature_names_in_", None)  # of an earlier fit
                self.n_features_in_ = math.prod(shape)
        if reset:
            self.image_shape_ = tuple(int(n) for n in shape)
        return images

    def _shape_of_rows(self, n_features: int) -> tuple[int, int, int]:
        """Shape of the images that are given as rows of features."""
        if self.image_shape == "auto":
            side = math.isqrt(n_features)
            return (side, side, 1) if side * side == n_features else (1, n_features, 1)
        height, width, channels = self._explicit_shape()
        if height * width * channels != n_features:
            raise ValueError(
                f"image_shape={tuple(self.image_shape)} makes {height * width * channels} numbers an image, but X has "
                f"{n_features} features."
            )
        return height, width, channels

    def _explicit_shape(self) -> tuple[int, int, int]:
        height, width, *channels = self.image_shape
        return height, width, channels[0] if channels else 1

    def _check_image_shape(self, shape: tuple[int, ...], reset: bool) -> None:
        """Raise if images of that shape are not what was fitted or asked for, or are hardly meant so."""
        if not reset:
            height, width, channels = self.image_shape_
            if shape != self.image_shape_:
                hint = ""
                if shape == (channels, height, width):
                    hint = " Channels come last: give np.moveaxis(X, 1, -1)."
                elif shape == (width, channels, 1):
                    hint = " A single image is given as X[np.newaxis]."
                raise ValueError(
                    f"X has images of shape {shape}, but {type(self).__name__} was fitted on {self.image_shape_}.{hint}"
                )
        elif self.image_shape != "auto":
            expected = self._explicit_shape()
            if shape != expected:
                first = shape == (expected[2], expected[0], expected[1]) and expected[2] != shape[2]
                hint = "; channels come last: give np.moveaxis(X, 1, -1)" if first else ""
                raise ValueError(f"X has images of shape {shape}, but image_shape={tuple(self.image_shape)}{hint}.")
        elif shape[0] in (1, 3, 4) and shape[1] == shape[2] > 4:
            raise ValueError(
                f"X has images of shape {shape}: {shape[0]} pixels high, with {shape[2]} channels. Channels come last; "
                "if these are images with channels first, give np.moveaxis(X, 1, -1), and if you do mean it, set "
                f"image_shape={shape}."
            )

    def _prepare(self, weights: Weights, samples: Samples) -> None:
        set_standardization(self._network.layer, weights.tree, samples)

    def _rows_per_block(self, x: Any) -> int:
        return max(1, NUMBERS_PER_BLOCK // math.prod(x.shape[1:]))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.input_tags.three_d_array = True
        return tags
