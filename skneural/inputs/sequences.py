"""Series and tokens as X: what is accepted, and what it means."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, validate_data

from skneural.data import Container, Samples, Series
from skneural.hyperparameters import BOOLEAN, NONE, Integer, declare, hyperparameter
from skneural.inputs.input_kind import CHANNELS_LAST, Expected, InputKind, with_dtype
from skneural.inputs.standardize import set_standardization
from skneural.layers import Layer
from skneural.ops.types import Array
from skneural.parameters import Tree

# Steps that are predicted at once: with the 256 channels of a fully convolutional network they take 16 MB in float32.
STEPS_PER_BLOCK = 16_384

# Transformers drop so much while they train that with one step of 200 series in an epoch, as for tables, the loss of
# ten epochs may not fall, which ends training.
SERIES_PER_BATCH = 32


@declare
class SequenceFields:
    """Hyper-parameters of what takes series and tokens."""

    vocabulary_size: int | None = hyperparameter(
        None,
        NONE | Integer(1),
        """Number of tokens, if X is sequences of tokens: integers from 0 to ``vocabulary_size - 1``. None: X is
        series of numbers.""",
    )
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


@declare
class EmbeddedSequenceFields(SequenceFields):
    """Those of networks that are free to choose how many numbers stand for a token."""

    embedding_size: int = hyperparameter(64, Integer(1), "Numbers that the network learns for each token.")


@dataclass(frozen=True)
class Sequences(InputKind):
    """X is series, of one or several features and of equal or unequal lengths, or tokens.

    Parameters
    ----------
    least_rows_per_block : int, default=1
        However long series are, so many are predicted at once.
    """

    least_rows_per_block: int = 1

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        if _holds_texts(X):
            raise ValueError(
                "X is texts. skneural.preprocessing.TokenEncoder makes integers of their words or characters; set "
                "vocabulary_size for these."
            )
        pieces = _pieces(X)
        if pieces is not None and len({piece.shape for piece in pieces}) == 1:
            X, pieces = np.stack(pieces), None
        vocabulary_size = self.vocabulary_size(estimator)
        if expected.reset and vocabulary_size is None:
            _warn_of_tokens(X if pieces is None else pieces)
        if vocabulary_size is not None:
            x = _tokens(with_dtype(X) if pieces is None else pieces, vocabulary_size)
        elif pieces is not None:
            x = _joined(pieces, expected.dtype)
        else:
            X = with_dtype(X)
            if getattr(X, "ndim", 2) <= 2:
                return self._columns(estimator, X, expected)
            x = _series(X, expected.dtype)
            if expected.reset:
                _warn_of_channels_first(x)
        _learn_or_compare(estimator, x, columns=False, reset=expected.reset)
        return x

    def vocabulary_size(self, estimator: BaseEstimator) -> int | None:
        """How many tokens there are; None for series of numbers."""
        size: int | None = estimator.vocabulary_size
        return size

    def _columns(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        """A table, each row of which is a univariate series; its columns may have names."""
        dtype, reset = expected
        if reset or estimator._given_as_columns:
            rows = validate_data(estimator, X, dtype=dtype, reset=reset)
        else:
            rows = check_array(X, dtype=dtype)
        x = Series(rows[:, :, np.newaxis])
        _learn_or_compare(estimator, x, columns=True, reset=reset)
        return x

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        return {"n_features": n_features_of_a_step(x)}

    def prepare(self, network: Layer, tree: Tree, samples: Samples) -> None:
        set_standardization(network, tree, samples)

    def rows_per_block(self, x: Container) -> int:
        return max(self.least_rows_per_block, STEPS_PER_BLOCK // x.shape[1], 1)

    def tag(self, tags: Any) -> None:
        tags.input_tags.sparse = False
        tags.input_tags.three_d_array = True


@dataclass(frozen=True)
class PlacedSequences(Sequences):
    """Series for networks that may learn a vector for each place: estimators have `positional` and `max_length`."""

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        x = super().check(estimator, X, expected)
        n_steps = x.shape[1]
        if expected.reset:
            learned = estimator.positional == "learned"
            estimator.max_length_ = int(self.n_places(estimator) or n_steps) if learned else None
        if estimator.max_length_ is not None and n_steps > estimator.max_length_:
            raise ValueError(
                f"X has a series of {n_steps} steps, but {type(estimator).__name__} with "
                f'positional="learned" knows places up to max_length={estimator.max_length_} only. Cut the series, set '
                'max_length before fitting, or choose "sinusoidal" or "rotary" positions, which go on.'
            )
        return x

    def n_places(self, estimator: BaseEstimator) -> int | None:
        """How many places are learned, if that does not follow from X."""
        n: int | None = estimator.max_length
        return n

    def rows_per_batch(self, n_samples: int) -> int:
        return min(SERIES_PER_BATCH, n_samples)

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        return {**super().shapes(estimator, x), "max_length": estimator.max_length_}


def n_features_of_a_step(x: Container) -> int:
    """Features of each step; one for tokens."""
    return x.shape[2] if len(x.shape) > 2 else 1


def _learn_or_compare(estimator: BaseEstimator, x: Series, *, columns: bool, reset: bool) -> None:
    """Note the number of features, or raise if it is not the one that was fitted."""
    n_features = n_features_of_a_step(x)
    if reset:
        estimator._given_as_columns, estimator._features_of_a_step = columns, n_features
        if not columns:
            estimator.__dict__.pop("feature_names_in_", None)  # of an earlier fit
            estimator.n_features_in_ = n_features
    elif n_features != estimator._features_of_a_step:
        raise ValueError(
            f"X has {n_features} features at each step, but {type(estimator).__name__} was fitted on "
            f"{estimator._features_of_a_step}. X is (n, steps, features) or a list of series; a single one is [X]."
            + (f" {CHANNELS_LAST}" if x.lengths is None and x.shape[1] == estimator._features_of_a_step else "")
        )


def _warn_of_tokens(X: Any) -> None:
    """Warn of what looks like tokens and is about to be read as numbers: of one feature, whole and not negative."""
    parts = X if isinstance(X, list) else [with_dtype(X)]
    n_axes = 1 if isinstance(X, list) else 2
    if parts and all(getattr(part, "ndim", 0) == n_axes and _are_counts(np.asarray(part)) for part in parts):
        warnings.warn(
            "X is integers and is read as series of numbers. If they are numbers of tokens, such as words, set "
            "vocabulary_size; if they are measurements, give them as floats.",
            stacklevel=2,
        )


def _are_counts(x: np.ndarray) -> bool:
    return x.dtype.kind in "iu" and x.size > 0 and bool(x.min() >= 0)


def _warn_of_channels_first(x: Series) -> None:
    """Warn of series that are much wider than long."""
    _, steps, features = x.shape
    if steps <= 16 and features > 4 * steps:
        warnings.warn(
            f"X is read as series of {steps} steps with {features} features each. If these are {steps} channels of "
            f"{features} steps: {CHANNELS_LAST[0].lower()}{CHANNELS_LAST[1:]}",
            stacklevel=2,
        )


def _holds_texts(X: Any) -> bool:
    """Whether X is texts, or sequences of words, in whatever container."""
    if hasattr(X, "to_numpy"):  # pandas
        X = X.to_numpy()
    while isinstance(X, list | tuple | np.ndarray) and len(X):
        X = X[0]
    return isinstance(X, str | bytes)


def steps_like(flat: Array, x: Series, X: Any) -> Array | list[Array]:
    """What belongs to the steps of all series: one array for an array X, or one for each series of a list.

    For an object array these are in an object array, which is what `cross_val_predict` can join.

    Parameters
    ----------
    flat : array of shape (steps of all series, ...)
        Series behind series.
    x : Series
        The checked X.
    X : array-like or list
        As it was given.
    """
    if given_one_by_one(X):
        pieces = np.split(flat, np.cumsum(x.n_steps)[:-1])
        return object_array(pieces) if isinstance(X, np.ndarray) else Pieces(pieces)
    return flat.reshape(*x.shape[:2], *flat.shape[1:])


def given_one_by_one(X: Any) -> bool:
    """Whether X is a list of series, for each of which a user expects an array of its own."""
    return isinstance(X, list | tuple | Series) or (isinstance(X, np.ndarray) and X.dtype == object)


class Pieces(list[Any]):
    """One array, or list, for each series; NumPy makes an object array of them where lengths differ.

    `sklearn.model_selection.cross_val_predict` joins what was predicted for its folds by way of that.
    """

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if all(isinstance(piece, np.ndarray) for piece in self) and len({piece.shape for piece in self}) == 1:
            return np.array(list(self), dtype=dtype)
        return object_array(self)


def object_array(pieces: Sequence[Any]) -> np.ndarray:
    """An array whose elements are the given pieces, whatever their shapes."""
    array = np.empty(len(pieces), dtype=object)
    for i, piece in enumerate(pieces):
        array[i] = piece
    return array


def _pieces(X: Any) -> list[np.ndarray] | None:
    """One array for each series, if X is a list of series; None if X is an array, a DataFrame or no such list."""
    is_list = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1)
    if not is_list or not len(X):
        return None
    pieces = [np.asarray(piece) for piece in X]
    return pieces if all(piece.ndim in (1, 2) for piece in pieces) else None


def _series(X: Any, dtype: Any) -> Series:
    """Series of equal lengths, of shape (n, steps, features)."""
    x = check_array(X, dtype=dtype, allow_nd=True, ensure_all_finite=False, input_name="X")
    if x.ndim != 3 or 0 in x.shape:
        raise ValueError(
            f"X has shape {x.shape}: series are (n, steps, features), or (n, steps) if there is one feature, or a list "
            "of arrays (steps, features) if lengths differ; none may be empty."
        )
    _ensure_finite(x)
    return Series(x)


def _joined(pieces: list[np.ndarray], dtype: Any) -> Series:
    """Series of unequal lengths in one padded array."""
    pieces = [piece[:, np.newaxis] if piece.ndim == 1 else piece for piece in pieces]
    n_features = pieces[0].shape[1]
    for i, piece in enumerate(pieces):
        if not len(piece):
            raise ValueError(f"Series {i} has no steps; leave it out, or give it at least one.")
        if piece.shape[1] != n_features:
            first = len({len(piece) for piece in pieces}) == 1
            raise ValueError(
                f"Series {i} has {piece.shape[1]} features at each step, and series 0 has {n_features}. Series are "
                "arrays of shape (steps, features)." + (f" {CHANNELS_LAST}" if first else "")
            )
    flat = check_array(np.concatenate(pieces), dtype=dtype, ensure_all_finite=False, input_name="X")
    _ensure_finite(flat)
    return Series.of(flat, np.array([len(piece) for piece in pieces]))


def _tokens(X: Any, vocabulary_size: int) -> Series:
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
    return Series.of(numbers, np.array([len(piece) for piece in X])) if unequal else Series(numbers)


def _ensure_finite(x: np.ndarray) -> None:
    if not np.isfinite(x).all():
        raise ValueError(
            "X contains NaN or infinity. If it pads series of unequal lengths, give a list of arrays of shape "
            "(steps, features) instead, without padding; otherwise impute it first."
        )
