"""Targets of each pixel of an image: classes or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, check_consistent_length

from skneural.data import Container, PixelImages, Targets
from skneural.data.object_columns import object_array, unpacked
from skneural.ops.types import Array
from skneural.readers import Pieces, Reader
from skneural.tasks import UNLABELLED, Classes, ClassOptions, FitArguments, NumberOptions, Numbers
from skneural.tasks.task import ensure_none_is_missing, ensure_y_is_given


@dataclass(frozen=True)
class PixelClasses(Classes):
    """Classification of each pixel; y is an object array with the labels of each image, row by row.

    The loss ignores pixels without a label, marked by -1.
    """

    @property
    def per_step(self) -> bool:
        return True

    @classmethod
    def check(cls, arguments: FitArguments, options: ClassOptions, estimator_name: str) -> Array:
        ensure_y_is_given(arguments.y, estimator_name)
        targets = targets_of_pixels(arguments.y, arguments.X)
        if targets[0].ndim > 1:
            raise ValueError(
                f"y has {targets[0].shape[1]} labels for each pixel, but {estimator_name} takes one: an array (n, "
                "height, width). Of indicators of the classes, these are y.argmax(axis=-1)."
            )
        return targets

    @classmethod
    def learn(cls, arguments: FitArguments, options: ClassOptions, reader: Reader) -> Self:
        pixels = _pixel_by_pixel(arguments)
        labelled = is_labelled(pixels.y)
        if not labelled.any():
            raise ValueError("All pixels are unlabelled (y is -1): give the labels of some.")
        return super().learn(_part(pixels, labelled), options, reader)

    def compare(self, arguments: FitArguments) -> None:
        pixels = _pixel_by_pixel(arguments)
        labelled = is_labelled(pixels.y)
        if labelled.any():
            super().compare(_part(pixels, labelled))

    def encode(self, arguments: FitArguments) -> Targets:
        pixels = _pixel_by_pixel(arguments)
        labelled = is_labelled(pixels.y)
        complete = bool(labelled.all())
        y = pixels.y if complete else np.where(labelled, pixels.y, self.classes[0])
        values = super().encode(pixels._replace(y=y)).values
        return Targets(values, arguments.X.n_steps, None if complete else labelled.astype(arguments.dtype))

    def class_weights(self, arguments: FitArguments) -> Array | None:
        pixels = _pixel_by_pixel(arguments)
        labelled = is_labelled(pixels.y)
        weights = super().class_weights(_part(pixels, labelled))
        if weights is None:
            return None
        of_all = np.ones(len(labelled))
        of_all[labelled] = weights
        return of_all

    def strata(self, y: Array) -> Array | None:
        return None

    def like_input(self, rows: Array, x: Container, X: object) -> Any:
        return pixels_like(rows, x, X)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = False


@dataclass(frozen=True)
class PixelNumbers(Numbers):
    """Regression of one or several numbers for each pixel. The loss ignores pixels whose numbers are missing (NaN)."""

    @property
    def per_step(self) -> bool:
        return True

    @classmethod
    def check(cls, arguments: FitArguments, options: NumberOptions, estimator_name: str) -> Array:
        ensure_y_is_given(arguments.y, estimator_name)
        targets = targets_of_pixels(arguments.y, arguments.X)
        for i, numbers in enumerate(targets):
            columns = numbers.reshape(len(numbers), -1)
            targets[i] = check_array(
                columns, dtype=np.float64, ensure_all_finite="allow-nan", input_name=f"y[{i}]"
            ).reshape(numbers.shape)
        if not any(np.isfinite(numbers).any() for numbers in targets):
            raise ValueError("All numbers of y are missing (NaN): give those of some pixels.")
        return targets

    @classmethod
    def learn(cls, arguments: FitArguments, options: NumberOptions, reader: Reader) -> Self:
        return super().learn(_pixel_by_pixel(arguments), options, reader)

    def updated(self, arguments: FitArguments) -> Self:
        return super().updated(_pixel_by_pixel(arguments))

    def compare(self, arguments: FitArguments) -> None:
        super().compare(_pixel_by_pixel(arguments))

    def encode(self, arguments: FitArguments) -> Targets:
        pixels = _pixel_by_pixel(arguments)
        columns = pixels.y.reshape(len(pixels.y), -1)
        known = ~np.isnan(columns).any(axis=1)
        weight = None if known.all() else known.astype(arguments.dtype)
        y = columns if weight is None else np.where(known[:, np.newaxis], columns, self.mean)
        return Targets(super().encode(pixels._replace(y=y)).values, arguments.X.n_steps, weight)

    def like_input(self, rows: Array, x: Container, X: object) -> Any:
        return pixels_like(rows[:, 0] if rows.shape[1] == 1 else rows, x, X)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.target_tags.multi_output = True


def is_labelled(y: Array) -> Array:
    """Mask of the pixels with a label: of integers, also as floats, all but -1."""
    if y.dtype.kind not in "if":
        return np.ones(len(y), bool)
    labelled: Array = y != UNLABELLED
    return labelled


def targets_of_pixels(y: Any, x: Container) -> Array:
    """One array of targets per image, pixels row by row, in an object array.

    Parameters
    ----------
    y : array-like or list
        Targets of each image, of shape (height, width, ...) or (height * width, ...).
    x : PixelImages

    Raises
    ------
    ValueError
        If an image has other targets than one for each pixel.
    """
    assert isinstance(x, PixelImages)
    y = unpacked(y)
    y = y.to_numpy() if hasattr(y, "to_numpy") else y  # a DataFrame would give its columns
    check_consistent_length(y, x)
    pieces = [_flattened(np.asarray(piece), i, size) for i, (piece, size) in enumerate(zip(y, x.sizes, strict=True))]
    for i, piece in enumerate(pieces):
        ensure_none_is_missing(piece, f"y[{i}]", "pixel")
        if piece.shape[1:] != pieces[0].shape[1:]:
            raise ValueError(
                f"y[{i}] has {piece.shape[1:]} targets for each pixel, and y[0] has {pieces[0].shape[1:]}; all must "
                "have the same number."
            )
    return object_array(pieces)


def _flattened(piece: Array, i: int, size: Array) -> Array:
    height, width = size
    if piece.shape[:2] == (height, width):
        piece = piece.reshape(height * width, *piece.shape[2:])
    if piece.ndim not in (1, 2) or len(piece) != height * width:
        raise ValueError(
            f"Image {i} has {height} x {width} pixels, but y[{i}] has shape {piece.shape}; y must have a target for "
            "each pixel: y is (n, height, width), or a list of arrays (height, width) if images differ in size."
        )
    return piece[:, 0] if piece.shape[1:] == (1,) else piece


def pixels_like(rows: Array, x: Container, X: object) -> Any:
    """Arrange values of all pixels like X: in one array, in a list of arrays (height, width, ...), or in rows.

    Parameters
    ----------
    rows : array of shape (pixels of all images, ...)
    x : PixelImages
        The checked X.
    X : array-like or list
        As passed by the user.
    """
    assert isinstance(x, PixelImages)
    rest = rows.shape[1:]
    if x.form == "rows":
        return rows.reshape(len(x), -1, *rest)
    if x.form == "array":
        return rows.reshape(len(x), *x.sizes[0], *rest)
    ends = np.cumsum(x.n_steps)[:-1]
    pieces = [part.reshape(*size, *rest) for part, size in zip(np.split(rows, ends), x.sizes, strict=True)]
    return Pieces(pieces) if isinstance(X, list | tuple) else object_array(pieces)


def _pixel_by_pixel(arguments: FitArguments) -> FitArguments:
    """Each pixel as a sample, with the weight of its image."""
    weight = None if arguments.sample_weight is None else np.repeat(arguments.sample_weight, arguments.X.n_steps)
    return arguments._replace(y=np.concatenate(arguments.y), sample_weight=weight)


def _part(pixels: FitArguments, labelled: Array) -> FitArguments:
    """The pixels with a label."""
    if labelled.all():
        return pixels
    weight = pixels.sample_weight
    return pixels._replace(y=pixels.y[labelled], sample_weight=None if weight is None else weight[labelled])
