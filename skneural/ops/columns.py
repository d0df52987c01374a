"""Missing values and categories in the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skneural.ops.embedding import embedding
from skneural.ops.segments import ranges, segment_starts
from skneural.ops.types import Array, Vjp


def is_missing(x: Array) -> Array:
    """1 where x is NaN, 0 elsewhere, in the dtype of x."""
    return np.isnan(x).astype(x.dtype)


def fill_missing(x: Array) -> tuple[Array, Vjp]:
    """Zero where x is NaN; ``vjp(dy) -> dx`` is zero there, too."""
    missing = np.isnan(x)

    def filled(array: Array) -> Array:
        return np.where(missing, 0.0, array).astype(array.dtype, copy=False)

    return filled(x), filled


def one_hot(x: Array, sizes: Sequence[int]) -> Array:
    """Indicators of the category of each feature, zeros for a number that is not among them.

    Parameters
    ----------
    x : array of shape (rows, features)
        Categories by their numbers from 0, as floats.
    sizes : sequence of int
        Categories of each feature.

    Returns
    -------
    y : array of shape (rows, sum of the sizes)
    """
    feature = np.repeat(np.arange(len(sizes)), sizes)
    indicators = np.rint(x)[:, feature] == ranges(0, np.array(sizes, np.intp))
    return indicators.astype(x.dtype)


def embed_categories(x: Array, table: Array, sizes: Sequence[int]) -> tuple[Array, Vjp]:
    """Vectors of the category of each feature, zeros for a negative number.

    Parameters
    ----------
    x : array of shape (rows, features)
        Categories by their numbers from 0, as floats.
    table : array of shape (sum of the sizes, size)
    sizes : sequence of int
        Categories of each feature.

    Returns
    -------
    y : array of shape (rows, features * size)
    vjp : ``vjp(dy, d_table) -> None``
    """
    category = np.rint(x).astype(np.intp)
    known = (category >= 0)[:, :, np.newaxis]
    vectors, embedding_vjp = embedding(np.maximum(category, 0) + segment_starts(np.array(sizes, np.intp)), table)

    def vjp(dy: Array, d_table: Array) -> None:
        embedding_vjp(dy.reshape(vectors.shape) * known, d_table)

    return (vectors * known).reshape(len(x), -1), vjp
