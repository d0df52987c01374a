"""Rows of features as X, or images where their shape is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator

from skneural.data import Container
from skneural.inputs.images import Images
from skneural.inputs.input_kind import Expected, InputKind, with_dtype
from skneural.inputs.table import Table

ROWS, IMAGES = Table(sparse=False), Images()


@dataclass(frozen=True)
class RowsOrImages(InputKind):
    """X is a table, or images if the estimator has an `image_shape` that is not None.

    What is learned: `image_shape_`, and `sample_shape_`, the shape of a sample as it was given.

    Parameters
    ----------
    samples_per_batch : int, default=64
        With ``batch_size="auto"``.
    """

    samples_per_batch: int = 64

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        X = with_dtype(X)
        if estimator.image_shape is None and X.ndim in (3, 4):
            raise ValueError(
                f"Found array with dim {X.ndim}: X is rows of features here. For images, set "
                'image_shape="auto", or to (height, width, channels).'
            )
        x = (ROWS if estimator.image_shape is None else IMAGES).check(estimator, X, expected)
        if expected.reset:
            estimator.sample_shape_ = tuple(int(n) for n in X.shape[1:])
            if estimator.image_shape is None:
                estimator.image_shape_ = None
        return x

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        images = (
            {"image_shape": None, "strict": False} if estimator.image_shape is None else IMAGES.shapes(estimator, x)
        )
        return {"n_in": estimator.n_features_in_, **images}

    def rows_per_block(self, x: Container) -> int:
        return (ROWS if len(x.shape) == 2 else IMAGES).rows_per_block(x)

    def rows_per_batch(self, n_samples: int) -> int:
        return min(self.samples_per_batch, n_samples)

    def tag(self, tags: Any) -> None:
        IMAGES.tag(tags)
