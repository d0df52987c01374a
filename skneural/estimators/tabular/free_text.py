"""Columns of free text: the words of each text by their numbers in a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from skneural.hyperparameters import NONE, Constraint, hyperparameter
from skneural.ops.types import Array
from skneural.preprocessing import TokenEncoder
from skneural.readers.frames import Column, value_or_none

NO_WORD = -1  # in place of unknown words, and behind the last word of a text
# The most frequent words of a column, and the words of a text that are read: 1 kB of each row.
MOST_DIFFERENT_WORDS, MOST_WORDS = 20_000, 256


def text_features_hyperparameter() -> Any:
    """The hyper-parameter `text_features` of families with columns of free text."""
    return hyperparameter(
        default=None,
        constraint=NONE
        | Constraint(
            "list of column names or numbers",
            lambda value: (
                isinstance(value, list | tuple)
                and all(isinstance(name, str | int | np.integer) and not isinstance(name, bool) for name in value)
            ),
        ),
        doc=f"""Columns of free text, by their names or numbers, such as descriptions: the network is given the mean of
        learned vectors of the words of each text, in lower case. Words that occur once in training, and those that do
        not, are left out, as are all but the {MOST_DIFFERENT_WORDS} most frequent ones, and those behind as many as the
        longest text of training has, {MOST_WORDS} at most; the mean of none, as of a missing text, is zero.""",
    )


@dataclass(frozen=True)
class FreeText:
    """The words of each column of free text.

    Attributes
    ----------
    vocabularies : list of lists of str
        Words of each column, in the order of their numbers.
    n_words : list of int
        Words of each text that are read.
    """

    vocabularies: list[list[str]]
    n_words: list[int]

    @classmethod
    def learn(cls, columns: Sequence[Column]) -> tuple[Self, list[Array]]:
        """Learn from columns of text; also returns their words, as `read` does."""
        vocabularies, numbers = [], []
        for column in columns:
            encoder = TokenEncoder(lowercase=True, min_frequency=2, vocabulary_size=1 + MOST_DIFFERENT_WORDS)
            texts = _texts(column)
            try:
                tokens = encoder.fit_transform(texts)
            except ValueError as error:
                raise ValueError(
                    f"Column {column.label} of X is one of text_features, but no word occurs in it twice. Leave it out."
                ) from error
            vocabularies.append(list(encoder.vocabulary_)[1:])
            numbers.append(_known(tokens))
        n_words = [min(MOST_WORDS, max(map(len, texts))) for texts in numbers]
        return cls(vocabularies, n_words), [_padded(*each) for each in zip(numbers, n_words, strict=True)]

    def read(self, columns: Sequence[Column]) -> list[Array]:
        """Numbers of the words of each text, of shape (n, n_words), for each column; `NO_WORD` behind its end."""
        read = []
        for column, vocabulary, n_words in zip(columns, self.vocabularies, self.n_words, strict=True):
            encoder = TokenEncoder(lowercase=True)
            encoder.vocabulary_ = {word: number for number, word in enumerate([encoder.unknown_token, *vocabulary])}
            read.append(_padded(_known(encoder.transform(_texts(column))), n_words))
        return read

    @property
    def sizes(self) -> list[int]:
        """Number of words of each vocabulary."""
        return list(map(len, self.vocabularies))


def _texts(column: Column) -> list[str]:
    """The texts of a column, empty ones if they are missing."""
    texts = ["" if value is None else value for value in map(value_or_none, column.objects)]
    other = next((value for value in texts if not isinstance(value, str)), None)
    if other is not None:
        raise ValueError(f"Column {column.label} of X is one of text_features, but holds {other!r}, which is no text.")
    return texts


def _known(tokens: list[Array]) -> list[Array]:
    """Numbers of the words that are known."""
    return [text[text > 0] - 1 for text in tokens]


def _padded(texts: list[Array], n_words: int) -> Array:
    padded = np.full((len(texts), n_words), NO_WORD)
    for row, text in zip(padded, texts, strict=True):
        row[: len(text)] = text[:n_words]
    return padded
