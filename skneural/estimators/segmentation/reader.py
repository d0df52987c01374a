"""Reader of images of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from skneural.data import Container, PixelImages
from skneural.data.object_columns import object_array, unpacked
from skneural.networks.unet import unet_multiple
from skneural.ops.types import Array
from skneural.readers import (
    ImageOptions,
    Images,
    InputSpec,
    TableColumns,
    are_rows,
    checked_images,
    ensure_expected_shape,
    greatest_pixel,
    list_of_images,
    shape_of_rows,
    with_dtype,
)

# Pixels in a block of predictions: with 16 channels, a feature map takes 4 MB in float32.
PIXELS_PER_BLOCK = 65_536


@dataclass(frozen=True)
class PixelOptions(ImageOptions):
    """Hyper-parameters of the reader of images of any size.

    Attributes
    ----------
    image_shape : str or sequence of int
    n_levels : int
        Of the network.
    augmentation : sequence of str
    """

    n_levels: int = 1
    augmentation: Sequence[str] = ()


@dataclass(frozen=True)
class ImagesOfAnySize(Images):
    """Reader of images with channels last, in an array or a list, or of rows of pixels.

    Attributes
    ----------
    columns : TableColumns
        Columns of rows of pixels; of the channels if X was images.
    image_shape : list of int
        Height, width and channels; of rows of pixels and images of one size all are known, otherwise the channels only.
    strict : bool
    greatest : float or None
    of_rows : bool
        Whether X was rows of pixels.
    multiple : int
        Batches are padded to multiples of this number.
    augmentation : list of str
    """

    of_rows: bool
    multiple: int
    augmentation: list[str]

    @classmethod
    def learn(cls, X: object, options: ImageOptions, spec: InputSpec) -> tuple[Self, Container]:
        assert isinstance(options, PixelOptions)
        strict = not isinstance(options.image_shape, str)
        multiple, augmentation = unet_multiple(options.n_levels), [str(name) for name in options.augmentation]
        X = _array_or_list(X)
        columns = None
        if isinstance(X, list):
            images = _checked_list(X, spec)
            if strict and images.ndim == 4:
                ensure_expected_shape(options.image_shape, images.shape[1:])
        elif are_rows(X):
            columns, rows = TableColumns.learn(X, spec, dtype=spec.stored_dtype(X))
            images = rows.reshape(-1, *shape_of_rows(options.image_shape, columns.n_features))
        else:
            images = checked_images(X, spec)
            ensure_expected_shape(options.image_shape, images.shape[1:])
        shape = [*(images.shape[1:3] if images.ndim == 4 else (0, 0)), images[0].shape[-1]]
        x = _container(images, _form(X, columns is not None), multiple, augmentation, spec)
        of_rows, columns = columns is not None, columns or TableColumns(shape[-1])
        return cls(columns, list(map(int, shape)), strict, greatest_pixel(x), of_rows, multiple, augmentation), x

    def read(self, X: object, spec: InputSpec) -> Container:
        X = _array_or_list(X)
        if isinstance(X, list):
            images = _checked_list(X, spec)
        elif are_rows(X):
            images = self._read_rows(X, spec)
        else:
            images = checked_images(X, spec)
        self._ensure_same_channels(images[0].shape, spec.estimator_name)
        x = _container(images, _form(X, are_rows(X)), self.multiple, self.augmentation, spec)
        self._warn_of_another_scale(x, spec.estimator_name)
        return x

    def _read_rows(self, X: Any, spec: InputSpec) -> Array:
        if not self.of_rows:
            raise ValueError(
                f"X has shape {getattr(X, 'shape', (len(X),))}, but {spec.estimator_name} was fitted on images. Give "
                "images (n, height, width, channels), or (n, height, width) if grey; a single one is X[np.newaxis]."
            )
        rows: Array = self.columns.check(X, spec, dtype=spec.stored_dtype(X))
        return rows.reshape(-1, *self.image_shape)

    def _ensure_same_channels(self, shape: tuple[int, ...], estimator_name: str) -> None:
        if shape[-1] != self.image_shape[-1]:
            raise ValueError(
                f"X has images of shape {shape}, with {shape[-1]} channels, but {estimator_name} was fitted on images "
                f"with {self.image_shape[-1]}. A single image is given as X[np.newaxis], and channels come last."
            )

    def shapes(self) -> dict[str, Any]:
        return {"n_channels": self.image_shape[-1]}

    def attributes(self) -> dict[str, Any]:
        shape = {"image_shape_": tuple(self.image_shape)} if self.of_rows else {}
        return {**self.columns.attributes(), **shape}

    def rows_per_block(self, x: Container) -> int:
        return max(1, PIXELS_PER_BLOCK // x.typical_length)


def _array_or_list(X: object) -> Any:
    """X as an array or a frame, or as a list of arrays if it is a list or a column of images."""
    images = list_of_images(unpacked(X))
    return with_dtype(X) if images is None else images


def _form(X: object, of_rows: bool) -> str:
    return "list" if isinstance(X, list) else ("rows" if of_rows else "array")


def _container(images: Array, form: str, multiple: int, augmentation: Sequence[str], spec: InputSpec) -> Container:
    dtype = spec.resolve(images[0].dtype)
    return spec.select(PixelImages(images, multiple, dtype, augmentation, form=form))


def _checked_list(images: list[Array], spec: InputSpec) -> Array:
    """Images (height, width, channels) of one dtype, in an object array, or in one array if they are of one size."""
    dtype = spec.stored_dtype(np.empty(0, np.result_type(*{image.dtype for image in images})))
    one_by_one = spec._replace(rows=None)
    checked = []
    for i, image in enumerate(images):
        if not image.size or (image.dtype.kind == "f" and not np.isfinite(image).all()):
            raise ValueError(
                f"X[{i}], of shape {image.shape}, {'contains NaN or infinity' if image.size else 'is empty'}."
            )
        checked.append(checked_images(image[np.newaxis].astype(dtype, copy=False), one_by_one)[0])
        if checked[i].shape[2] != checked[0].shape[2]:
            raise ValueError(
                f"X[{i}] has {checked[i].shape[2]} channels, and X[0] has {checked[0].shape[2]}: convert images to the "
                "same number of channels, such as by image.convert('RGB') with PIL."
            )
    return np.stack(checked) if len({image.shape for image in checked}) == 1 else object_array(checked)
