"""Series and tokens as X: what is accepted, and what it means."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, validate_data

from skneural.estimators.channel_moments import set_standardization
from skneural.estimators.estimator import with_dtype
from skneural.hyperparameters import BOOLEAN, NONE, Integer, declare, hyperparameter
from skneural.parameters import Weights
from skneural.training.batches import Samples
from skneural.training.series import Series

# Steps that are predicted at once: with the 256 channels of a fully convolutional network they take 16 MB in float32.
STEPS_PER_BLOCK = 16_384


@declare
class SequenceInput:
    """X is series, of one or several features and of equal or unequal lengths, or tokens."""

    vocabulary_size: int | None = hyperparameter(
        None,
        NONE | Integer(1),
        """Number of tokens, if X is sequences of tokens: integers from 0 to ``vocabulary_size - 1``. None: X is
        series of numbers.""",
    )
    embedding_size: int = hyperparameter(64, Integer(1), "Numbers that the network learns for each token.")
    standardize: bool = hyperparameter(
        True,
        BOOLEAN,
        """Whether each feature of a series is centred and scaled by its mean and standard deviation over all steps of
        all training series (those of the first call, in `partial_fit`).""",
    )

    attributes_doc = {
        "n_features_in_": (
            "int",
            "Features of each step; columns of a 2-D X, which is one univariate series in each row; 1 for tokens.",
        ),
    }

    def _check_X(self, X: Any, *, dtype: Any, reset: bool) -> Any:
        if isinstance(X, Series):  # what training holds, when a scorer predicts
            return X
        if isinstance(X, list | tuple) and X and isinstance(X[0], str):
            raise ValueError(
                "X is texts. skneural.preprocessing.TokenEncoder makes integers of their words or characters; set "
                "vocabulary_size for these."
            )
        pieces = _pieces(X)
        if pieces is not None and len({piece.shape for piece in pieces}) == 1:
            X, pieces = np.stack(pieces), None
        if pieces is None:
            X = with_dtype(X)
        columns = False
        if self.vocabulary_size is not None:
            x, n_features = _tokens(X if pieces is None else pieces, self.vocabulary_size), 1
        elif pieces is not None:
            x = _joined(pieces, dtype)
            n_features = x.shape[2]
        elif getattr(X, "ndim", 2) > 2:
            x = _series(X, dtype)
            n_features = x.shape[2]
        else:
            columns = reset or self._columns
            x = validate_data(self, X, dtype=dtype, reset=reset) if columns else check_array(X, dtype=dtype)
            x, n_features = x[:, :, np.newaxis], 1
        if reset:
            self._columns, self._features_of_a_step = columns, n_features
            if not columns:
                self.__dict__.pop("feature_names_in_", None)  # of an earlier fit
                self.n_features_in_ = n_features
        elif n_features != self._features_of_a_step:
            raise ValueError(
                f"X has {n_features} features at each step, but {type(self).__name__} was fitted on "
                f"{self._features_of_a_step}. X is (n, steps, features) or a list of series; a single one is [X]."
            )
        return x

    def _prepare(self, weights: Weights, samples: Samples) -> None:
        set_standardization(self._network.layer, weights.tree, samples)

    def _rows_per_block(self, x: Any) -> int:
        return max(1, STEPS_PER_BLOCK // x.shape[1])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.input_tags.three_d_array = True
        return tags


def steps_like(flat: np.ndarray, x: Any, X: Any) -> np.ndarray | list[np.ndarray]:
    """What belongs to the steps of all series, as one array for an array X, or as one array for each series of a list.

    Parameters
    ----------
    flat : array of shape (steps of all series, ...)
        Series behind series.
    x : array or Series
        The checked X.
    X : array-like or list
        As it was given.
    """
    if isinstance(X, list | tuple | Series) or (isinstance(X, np.ndarray) and X.dtype == object):
        return np.split(flat, np.cumsum(lengths_of(x))[:-1])
    return flat.reshape(*x.shape[:2], *flat.shape[1:])


def lengths_of(x: Any) -> np.ndarray:
    """Steps of each series of a checked X."""
    return x.lengths if isinstance(x, Series) else np.full(x.shape[0], x.shape[1])


def _pieces(X: Any) -> list[np.ndarray] | None:
    """One array for each series, if X is a list of series; None if X is an array, a DataFrame or no such list."""
    is_list = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1)
    if not is_list or not len(X):
        return None
    pieces = [np.asarray(piece) for piece in X]
    return pieces if all(piece.ndim in (1, 2) for piece in pieces) else None


def _series(X: Any, dtype: Any) -> np.ndarray:
    """Series of equal lengths, of shape (n, steps, features)."""
    x = check_array(X, dtype=dtype, allow_nd=True, ensure_all_finite=False, input_name="X")
    if x.ndim != 3 or 0 in x.shape:
        raise ValueError(
            f"X has shape {x.shape}: series are (n, steps, features), or (n, steps) if there is one feature, or a list "
            "of arrays (steps, features) if lengths differ; none may be empty."
        )
    _ensure_finite(x)
    return x


def _joined(pieces: list[np.ndarray], dtype: Any) -> Series:
    """Series of unequal lengths in one padded array."""
    pieces = [piece[:, np.newaxis] if piece.ndim == 1 else piece for piece in pieces]
    n_features = pieces[0].shape[1]
    for i, piece in enumerate(pieces):
        if not len(piece):
            raise ValueError(f"Series {i} has no steps; leave it out, or give it at least one.")
        if piece.shape[1] != n_features:
            raise ValueError(
                f"Series {i} has {piece.shape[1]} features at each step, and series 0 has {n_features}. Series are "
                "arrays of shape (steps, features)."
            )
    flat = check_array(np.concatenate(pieces), dtype=dtype, ensure_all_finite=False, input_name="X")
    _ensure_finite(flat)
    return Series.of(flat, np.array([len(piece) for piece in pieces]))


def _tokens(X: Any, vocabulary_size: int) -> np.ndarray | Series:
    """Token numbers, of shape (n, steps)."""
    unequal = isinstance(X, list)
    if unequal:
        empty = [i for i, piece in enumerate(X) if not len(piece)]
        if empty:
            raise ValueError(f"Sequence {empty[0]} has no tokens; leave it out, or give it at least one.")
        numbers = np.concatenate(X)
    else:
        numbers = np.asarray(X)
    if numbers.dtype.kind not in "iu" or numbers.ndim != (1 if unequal else 2):
        raise ValueError(
            f"With vocabulary_size set, X is sequences of integers: a list of them, or an array (n, steps). This X has "
            f"dtype {numbers.dtype}" + ("." if unequal else f" and shape {numbers.shape}.")
        )
    outside = (numbers < 0) | (numbers >= vocabulary_size)
    if outside.any():
        ends = np.cumsum([len(piece) for piece in X]) if unequal else numbers.shape[1] * np.arange(1, len(numbers) + 1)
        where = int(np.searchsorted(ends, np.flatnonzero(outside)[0], side="right"))
        raise ValueError(
            f"Token {numbers[outside][0]} in sequence {where} is outside the vocabulary, which has the numbers 0 to "
            f"{vocabulary_size - 1}. Raise vocabulary_size, or give rare tokens one common number."
        )
    numbers = numbers.astype(np.intp)
    return Series.of(numbers, np.array([len(piece) for piece in X])) if unequal else numbers


def _ensure_finite(x: np.ndarray) -> None:
    if not np.isfinite(x).all():
        raise ValueError(
            "X contains NaN or infinity. If it pads series of unequal lengths, give a list of arrays of shape "
            "(steps, features) instead, without padding; otherwise impute it first."
        )
