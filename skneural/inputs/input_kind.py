"""What the template asks a kind of X."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike
from sklearn.base import BaseEstimator

from skneural.data import Container, Samples
from skneural.layers import Layer
from skneural.parameters import Tree

SAMPLES_PER_BATCH = 200

# Rows of a table that are predicted at once: enough for full speed, few enough that memory does not grow with X.
ROWS_PER_BLOCK = 2048


class Expected(NamedTuple):
    """What X must be.

    Attributes
    ----------
    dtype : dtype, or tuple of dtypes
        Of several, the first is what X becomes if it is of none of them.
    reset : bool
        True for training data of a new model; otherwise X must be like what was fitted.
    """

    dtype: DTypeLike | tuple[type, ...]
    reset: bool


class InputKind:
    """A kind of X. Members hold options of theirs at most; what they learn of X, they set on the estimator."""

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        """The samples of X, checked.

        Raises
        ------
        ValueError
            If X is not of this kind, or not like what was fitted.
        """
        raise NotImplementedError(f"{type(self).__name__} must define check")

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        """Arguments of the network builder that follow from X: plain values."""
        raise NotImplementedError(f"{type(self).__name__} must define shapes")

    def prepare(self, network: Layer, tree: Tree, samples: Samples) -> None:
        """Set what layers must know of the training data before training starts."""

    def rows_per_block(self, x: Container) -> int:
        """Samples that are predicted at once: they and what the network makes of them must fit into memory."""
        return ROWS_PER_BLOCK

    def rows_per_batch(self, n_samples: int) -> int:
        """Samples of a training step with ``batch_size="auto"``."""
        return min(SAMPLES_PER_BATCH, n_samples)

    def tag(self, tags: Any) -> None:
        """Tell scikit-learn what X may be: sets ``tags.input_tags``."""


def precision(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Precision in which X is trained: its own, and float32 for what is not floating, such as tokens."""
    return dtype if dtype.kind == "f" else np.dtype(np.float32)


def with_dtype(X: Any) -> Any:
    """Lists of floats as float64, which is what they are; arrays, sparse matrices and data frames as they stand."""
    if hasattr(X, "dtype") or hasattr(X, "columns"):
        return X
    lengths = lengths_of(X)
    if len(lengths) > 1:
        raise ValueError(f"The samples of X have different lengths, such as {lengths[0]} and {lengths[-1]}.")
    return np.asarray(X)


def lengths_of(samples: Any) -> list[int]:
    """The different lengths of the members of a list that are sequences, ascending."""
    if not isinstance(samples, list | tuple):
        return []
    sequences = (one for one in samples if hasattr(one, "__len__") and not isinstance(one, str | bytes))
    return sorted({len(one) for one in sequences if getattr(one, "ndim", 1)})


CHANNELS_LAST = "Channels come last: give skneural.preprocessing.channels_first_to_last(X)."
