"""Reader of source sequences, or of rows of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags

from skneural.data import Container, Rows, Series
from skneural.data.texts import read_sequences
from skneural.data.vocabulary import Vocabulary
from skneural.ops.types import Array
from skneural.readers import InputSpec, Reader, TableColumns, dtype_of, lengths_of, with_dtype
from skneural.readers.sequences import STEPS_PER_BLOCK


@dataclass(frozen=True)
class SourceOptions:
    """Hyper-parameters of the reader of sources.

    Attributes
    ----------
    level : {"word", "character"}
    vocabulary_size : int or None
    encoder : str
        "auto", or a kind of encoder.
    sequence_encoder : str
        Encoder of sequences, if `encoder` is "auto".
    """

    level: str
    vocabulary_size: int | None
    encoder: str
    sequence_encoder: str


@dataclass(frozen=True)
class Sources(Reader):
    """Reader of texts, lists of tokens, sequences of integers, or rows of numbers for a dense encoder.

    Attributes
    ----------
    encoder : str
        Kind of the encoder.
    level : {"word", "character"}
        Tokens into which texts are split.
    columns : TableColumns or None
        Columns of rows of numbers; None for sequences.
    tokens : list of str, or None
        In the order of their numbers; None for integers and for rows of numbers.
    n_tokens : int
        Zero for rows of numbers.
    """

    encoder: str
    level: str
    columns: TableColumns | None
    tokens: list[str] | None
    n_tokens: int

    @classmethod
    def learn(cls, X: object, options: SourceOptions, spec: InputSpec) -> tuple[Self, Container]:
        encoder = options.encoder
        if encoder == "auto":
            encoder = "dense" if _is_table_of_floats(X) else options.sequence_encoder
        if encoder == "dense":
            _ensure_numbers(X)
            columns, rows = TableColumns.learn(with_dtype(X), spec)
            return cls(encoder, options.level, columns, None, 0), Rows(rows)
        given = read_sequences(X, options.level)
        vocabulary = Vocabulary.of(given, size=options.vocabulary_size, weight=spec.sample_weight)
        reader = cls(encoder, options.level, None, vocabulary.listed, int(vocabulary.n_tokens))
        return reader, series_of(vocabulary.encode(given))

    def read(self, X: object, spec: InputSpec) -> Container:
        if self.columns is not None:
            return Rows(self.columns.check(with_dtype(X), spec))
        vocabulary = Vocabulary.learned(self.tokens, self.n_tokens)
        return series_of(vocabulary.encode(read_sequences(X, self.level)))

    @property
    def learned_once(self) -> str:
        return "" if self.tokens is None else "the vocabulary of X"

    @property
    def scaling_advice(self) -> str:
        return "" if self.columns is None else super().scaling_advice

    def shapes(self) -> dict[str, Any]:
        return {"n_source": self.n_tokens if self.columns is None else self.columns.n_features, "encoder": self.encoder}

    def attributes(self) -> dict[str, Any]:
        columns = {} if self.columns is None else self.columns.attributes()
        return {"source_vocabulary_": self.tokens, "encoder_": self.encoder, **columns}

    def rows_per_block(self, x: Container) -> int:
        return max(STEPS_PER_BLOCK // max(x.typical_length, 1), 32)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.sparse = False


def series_of(sequences: list[Array]) -> Series:
    """Sequences of token numbers as a container."""
    return Series.of(np.concatenate(sequences), np.array([len(sequence) for sequence in sequences]))


def _ensure_numbers(X: Any) -> None:
    first = next(iter(X), None) if isinstance(X, list | tuple | np.ndarray) else None
    if isinstance(first, str):
        raise ValueError(
            f'X is texts, such as {first!r}, but encoder="dense" takes rows of numbers, of shape (n_samples, '
            'n_features). Set encoder="rnn" or "transformer".'
        )


def _is_table_of_floats(X: Any) -> bool:
    if isinstance(X, str | bytes) or (isinstance(X, list | tuple) and len(lengths_of(X)) != 1):
        return False
    table = with_dtype(X)
    return getattr(table, "ndim", 2) == 2 and dtype_of(table).kind == "f"
