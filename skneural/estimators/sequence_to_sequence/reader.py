"""Reader of sources: sequences of tokens, series, images, or rows of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags

from skneural.data import Container, Pairs, Rows, Series
from skneural.data.object_columns import unpacked
from skneural.data.stored import is_stored
from skneural.data.texts import read_sequences
from skneural.data.vocabulary import Vocabulary
from skneural.ops.types import Array
from skneural.readers import (
    ImageOptions,
    Images,
    InputSpec,
    Reader,
    SequenceOptions,
    Sequences,
    TableColumns,
    dtype_of,
    lengths_of,
    with_dtype,
)
from skneural.readers.sequences import STEPS_PER_BLOCK

NAMES = {
    "tokens": "texts or sequences of tokens",
    "series": "series of numbers",
    "images": "images",
    "rows": "rows of numbers",
}


@dataclass(frozen=True)
class SourceOptions:
    """Hyper-parameters of the reader of sources.

    Attributes
    ----------
    level : {"word", "character"}
    vocabulary_size : int or None
    encoder : str
        "auto", or a kind of encoder.
    sequence_encoder, image_encoder : str
        Encoders of sequences and series, and of images, if `encoder` is "auto".
    n_vectors : int or None, default=None
        Number of integer tokens with a vector from which their embedding starts.
    """

    level: str
    vocabulary_size: int | None
    encoder: str
    sequence_encoder: str
    image_encoder: str
    n_vectors: int | None = None

    @property
    def encoder_of_tokens(self) -> str:
        """Kind of the encoder if X is tokens."""
        return self.sequence_encoder if self.encoder == "auto" else self.encoder


@dataclass(frozen=True)
class Sources(Reader):
    """Reader of texts, lists of tokens, sequences of integers, series, images, or rows of numbers for a dense encoder.

    Attributes
    ----------
    kind : {"tokens", "series", "images", "rows"}
    encoder : str
        Kind of the encoder.
    level : {"word", "character"}
        Tokens into which texts are split.
    tokens : list of str, or None
        In the order of their numbers; None for integers and for anything but tokens.
    n_tokens : int
        Zero for anything but tokens.
    columns : TableColumns or None
        Columns of rows of numbers.
    series : Sequences or None
        Reader of series.
    images : Images or None
        Reader of images.
    """

    kind: str
    encoder: str
    level: str
    tokens: list[str] | None = None
    n_tokens: int = 0
    columns: TableColumns | None = None
    series: Sequences | None = None
    images: Images | None = None

    @classmethod
    def learn(cls, X: object, options: SourceOptions, spec: InputSpec) -> tuple[Self, Container]:
        X = _in_memory(X)
        kind = kind_of(X, options.encoder)
        automatic = {"rows": "dense", "images": options.image_encoder}.get(kind, options.sequence_encoder)
        encoder = automatic if options.encoder == "auto" else options.encoder
        if kind != "tokens" and options.n_vectors is not None:
            raise ValueError(f"embedding_weights is for X of integer sequences, but X is {NAMES[kind]}.")
        if kind == "rows":
            _ensure_numbers(X)
            columns, rows = TableColumns.learn(with_dtype(X), spec)
            return cls(kind, encoder, options.level, columns=columns), Rows(rows)
        if kind == "series":
            series, x = Sequences.learn(X, SequenceOptions(), spec)
            return cls(kind, encoder, options.level, series=series), x
        if kind == "images":
            images, x = Images.learn(X, ImageOptions(), spec)
            return cls(kind, encoder, options.level, images=images), x
        given = read_sequences(X, options.level)
        if given.form != "numbers" and options.n_vectors is not None:
            raise ValueError(
                "embedding_weights is for X of integer sequences, but X is texts, whose vocabulary has no order before "
                "fit: encode X by skneural.preprocessing.TokenEncoder."
            )
        size = options.vocabulary_size or options.n_vectors
        vocabulary = Vocabulary.of(given, size=size, weight=spec.sample_weight)
        reader = cls(kind, encoder, options.level, vocabulary.listed, int(vocabulary.n_tokens))
        return reader, series_of(vocabulary.encode(given))

    def read(self, X: object, spec: InputSpec) -> Container:
        if self.columns is not None:
            return Rows(self.columns.check(with_dtype(X), spec))
        X = _in_memory(X)
        inner = self.series or self.images
        if inner is None:
            vocabulary = Vocabulary.learned(self.tokens, self.n_tokens)
            return series_of(vocabulary.encode(read_sequences(X, self.level)))
        if kind_of(X, "auto") == "tokens":
            raise ValueError(
                f"X is {NAMES['tokens']}, but {spec.estimator_name} was fitted on {NAMES[self.kind]}. Give X in the "
                "form of the training data."
            )
        return inner.read(X, spec)

    @property
    def learned_once(self) -> str:
        return "" if self.tokens is None else "the vocabulary of X"

    @property
    def scaling_advice(self) -> str:
        inner = self.series or self.images
        if inner is not None:
            return inner.scaling_advice
        return "" if self.columns is None else super().scaling_advice

    def shapes(self) -> dict[str, Any]:
        n_source = self.n_tokens if self.columns is None else self.columns.n_features
        return {
            "n_source": n_source if self.series is None else self.series.n_features,
            "encoder": self.encoder,
            "source": self.kind,
            "image_shape": None if self.images is None else self.images.image_shape,
        }

    def attributes(self) -> dict[str, Any]:
        inner = self.series or self.images or self.columns
        columns = {} if inner is None else inner.attributes()
        return {"source_vocabulary_": self.tokens, "encoder_": self.encoder, **columns}

    def rows_per_block(self, x: Container) -> int:
        if self.images is not None:
            return self.images.rows_per_block(x.source if isinstance(x, Pairs) else x)
        return max(STEPS_PER_BLOCK // max(x.typical_length, 1), 32)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.sparse = False


def series_of(sequences: list[Array]) -> Series:
    """Sequences of token numbers as a container."""
    return Series.of(np.concatenate(sequences), np.array([len(sequence) for sequence in sequences]))


def _in_memory(X: object) -> Any:
    """X, as an array in memory if it is a memory map: pairs of sources and targets are read at once."""
    return np.asarray(with_dtype(X)) if is_stored(X) else X


def kind_of(X: Any, encoder: str) -> str:
    """Kind of the sources in X, which also follows from an encoder that takes one kind only.

    Returns
    -------
    kind : {"tokens", "series", "images", "rows"}
        Numbers with two axes are rows for ``encoder="auto"``, if all have the same length, and otherwise series.
    """
    if encoder in ("dense", "cnn"):
        return {"dense": "rows", "cnn": "images"}[encoder]
    X = unpacked(X)
    n_axes = _axes(X)
    if n_axes > 2:
        return "series" if n_axes == 3 else "images"
    if _is_table_of_floats(X):
        return "rows" if encoder == "auto" else "series"
    return "series" if n_axes == 2 and _holds_floats(X) else "tokens"


def _axes(X: Any) -> int:
    """Number of axes of an array, or of the nested lists and arrays around the first element."""
    if isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1):
        return 1 + (_axes(X[0]) if len(X) else 0)
    return int(getattr(X, "ndim", 0))


def _is_table_of_floats(X: Any) -> bool:
    if isinstance(X, str | bytes) or (isinstance(X, list | tuple) and len(lengths_of(X)) != 1):
        return False
    table = with_dtype(X)
    return getattr(table, "ndim", 2) == 2 and dtype_of(table).kind == "f"


def _holds_floats(X: Any) -> bool:
    """Return True if the first sample of a list of sequences is floats."""
    is_list = isinstance(X, list | tuple | np.ndarray)
    return is_list and len(X[0]) > 0 and np.asarray(X[0]).dtype.kind == "f"


def _ensure_numbers(X: Any) -> None:
    first = next(iter(X), None) if isinstance(X, list | tuple | np.ndarray) else None
    if isinstance(first, str):
        raise ValueError(
            f'X is texts, such as {first!r}, but encoder="dense" takes rows of numbers, of shape (n_samples, '
            'n_features). Set encoder="rnn" or "transformer".'
        )
