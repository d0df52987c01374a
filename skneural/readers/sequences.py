"""Reader of series and of sequences of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import Tags
from sklearn.utils.validation import check_array

from skneural.data import Container, Series
from skneural.data.object_columns import object_array, unpacked
from skneural.data.stored import StoredArray, StoredRows, is_stored
from skneural.data.vocabulary import ensure_within_vocabulary
from skneural.hyperparameters import BOOLEAN, NONE, Choice, Integer, hyperparameter
from skneural.ops.blocks import slices
from skneural.ops.types import Array
from skneural.readers.reader import CHANNELS_LAST, InputSpec, Reader, TableColumns, with_dtype
from skneural.readers.stored import few_rows, stored_container
from skneural.user_warnings import warn_user

# Steps in a block of predictions: with the 256 channels of a fully convolutional network they take 16 MB in float32.
STEPS_PER_BLOCK = 16_384

# Series of a stored array that tell whether all are tokens.
MANY_SERIES = 1000


def vocabulary_size_hyperparameter() -> Any:
    """The hyper-parameter `vocabulary_size` of families whose X is series or tokens."""
    return hyperparameter(
        default=None,
        constraint=NONE | Choice("auto") | Integer(1),
        doc="""Number of different tokens, if X is sequences of tokens: integers from 0 to ``vocabulary_size - 1``.
        "auto": as many as occur in `fit`, or in the first call of `partial_fit`; greater ones are later read as 0, the
        unknown token of `skneural.preprocessing.TokenEncoder`, unless X is in a file. None: X is series of numbers.""",
    )


def standardize_hyperparameter() -> Any:
    """The hyper-parameter `standardize` of families whose X is series."""
    return hyperparameter(
        default=True,
        constraint=BOOLEAN,
        doc="""Centre and scale each feature by its mean and standard deviation over all steps of all training series
        (in `partial_fit`, of all calls so far).""",
    )


def reversible_normalization_hyperparameter() -> Any:
    """The hyper-parameter `reversible_normalization` of regressors whose X is series."""
    return hyperparameter(
        default=False,
        constraint=BOOLEAN,
        doc="""Centre and scale each series by its own mean and deviation, instead of `standardize`, and its targets by
        those of the feature that they continue (Kim et al. 2022): for forecasts of series of different levels. y has
        the following values of all features, as those of `skneural.preprocessing.SlidingWindows`. The curves of the
        loss are then in these units, and `normalize_y` has no effect.""",
    )


def embedding_size_hyperparameter() -> Any:
    """The hyper-parameter `embedding_size` of families with token embeddings."""
    return hyperparameter(
        default=64,
        constraint=Integer(1),
        doc="""Size of the embedding of each token. Where all embeddings together are 262 144 numbers or more, a step
        computes only those of the tokens in its batch; `alpha` is then a penalty on these, except with adamw.""",
    )


SEQUENCE_ATTRIBUTES = {
    "n_features_in_": (
        "int",
        "Number of features of each step; of columns, for 2-D X, whose rows are univariate series; 1 for tokens.",
    ),
}


# Sentences of the class docstrings of all families for series and tokens, for `shared_doc`.
SEQUENCE_DOC = {
    "sequence_X": """
    X has shape (n_samples, steps, features), or (n_samples, steps) for univariate series, or is a list of arrays of
    shape (steps, features) or (steps,) whose lengths may differ, or a column of these: a Series of pandas, polars or
    Arrow, a table of one column, or an object array. With `vocabulary_size`, X is sequences of integer tokens instead.
    Shorter series are padded and masked, so that predictions do not depend on the padding.
    """,
    "sequence_targets": """
    y has shape (n_samples,) or (n_samples, n_outputs), such as the next values of each series; or, for targets of each
    step, (n_samples, steps, n_outputs), or a list of arrays of shape (steps, n_outputs) where lengths differ.
    """,
    "sequence_labels": """
    y contains a sequence of labels for each series, of the same length. Sequences of binary rows, of shape
    (steps, n_labels), are multilabel. `classes_` are the labels of all sequences.
    """,
}


@dataclass(frozen=True)
class SequenceOptions:
    """Hyper-parameters of the reader of series and tokens.

    Attributes
    ----------
    vocabulary_size : int, "auto" or None
        Number of tokens; None for series of numbers.
    n_vectors : int or None
        Number of tokens with a vector from which their embedding starts, which "auto" stands for.
    """

    vocabulary_size: int | str | None = None
    n_vectors: int | None = None

    @property
    def replaces_unknown(self) -> bool:
        """True if tokens outside the vocabulary are read as 0 after training."""
        return self.vocabulary_size == "auto"


@dataclass(frozen=True)
class Sequences(Reader):
    """Reader of series of one or several features and of equal or unequal lengths, or of tokens.

    Attributes
    ----------
    columns : TableColumns or None
        Columns of a table whose rows are univariate series; None if X was not a table.
    n_features : int
        Features of each step; one for tokens.
    vocabulary_size : int or None
    replaces_unknown : bool
        Whether tokens outside the vocabulary are read as 0.
    """

    columns: TableColumns | None
    n_features: int
    vocabulary_size: int | None
    replaces_unknown: bool = field(default=False, kw_only=True)

    least_rows_per_block: ClassVar[int] = 1  # smallest block of predictions, however long the series are

    @classmethod
    def learn(cls, X: object, options: SequenceOptions, spec: InputSpec) -> tuple[Self, Container]:
        columns, size, x = cls._learn_columns(X, options, spec)
        return cls(columns, n_features_of_a_step(x), size, replaces_unknown=options.replaces_unknown), x

    @classmethod
    def _learn_columns(
        cls, X: object, options: SequenceOptions, spec: InputSpec
    ) -> tuple[TableColumns | None, int | None, Container]:
        """The columns of a table, the number of tokens, and the samples."""
        X, pieces = _arrays_or_pieces(X)
        size = _vocabulary_size(X, pieces, options)
        if size is None:
            _warn_of_tokens(X if pieces is None else pieces)
        if _is_table(X, pieces, size):
            columns, rows = _table(TableColumns.learn, X, spec)
            return columns, None, _container(X, rows[:, :, np.newaxis], spec)
        x = _read(X, pieces, size, spec)
        if size is None and x.lengths is None:
            _warn_of_channels_first(x)
        return None, size, x

    def read(self, X: object, spec: InputSpec) -> Container:
        X, pieces = _arrays_or_pieces(X)
        if _is_table(X, pieces, self.vocabulary_size):
            if self.columns is None:
                _, rows = _table(TableColumns.learn, X, spec)
            else:
                rows = _table(self.columns.check, X, spec)
            x = _container(X, rows[:, :, np.newaxis], spec)
        else:
            x = _read(X, pieces, self.vocabulary_size, spec, self.replaces_unknown)
        self._ensure_same_features(x, spec.estimator_name)
        return x

    def _ensure_same_features(self, x: Container, estimator_name: str) -> None:
        n_features = n_features_of_a_step(x)
        if n_features != self.n_features:
            raise ValueError(
                f"X has {n_features} features at each step, but {estimator_name} was fitted on {self.n_features}. X is "
                "(n, steps, features) or a list of series; a single one is [X]."
                + (
                    f" {CHANNELS_LAST}"
                    if n_features > 1 and x.lengths is None and x.shape[1] == self.n_features
                    else ""
                )
            )

    @property
    def learned_once(self) -> str:
        return "the vocabulary of X" if self.replaces_unknown else ""

    @property
    def scaling_advice(self) -> str:
        return "standardize=True" if self.vocabulary_size is None else ""

    def shapes(self) -> dict[str, Any]:
        return {"n_features": self.n_features, "vocabulary_size": self.vocabulary_size}

    def attributes(self) -> dict[str, Any]:
        return {"n_features_in_": self.n_features} if self.columns is None else self.columns.attributes()

    @classmethod
    def selects_rows(cls, options: SequenceOptions) -> bool:
        return options.vocabulary_size is None

    def rows_per_block(self, x: Container) -> int:
        return max(self.least_rows_per_block, STEPS_PER_BLOCK // x.typical_length, 1)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.sparse = False
        tags.input_tags.three_d_array = True


def n_features_of_a_step(x: Container) -> int:
    """Features of each step; one for tokens."""
    return x.shape[2] if len(x.shape) > 2 else 1


def _arrays_or_pieces(X: object) -> tuple[Any, list[np.ndarray] | None]:
    """X as an array, or a list of arrays if it is a list of series.

    A list of lists of numbers that are equally long is a table, as everywhere in scikit-learn; a list of arrays is one
    of series, whatever their lengths.
    """
    if is_stored(X):
        return X, None
    X = unpacked(X)
    if _holds_texts(X):
        raise ValueError(
            "X is texts. skneural.preprocessing.TokenEncoder converts their words or characters to integers; set "
            "vocabulary_size for these."
        )
    pieces = _pieces(X)
    if pieces is not None and _is_nested(X) and len({piece.shape for piece in pieces}) == 1:
        return np.stack(pieces), None
    return X, pieces


def _is_nested(X: Any) -> bool:
    """Return True if X is a list of lists or tuples."""
    return isinstance(X, list | tuple) and all(isinstance(row, list | tuple) for row in X)


def _is_table(X: object, pieces: list[np.ndarray] | None, vocabulary_size: int | None) -> bool:
    """Return True if each row of X is a univariate series."""
    return pieces is None and vocabulary_size is None and getattr(_as_array(X), "ndim", 2) <= 2


def _as_array(X: object) -> Any:
    """X as an array or a frame; a stored array as it is."""
    return X if is_stored(X) else with_dtype(X)


def _table(check: Callable[..., Any], X: object, spec: InputSpec) -> Any:
    """The result of a check of a table, or of a row like those of a stored array."""
    X, spec = few_rows(_as_array(X), spec)
    return check(X, spec, dtype=spec.stored_dtype(X))


def _read(
    X: Any,
    pieces: list[np.ndarray] | None,
    vocabulary_size: int | None,
    spec: InputSpec,
    replaces_unknown: bool = False,
) -> Container:
    if vocabulary_size is not None:
        return _tokens(_as_array(X) if pieces is None else pieces, vocabulary_size, replaces_unknown)
    return _series(_as_array(X), spec) if pieces is None else _joined(pieces, spec)


def _warn_of_tokens(X: Any) -> None:
    """Warn if X is about to be read as numbers but looks like tokens: one feature of non-negative integers."""
    parts = X if isinstance(X, list) else [X[:MANY_SERIES] if is_stored(X) else with_dtype(X)]
    n_axes = 1 if isinstance(X, list) else 2
    if parts and all(getattr(part, "ndim", 0) == n_axes and _are_counts(np.asarray(part)) for part in parts):
        warn_user(
            "X is integers and is read as series of numbers. If these represent tokens, such as words, set "
            "vocabulary_size; if they are measurements, convert them to floats."
        )


def _are_counts(x: np.ndarray) -> bool:
    return x.dtype.kind in "iu" and x.size > 0 and bool(x.min() >= 0)


def _warn_of_channels_first(x: Container) -> None:
    """Warn of series with many more features than steps."""
    _, steps, features = x.shape
    if steps <= 16 and features > 4 * steps:
        warn_user(
            f"X is read as series of {steps} steps with {features} features each. If these are {steps} channels of "
            f"{features} steps: {CHANNELS_LAST[0].lower()}{CHANNELS_LAST[1:]}"
        )


def _holds_texts(X: Any) -> bool:
    """Return True if X is texts or sequences of words, in a list, an array or a DataFrame."""
    if hasattr(X, "to_numpy"):  # pandas
        X = X.to_numpy()
    while True:
        if isinstance(X, np.ndarray) and X.size:  # its rows would be matrices again if it is an np.matrix
            X = X.flat[0]
        elif isinstance(X, list | tuple) and X:
            X = X[0]
        else:
            break
    return isinstance(X, str | bytes)


def steps_like(flat: Array, x: Container, X: object) -> Array | list[Array]:
    """Arrange values of all steps like X: in one array if X is an array, in one per series if X is a list.

    If X is a column of series, the result is an object array, which `cross_val_predict` can concatenate.

    Parameters
    ----------
    flat : array of shape (steps of all series, ...)
        Concatenated over the series.
    x : Series, or StoredRows of series
        The checked X.
    X : array-like or list
        As passed by the user.
    """
    if given_one_by_one(X):
        assert isinstance(x, Series)
        pieces = np.split(flat, np.cumsum(x.n_steps)[:-1])
        return Pieces(pieces) if isinstance(X, list | tuple | Series) else object_array(pieces)
    return flat.reshape(*x.shape[:2], *flat.shape[1:])


def given_one_by_one(X: object) -> bool:
    """Return True if X is a list of series, for which a user expects a list of predictions."""
    return isinstance(X, list | tuple | Series) or unpacked(X) is not X or _is_object_array(X)


def _is_object_array(X: object) -> bool:
    return isinstance(X, np.ndarray) and X.dtype == object


class Pieces(list[Any]):
    """A list with one array or list per series, which NumPy converts to an object array if lengths differ.

    `sklearn.model_selection.cross_val_predict` converts the predictions for its folds in this way.
    """

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if all(isinstance(piece, np.ndarray) for piece in self) and len({piece.shape for piece in self}) == 1:
            return np.array(list(self), dtype=dtype)
        return object_array(self)


def _pieces(X: Any) -> list[np.ndarray] | None:
    """One array per series if X is a list of series; None otherwise, as for an array or a DataFrame."""
    if not (isinstance(X, list | tuple) or (_is_object_array(X) and X.ndim == 1)) or not len(X):
        return None
    pieces = [_as_piece(piece) for piece in X]
    return pieces if all(piece.ndim in (1, 2) for piece in pieces) else None


def _as_piece(series: Any) -> np.ndarray:
    """One series as an array; columns of nested lists give an object array with an array for each step."""
    piece = np.asarray(series)
    return np.stack(list(piece)) if _is_object_array(piece) and piece.ndim == 1 and _holds_arrays(piece) else piece


def _holds_arrays(piece: np.ndarray) -> bool:
    return len(piece) > 0 and len({step.shape if isinstance(step, np.ndarray) else () for step in piece} - {()}) == 1


def _series(X: object, spec: InputSpec) -> Container:
    """Series of equal lengths, of shape (n, steps, features)."""
    x, _ = few_rows(X, spec)
    x = check_array(x, dtype=spec.stored_dtype(x), order="C", allow_nd=True, ensure_all_finite=False, input_name="X")
    if x.ndim != 3 or 0 in x.shape:
        raise ValueError(
            f"X has shape {x.shape}. Series are (n, steps, features), or (n, steps) if there is one feature, or a list "
            "of arrays (steps, features) if lengths differ; none may be empty."
        )
    if not is_stored(X):
        _ensure_finite(x, spec)
    return _container(X, x, spec)


def _container(X: Any, x: Array, spec: InputSpec) -> Container:
    """The samples of X, which are `x`, series of equal lengths, if X is in memory."""
    if is_stored(X):
        return stored_container(X, spec, x.shape[1:], Series)
    return spec.select(Series(x, None, spec.resolve(x.dtype)))


def _joined(pieces: list[np.ndarray], spec: InputSpec) -> Series:
    """Series of any lengths."""
    pieces = [piece[:, np.newaxis] if piece.ndim == 1 else piece for piece in pieces]
    n_features = pieces[0].shape[1]
    for i, piece in enumerate(pieces):
        if not len(piece):
            raise ValueError(f"Series {i} has no steps; leave it out.")
        if piece.shape[1] != n_features:
            first = len({len(piece) for piece in pieces}) == 1
            raise ValueError(
                f"Series {i} has {piece.shape[1]} features at each step, and series 0 has {n_features}. Series are "
                "arrays of shape (steps, features)." + (f" {CHANNELS_LAST}" if first else "")
            )
    flat = np.concatenate(pieces)
    flat = check_array(flat, dtype=spec.stored_dtype(flat), ensure_all_finite=False, input_name="X")
    _ensure_finite(flat, spec)
    return Series.of(flat, np.array([len(piece) for piece in pieces]), spec.resolve(flat.dtype))


def _vocabulary_size(X: Any, pieces: list[np.ndarray] | None, options: SequenceOptions) -> int | None:
    """Number of tokens: the given one, that of vectors, or one more than the greatest token of X."""
    if not isinstance(options.vocabulary_size, str):
        return options.vocabulary_size
    if options.n_vectors is not None:
        return options.n_vectors
    blocks: Iterable[np.ndarray]
    if pieces is None:
        x = _as_array(X)
        blocks = (np.asarray(x[rows]) for rows in slices(len(x), MANY_SERIES))
    else:
        blocks = pieces
    # Whatever is no tokens has none here, and `_tokens` tells what it is.
    greatest = [int(block.max()) for block in blocks if block.dtype.kind in "iu" and block.size]
    return 1 + max(greatest, default=0)


def _tokens(X: Any, vocabulary_size: int, replaces_unknown: bool) -> Container:
    """Sequences of token numbers, of shape (n, steps)."""
    if is_stored(X) and X.dtype.kind in "iu" and X.ndim == 2:
        return _stored_tokens(X, vocabulary_size)
    unequal = isinstance(X, list)
    if unequal:
        empty = [i for i, piece in enumerate(X) if not len(piece)]
        if empty:
            raise ValueError(f"Sequence {empty[0]} has no tokens; leave it out.")
        numbers = np.concatenate(X)
    else:
        numbers = np.asarray(X)
    if numbers.dtype.kind not in "iu" or numbers.ndim != (1 if unequal else 2):
        raise ValueError(
            f"With vocabulary_size, X must be a list of integer sequences, or an integer array (n, steps). This X has "
            f"dtype {numbers.dtype}" + ("." if unequal else f" and shape {numbers.shape}.") + _wrong_token(X)
        )
    numbers = numbers.astype(np.intp)
    if replaces_unknown:
        numbers[numbers >= vocabulary_size] = 0
    if not unequal:
        ensure_within_vocabulary(numbers, vocabulary_size, "X")
        return Series(numbers)
    lengths = np.array([len(piece) for piece in X])
    ensure_within_vocabulary(np.split(numbers, np.cumsum(lengths)[:-1]), vocabulary_size, "X")
    return Series.of(numbers, lengths)


def _stored_tokens(X: Any, vocabulary_size: int) -> Container:
    """Sequences of token numbers in a stored array, after one pass that compares them with the vocabulary."""
    x = StoredRows(StoredArray(X), X.shape[1:], np.dtype(np.intp), np.dtype(np.intp), Series)
    blocks = slices(len(x), max(1, STEPS_PER_BLOCK // X.shape[1]))
    ensure_within_vocabulary((row for rows in blocks for row in x.values[rows]), vocabulary_size, "X")
    return x


def _wrong_token(X: Any) -> str:
    """A sentence about the first token that is no integer; empty if tokens are not in sequences."""
    for i, sequence in enumerate(X):
        for step, token in enumerate(sequence if np.ndim(sequence) == 1 else []):
            if not isinstance(token, Integral) or isinstance(token, bool | np.bool_):
                return f" X[{i}][{step}] is {token}, of type {type(token).__name__}."
    return ""


def _ensure_finite(x: Array, spec: InputSpec) -> None:
    if not all(np.isfinite(block).all() for block in spec.blocks_of_samples(x)):
        raise ValueError(
            "X contains NaN or infinity. If it is padding of series of unequal lengths, give a list of arrays of shape "
            "(steps, features) without padding; otherwise impute missing values first."
        )
