"""Reader of images."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags
from sklearn.utils.validation import check_array

from skneural.data import Container, Rows
from skneural.data.stored import is_stored
from skneural.hyperparameters import Choice, Constraint, Integer
from skneural.ops.types import Array
from skneural.readers.reader import CHANNELS_LAST, InputSpec, Reader, TableColumns, with_dtype
from skneural.readers.stored import few_rows, stored_container
from skneural.user_warnings import warn_user

# Numbers of X in a block of predictions: 127 images of 28 x 28, whose 32 feature maps take 13 MB in float32.
IMAGE_VALUES_PER_BLOCK = 100_000

# Numbers of X whose values tell the scale of all, in at least one image.
MANY_VALUES = 10_000_000
MANY_IMAGES = 100

# Side of the smallest coloured image of which is warned.
LEAST_SIDE = 8


def _is_image_shape(value: object) -> bool:
    size = Integer(1)
    return isinstance(value, list | tuple) and len(value) in (2, 3) and all(size.allows(n) for n in value)


IMAGE_SHAPE = Choice("auto") | Constraint("(height, width) or (height, width, channels)", _is_image_shape)


@dataclass(frozen=True)
class ImageOptions:
    """Hyper-parameters of the reader of images.

    Attributes
    ----------
    image_shape : str or sequence of int
        "auto", (height, width) or (height, width, channels).
    """

    image_shape: str | Sequence[int] = "auto"


@dataclass(frozen=True)
class Images(Reader):
    """Reader of images with channels last, or of rows of pixels.

    Attributes
    ----------
    columns : TableColumns
        Columns of rows of pixels; without names if X was images.
    image_shape : list of int
        Height, width and channels.
    strict : bool
        Whether the shape was set explicitly: kernels larger than the image are then an error.
    greatest : float or None
        Greatest value of pixels in training: 1 if they are fractions, more if they are integers; None for others.
    """

    columns: TableColumns
    image_shape: list[int]
    strict: bool
    greatest: float | None

    @classmethod
    def learn(cls, X: object, options: ImageOptions, spec: InputSpec) -> tuple[Self, Container]:
        X = array_of_images(X)
        strict = not isinstance(options.image_shape, str)
        looked_at, requirements = few_rows(X, spec)
        if are_rows(X):
            columns, rows = TableColumns.learn(looked_at, requirements, dtype=spec.stored_dtype(looked_at))
            shape = shape_of_rows(options.image_shape, columns.n_features)
            images = rows.reshape(-1, *shape)
        else:
            images = checked_images(looked_at, requirements)
            shape = images.shape[1:]
            columns = TableColumns(math.prod(shape))
            ensure_expected_shape(options.image_shape, shape)
        x = _container(X, images, spec)
        return cls(columns, [int(n) for n in shape], strict, greatest_pixel(x)), x

    def read(self, X: object, spec: InputSpec) -> Container:
        X = array_of_images(X)
        looked_at, requirements = few_rows(X, spec)
        if are_rows(X):
            shape: tuple[int, ...] = getattr(X, "shape", ())
            if [*shape, 1] == self.image_shape and shape[1] != self.columns.n_features:
                raise ValueError(f"X is a single image of shape {shape}; give it as X[np.newaxis].")
            rows = self.columns.check(looked_at, requirements, dtype=spec.stored_dtype(looked_at))
            images = rows.reshape(-1, *self.image_shape)
        else:
            images = checked_images(looked_at, requirements)
            self._ensure_same_shape(images.shape[1:], spec.estimator_name)
        x = _container(X, images, spec)
        self._warn_of_another_scale(x, spec.estimator_name)
        return x

    @classmethod
    def selects_rows(cls, options: Any) -> bool:
        return True

    def _warn_of_another_scale(self, x: Container, estimator_name: str) -> None:
        greatest = None if self.greatest is None else greatest_pixel(x)
        if greatest is None or self.greatest is None or (greatest == 1) == (self.greatest == 1):
            return
        here, there = (
            "fractions" if scale == 1 else f"integers up to {scale:g}" for scale in (greatest, self.greatest)
        )
        factor = f"X * {self.greatest:g}" if greatest == 1 else "X / 255"
        warn_user(
            f"The pixels of X are {here}, but {estimator_name} was fitted on {there}. Scale X as in training, such as "
            f"by {factor}."
        )

    def _ensure_same_shape(self, shape: tuple[int, ...], estimator_name: str) -> None:
        fitted = tuple(self.image_shape)
        if shape == fitted:
            return
        height, width, channels = fitted
        hint = ""
        if shape == (channels, height, width):
            hint = f" {CHANNELS_LAST}"
        elif shape == (width, channels, 1):
            hint = " A single image is given as X[np.newaxis]."
        raise ValueError(f"X has images of shape {shape}, but {estimator_name} was fitted on {fitted}.{hint}")

    @property
    def scaling_advice(self) -> str:
        return "standardize=True"

    def shapes(self) -> dict[str, Any]:
        return {"image_shape": self.image_shape, "strict": self.strict}

    def attributes(self) -> dict[str, Any]:
        return {**self.columns.attributes(), "image_shape_": tuple(self.image_shape)}

    def rows_per_block(self, x: Container) -> int:
        return max(1, IMAGE_VALUES_PER_BLOCK // math.prod(x.shape[1:]))

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.sparse = False
        tags.input_tags.three_d_array = True


def are_rows(X: object) -> bool:
    """Return True if each row of X is the pixels of an image."""
    return getattr(X, "ndim", 2) < 3


def checked_images(X: Any, spec: InputSpec) -> Array:
    """Images of shape (n, height, width, channels)."""
    images: Array = check_array(
        X,
        dtype=spec.stored_dtype(X),
        order="C",
        allow_nd=True,
        ensure_all_finite=spec.ensure_all_finite,
        estimator=spec.estimator_name,
        input_name="X",
    )
    spec.ensure_finite_samples(images)
    if images.ndim > 4:
        raise ValueError(
            f"X has shape {X.shape}, but images are (n, height, width, channels), or (n, height, width) if grey."
        )
    return images[..., np.newaxis] if images.ndim == 3 else images


def _container(X: Any, images: Array, spec: InputSpec) -> Container:
    """The samples of X, which are `images` if it is in memory."""
    if is_stored(X):
        return stored_container(X, spec, images.shape[1:])
    return spec.select(Rows(images, spec.resolve(images.dtype)))


def shape_of_rows(image_shape: str | Sequence[int], n_features: int) -> tuple[int, int, int]:
    """Shape of images that are given as rows of pixels."""
    if isinstance(image_shape, str):
        side = math.isqrt(n_features)
        if side * side == n_features:
            return side, side, 1
        _warn_of_colours(n_features)
        return 1, n_features, 1
    height, width, channels = _with_channels(image_shape)
    if height * width * channels != n_features:
        raise ValueError(
            f"image_shape={tuple(image_shape)} has {height * width * channels} numbers per image, but X has "
            f"{n_features} features."
        )
    return height, width, channels


def _with_channels(image_shape: Sequence[int]) -> tuple[int, int, int]:
    height, width, *channels = image_shape
    return height, width, channels[0] if channels else 1


def ensure_expected_shape(image_shape: str | Sequence[int], shape: tuple[int, ...]) -> None:
    """Raise if images do not have the shape that was set, or seem to have their channels first."""
    if not isinstance(image_shape, str):
        expected = _with_channels(image_shape)
        if shape != expected:
            first = shape == (expected[2], expected[0], expected[1]) and expected[2] != shape[2]
            hint = f" {CHANNELS_LAST}" if first else ""
            raise ValueError(f"X has images of shape {shape}, but image_shape={tuple(image_shape)}.{hint}")
    elif _has_channels_first(shape):
        raise ValueError(
            f"X has images of shape {shape}: {shape[0]} pixels high, with {shape[2]} channels. {CHANNELS_LAST} "
            f"If this is intended, set image_shape={shape}."
        )


def _has_channels_first(shape: tuple[int, ...]) -> bool:
    """Return True if a shape is more likely (channels, height, width); images one pixel high may be series."""
    height, width, channels = shape
    return min(width, channels) > 4 and (height in (3, 4) or (height == 1 and width == channels))


def _warn_of_colours(n_features: int) -> None:
    side = math.isqrt(n_features // 3)
    if 3 * side * side == n_features and side >= LEAST_SIDE:
        warn_user(
            f"X has {n_features} features, which are read as images of one row. {n_features} = {side} x {side} x 3: "
            f"for coloured images, set image_shape=({side}, {side}, 3)."
        )


def greatest_pixel(x: Container) -> float | None:
    """The greatest value if pixels are integers from 0 on, 1 if they are fractions from 0 to 1; None for others."""
    some = x[: max(1, min(MANY_IMAGES, MANY_VALUES // math.prod(x.shape[1:])))].as_batch()[0]
    greatest = float(some.max())
    if some.min() < 0:
        return None
    if greatest <= 1:
        return 1.0 if ((some > 0) & (some < 1)).any() else None
    return greatest if (some == np.rint(some)).all() else None


def array_of_images(X: object) -> Any:
    """X, from a list or a series of images to an array; a stored array as it is.

    Raises
    ------
    ValueError
        If X is names of files, or the images differ in shape.
    """
    if is_stored(X):
        return X
    images = list_of_images(X)
    if images is None:
        return with_dtype(X)
    shapes = sorted({image.shape for image in images})
    if len(shapes) > 1:
        raise ValueError(
            f"X has images of different shapes, such as {shapes[0]} and {shapes[-1]}; resize them to one shape, such "
            "as by image.convert('RGB').resize((width, height)) with PIL."
        )
    return np.stack(images)


def list_of_images(X: object) -> list[Array] | None:
    """One array for each image, if X is a list or a series of images; None otherwise.

    Raises
    ------
    ValueError
        If X is names of files.
    """
    samples = list(X) if isinstance(X, list | tuple) or getattr(X, "ndim", 2) == 1 else []  # type: ignore[call-overload]
    if samples and all(isinstance(sample, str | os.PathLike) for sample in samples):
        raise ValueError(
            f"X is names, such as {str(samples[0])!r}, not images. Read the files, such as by "
            "X = np.stack([np.asarray(PIL.Image.open(name)) for name in X])."
        )
    images = [np.asarray(sample) for sample in samples if hasattr(sample, "shape") or hasattr(sample, "tobitmap")]
    return None if len(images) < len(samples) or not samples or images[0].ndim < 2 else images
