"""Reader of autoencoders: tables, or images if `image_shape` is given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sklearn.utils import Tags

from skneural.data import Container
from skneural.data.stored import is_stored
from skneural.readers import DenseTable, ImageOptions, Images, InputSpec, Reader, array_of_images, with_dtype

# Values of X that are encoded or decoded at once: the raw scores are as many.
NUMBERS_PER_BLOCK = 100_000


@dataclass(frozen=True)
class RowsOrImagesOptions:
    """Hyper-parameters of the reader of autoencoders.

    Attributes
    ----------
    image_shape : str, sequence of int, or None
        None for rows of features; otherwise see `ImageOptions`.
    """

    image_shape: str | Sequence[int] | None


@dataclass(frozen=True)
class RowsOrImages(Reader):
    """X is a table, or images if `image_shape` is given.

    Attributes
    ----------
    rows : DenseTable or None
        Reader of tables; None for images.
    images : Images or None
        Reader of images; None for tables.
    sample_shape : list of int
        Shape of a sample of X: one axis for tables and rows of pixels, two or three axes for images.
    """

    rows: DenseTable | None
    images: Images | None
    sample_shape: list[int]

    @classmethod
    def learn(cls, X: Any, options: RowsOrImagesOptions, spec: InputSpec) -> tuple[Self, Container]:
        if options.image_shape is not None:
            X = array_of_images(X)
            images, x = Images.learn(X, ImageOptions(options.image_shape), spec)
            return cls(None, images, [int(n) for n in X.shape[1:]]), x
        X = X if is_stored(X) else with_dtype(X)
        _ensure_rows(X)
        rows, x = DenseTable.learn(X, None, spec)
        return cls(rows, None, [int(n) for n in X.shape[1:]]), x

    def read(self, X: object, spec: InputSpec) -> Container:
        if self.rows is not None:
            X = X if is_stored(X) else with_dtype(X)
            _ensure_rows(X)
        return self._reader.read(X, spec)

    @classmethod
    def selects_rows(cls, options: RowsOrImagesOptions) -> bool:
        return True

    @property
    def _reader(self) -> DenseTable | Images:
        if self.rows is not None:
            return self.rows
        assert self.images is not None
        return self.images

    def shapes(self) -> dict[str, Any]:
        n_in = self._reader.columns.n_features
        images = {"image_shape": None, "strict": False} if self.images is None else self.images.shapes()
        return {"n_in": n_in, **images}

    def attributes(self) -> dict[str, Any]:
        return {"image_shape_": None, **self._reader.attributes(), "sample_shape_": tuple(self.sample_shape)}

    def rows_per_block(self, x: Container) -> int:
        return max(1, NUMBERS_PER_BLOCK // math.prod(x.shape[1:]))

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        Images.set_tags(tags)


def _ensure_rows(X: Any) -> None:
    if (n_axes := len(X.shape)) in (3, 4):
        raise ValueError(
            f"Found array with dim {n_axes}, but X must be (n_samples, n_features). For images, set "
            'image_shape="auto", or to (height, width, channels).'
        )
