"""Reader of texts for language models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags

from skneural.data import Container, MaskedWindows, TokenWindows
from skneural.data.texts import TokenSequences, read_sequences, written
from skneural.data.vocabulary import UNKNOWN, Vocabulary
from skneural.ops.types import Array
from skneural.readers import InputSpec, Reader
from skneural.readers.sequences import STEPS_PER_BLOCK

TEXT_SPECIAL_TOKENS = ("start", "mask")

# Raw scores in a block of predictions: 16 MB in float32.
SCORES_PER_BLOCK = 4_000_000

# Candidates for the unknown token in a restored text: the replacement character, and those for private use in Unicode.
UNKNOWN_CHARACTERS = "\ufffd" + "".join(map(chr, range(0xE000, 0xF900)))


@dataclass(frozen=True)
class TextOptions:
    """Hyper-parameters of the reader of texts.

    Attributes
    ----------
    level : {"word", "character"}
    vocabulary_size : int or None
    min_frequency : int
    """

    level: str
    vocabulary_size: int | None
    min_frequency: int


@dataclass(frozen=True)
class Texts(Reader):
    """Reader of texts, lists of tokens, or sequences of integers.

    Attributes
    ----------
    level : {"word", "character"}
        Tokens into which texts are split.
    form : {"text", "tokens", "numbers"}
        Form of the training data; see `TokenSequences`.
    tokens : list of str, or None
        In the order of their numbers; None if X is integers.
    n_tokens : int
    """

    level: str
    form: str
    tokens: list[str] | None
    n_tokens: int

    @classmethod
    def learn(cls, X: object, options: TextOptions, spec: InputSpec) -> tuple[Self, Container]:
        given = read_sequences(X, options.level)
        size = None if options.vocabulary_size is None else int(options.vocabulary_size)
        vocabulary = Vocabulary.of(given, TEXT_SPECIAL_TOKENS, size, options.min_frequency, spec.sample_weight)
        reader = cls(options.level, given.form, vocabulary.listed, int(vocabulary.n_tokens))
        return reader, reader._windows(given)

    def read(self, X: object, spec: InputSpec) -> Container:
        return self._windows(read_sequences(X, self.level))

    def _windows(self, given: TokenSequences) -> TokenWindows:
        vocabulary = self.vocabulary
        return TokenWindows.from_sequences(vocabulary.encode(given), vocabulary.number_of("start"))

    @property
    def learned_once(self) -> str:
        return "" if self.tokens is None else "the vocabulary"

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the training texts, with the special tokens of language models."""
        return Vocabulary.learned(self.tokens, self.n_tokens, TEXT_SPECIAL_TOKENS)

    def encode(self, X: object) -> list[Array]:
        """The numbers of the tokens of each text."""
        return self.vocabulary.encode(read_sequences(X, self.level))

    def restore(self, x: Container) -> list[Any]:
        """Windows in the form of the training data: texts, lists of tokens or integer arrays."""
        assert isinstance(x, TokenWindows)
        tokens = x.input_tokens if isinstance(x, MaskedWindows) else x.next_tokens  # those that are predicted
        windows = np.split(tokens, np.cumsum(x.n_steps)[:-1])
        return [self._written(numbers) for numbers in windows]

    def _written(self, numbers: Array) -> Any:
        """One window in the form of the training data."""
        tokens = self.vocabulary.decode(numbers)
        if self.form == "text" and self.level == "character" and UNKNOWN in tokens:
            unknown = next(character for character in UNKNOWN_CHARACTERS if character not in (self.tokens or ()))
            tokens = [unknown if token == UNKNOWN else token for token in tokens]  # its name is several characters
        return written(tokens, self.form, self.level)

    @property
    def scaling_advice(self) -> str:
        return ""

    def shapes(self) -> dict[str, Any]:
        return {"n_special": len(TEXT_SPECIAL_TOKENS)}

    def attributes(self) -> dict[str, Any]:
        return {"vocabulary_": self.tokens, "vocabulary_size_": self.n_tokens, "n_features_in_": 1}

    def rows_per_block(self, x: Container) -> int:
        return max(min(STEPS_PER_BLOCK, SCORES_PER_BLOCK // self.n_tokens) // x.typical_length, 1)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
