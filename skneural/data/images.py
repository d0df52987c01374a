"""Images of equal or of different sizes, each pixel of which has a target."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np

from skneural.data.container import NO_BATCH_INFO, BatchInfo, Container
from skneural.data.targets import Selection, Targets
from skneural.ops.augmentation import PixelMoves
from skneural.ops.types import Array


class ImageSizes(NamedTuple):
    """Sizes of the images of a padded batch, as its `BatchInfo.structure`.

    Attributes
    ----------
    real : integer array of shape (samples, 2)
        Height and width of each image.
    padded : pair of int
        Height and width of the batch.
    """

    real: Array
    padded: tuple[int, int]

    def mask(self, height: int, width: int) -> Array:
        """Mask of the real pixels of feature maps, of shape (height, 1, width, samples).

        Feature maps may be smaller than the batch by a whole factor; a pixel that is real in part is real.
        """
        rows, columns = (
            np.arange(n)[:, np.newaxis] < -(-self.real[:, axis] * n // self.padded[axis])
            for axis, n in enumerate((height, width))
        )
        return rows[:, np.newaxis, np.newaxis] & columns

    def window(self, top: int, left: int, height: int, width: int) -> ImageSizes:
        """Sizes of the parts of the images inside a window of the batch."""
        inside = np.clip(self.real - (top, left), 0, (height, width))
        return ImageSizes(inside, (height, width))


class PixelImages(Container):
    """Images whose batches are padded to a common size.

    Parameters
    ----------
    images : array of shape (samples, height, width, channels), or object array of arrays (height, width, channels)
    multiple : int, default=1
        Height and width of a batch are multiples of this number.
    dtype : dtype or None, default=None
        Precision of batches, see `Rows`; None for that of the images.
    augmentation : sequence of {"flip", "rotate", "shift"}, default=()
        Random moves of pixels, and their targets with them, in training.
    form : {"array", "list", "rows"}, default="array"
        Form of X: images in one array, a list of them, or rows of pixels.
    rows : integer array of shape (samples,) or None, default=None
        The samples among the images; None for all. Selections refer to the same images, without copies.
    size : pair of int or None, default=None
        Height and width of batches; None for the least ones.
    moving : bool, default=False
        Whether `resample` moves pixels.
    """

    def __init__(
        self,
        images: Array,
        multiple: int = 1,
        dtype: np.dtype[Any] | None = None,
        augmentation: Sequence[str] = (),
        *,
        form: str = "array",
        rows: Array | None = None,
        size: tuple[int, int] | None = None,
        moving: bool = False,
    ) -> None:
        self.images = images
        self.multiple = multiple
        self.dtype = np.dtype(images[0].dtype if dtype is None else dtype)
        self.augmentation = tuple(augmentation)
        self.form = form
        self.rows = np.arange(len(images)) if rows is None else rows
        self.size = size
        self.moving = moving

    def _with(self, **changes: Any) -> Self:
        values = {name: getattr(self, name) for name in ("form", "rows", "size", "moving")} | changes
        return type(self)(self.images, self.multiple, self.dtype, self.augmentation, **values)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Selection) -> Self:
        return self._with(rows=self.rows[rows])

    @cached_property
    def sizes(self) -> Array:
        """Height and width of each image, of shape (samples, 2)."""
        if self.images.ndim == 4:
            return np.tile(np.array(self.images.shape[1:3]), (len(self), 1))
        return np.array([self.images[row].shape[:2] for row in self.rows]).reshape(-1, 2)

    @property
    def n_steps(self) -> Array:
        """Number of pixels of each image."""
        n_pixels: Array = self.sizes.prod(axis=1)
        return n_pixels

    @property
    def lengths(self) -> Array | None:  # type: ignore[override]
        n_pixels = self.n_steps
        return None if (n_pixels == n_pixels[:1]).all() else n_pixels

    @property
    def padded_lengths(self) -> Array | None:
        return None if (self.sizes == self.sizes[:1]).all() else self.n_steps

    @property
    def typical_length(self) -> int:
        return int(np.median(self.n_steps)) if len(self) else 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of images, height and width of batches of them, and number of channels."""
        return (len(self), *self._padded_size, self.images[0].shape[-1])

    @property
    def _padded_size(self) -> tuple[int, int]:
        if self.size is not None:
            return self.size
        height, width = -(-self.sizes.max(axis=0, initial=1) // self.multiple) * self.multiple
        return int(height), int(width)

    @property
    def symbolic_shape(self) -> tuple[int | str, ...]:
        return ("n", "height", "width", self.shape[3])

    def as_batch(self) -> tuple[Any, BatchInfo]:
        shape, sizes = self.shape, self.sizes
        if (sizes == shape[1:3]).all() and self.images.ndim == 4:
            return self.images[self.rows].astype(self.dtype, copy=False), NO_BATCH_INFO
        x = np.zeros(shape, self.dtype)
        for image, row, (height, width) in zip(x, self.rows, sizes, strict=True):
            image[:height, :width] = self.images[row]
        padded = (sizes != shape[1:3]).any()
        return x, BatchInfo(structure=ImageSizes(sizes, self._padded_size)) if padded else NO_BATCH_INFO

    def with_common_width(self) -> Self:
        return self._with(size=self._padded_size)

    def for_training(self) -> Self:
        return self._with(moving=bool(self.augmentation))

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        if not self.moving:
            return self, targets
        images, parts = np.empty(len(self), object), []
        ends = itertools.accumulate(self.n_steps)
        for i, (row, size, end) in enumerate(zip(self.rows, self.sizes, ends, strict=True)):
            moves = PixelMoves.drawn((int(size[0]), int(size[1])), self.augmentation, rng)
            images[i] = moves.of_image(self.images[row])
            rows = slice(end - math.prod(size), end)
            weight = np.ones(math.prod(size), self.dtype) if targets.weight is None else targets.weight[rows]
            parts.append((moves.of_pixels(targets.values[rows]), moves.of_pixels(weight) * moves.inside))
        values, weights = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        lost = targets.weight is not None or "shift" in self.augmentation
        moved = type(self)(images, self.multiple, self.dtype, form=self.form)
        return moved, Targets(values, targets.lengths, weights if lost else None)
