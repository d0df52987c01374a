"""Features of several arrays next to each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.types import Array, Vjp


def concatenate(arrays: Sequence[Array], axis: int = -1) -> tuple[Array, Vjp]:
    """Join arrays along an axis; ``vjp(dy)`` is the list of views of dy that belong to them."""
    lengths = [array.shape[axis] for array in arrays]
    shape = list(arrays[0].shape)
    shape[axis] = sum(lengths)
    y = np.concatenate(arrays, axis=axis, out=empty(tuple(shape), np.result_type(*arrays)))
    return y, lambda dy: np.split(dy, np.cumsum(lengths[:-1]), axis=axis)


def append_number(vectors: Array, x: Array) -> tuple[Array, Vjp]:
    """The vector of each number with the number itself at its end, in one row for each sample.

    Parameters
    ----------
    vectors : array of shape (batch, features, size)
    x : array of shape (batch, features)

    Returns
    -------
    y : array of shape (batch, features * (size + 1))
    vjp : ``vjp(dy) -> (d_vectors, dx)``, views of dy
    """
    shape = (*x.shape, vectors.shape[2] + 1)

    def vjp(dy: Array) -> tuple[Array, Array]:
        each = dy.reshape(shape)
        return each[:, :, :-1], each[:, :, -1]

    return np.concatenate([vectors, x[:, :, np.newaxis]], axis=2).reshape(len(x), -1), vjp
