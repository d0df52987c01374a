"""Reader of texts for language models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags

from skneural.data import Container, MaskedWindows, TokenWindows
from skneural.data.event_sets import read_sets
from skneural.data.texts import TokenSequences, read_sequences, written
from skneural.data.vocabulary import UNKNOWN, Vocabulary
from skneural.ops.types import Array
from skneural.readers import InputSpec, Reader
from skneural.readers.sequences import STEPS_PER_BLOCK

TEXT_SPECIAL_TOKENS = ("start", "mask")

SETS = "sets"  # the form of X whose steps are sets of classes

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
    """Reader of texts, lists of tokens, sequences of integers, or series of sets of classes.

    Attributes
    ----------
    level : {"word", "character"}
        Tokens into which texts are split.
    form : {"text", "tokens", "numbers", "sets"}
        Form of the training data: series of sets, or see `TokenSequences`.
    tokens : list of str, or None
        In the order of their numbers; None if X is integers or sets.
    n_tokens : int
        Number of tokens or classes.
    """

    level: str
    form: str
    tokens: list[str] | None
    n_tokens: int

    @classmethod
    def learn(cls, X: object, options: TextOptions, spec: InputSpec) -> tuple[Self, Container]:
        sets = read_sets(X)
        if sets is not None:
            reader = cls(options.level, SETS, None, sets[0].shape[1])
            return reader, reader._windows_of_sets(sets, spec.precision_of(sets[0]))
        given = read_sequences(X, options.level)
        size = None if options.vocabulary_size is None else int(options.vocabulary_size)
        vocabulary = Vocabulary.of(given, TEXT_SPECIAL_TOKENS, size, options.min_frequency, spec.sample_weight)
        reader = cls(options.level, given.form, vocabulary.listed, int(vocabulary.n_tokens))
        return reader, reader._windows(given)

    def read(self, X: object, spec: InputSpec) -> Container:
        sets = read_sets(X)
        if (sets is not None) != self.of_sets:
            raise ValueError(
                f"X is {'sets' if sets is not None else 'texts'}, but {spec.estimator_name} was fitted on "
                f"{'sets' if self.of_sets else 'texts'}: {'(steps, classes) arrays' if self.of_sets else self.form}."
            )
        if sets is None:
            return self._windows(read_sequences(X, self.level))
        if sets[0].shape[1] != self.n_tokens:
            raise ValueError(
                f"X has {sets[0].shape[1]} classes, but {spec.estimator_name} was fitted on {self.n_tokens}."
            )
        return self._windows_of_sets(sets, spec.precision_of(sets[0]))

    @property
    def of_sets(self) -> bool:
        """True if steps are sets of classes."""
        return self.form == SETS

    def steps_of(self, sets: Array) -> Array:
        """Steps of a series as the network takes them: with a further column, which is one at the start only."""
        return np.pad(sets, ((0, 0), (0, 1)))

    @property
    def start_of_sets(self) -> Array:
        """The step before the first one: no class, and a one in the further column."""
        return np.eye(1, self.n_tokens + 1, self.n_tokens, dtype=np.uint8)

    def _windows_of_sets(self, sets: list[Array], dtype: np.dtype[Any]) -> TokenWindows:
        return TokenWindows.from_sequences([self.steps_of(each) for each in sets], self.start_of_sets[0], dtype)

    def _windows(self, given: TokenSequences) -> TokenWindows:
        vocabulary = self.vocabulary
        return TokenWindows.from_sequences(vocabulary.encode(given), vocabulary.number_of("start"))

    def prompted(self, prompt: Any) -> tuple[list[Any], str]:
        """The start and the steps of a prompt, or None, as the network takes them, and the form of the prompt."""
        if self.of_sets:
            sets = np.zeros((0, self.n_tokens), np.uint8) if prompt is None else self._set_prompt(prompt)
            return list(np.concatenate([self.start_of_sets, self.steps_of(sets)]).astype(np.float32)), SETS
        start = self.vocabulary.number_of("start")
        if prompt is None:
            return [start], self.form
        given = read_sequences([prompt], self.level, "prompt")
        return [start, *self.vocabulary.encode(given, "prompt")[0].tolist()], given.form

    def _set_prompt(self, prompt: Any) -> Array:
        sets = read_sets([np.asarray(prompt)], "prompt")
        if sets is None or sets[0].shape[1] != self.n_tokens:
            raise ValueError(
                f"prompt has shape {np.shape(prompt)}; expected one series of sets as in the training data, "
                f"(steps, {self.n_tokens})."
            )
        return sets[0]

    def written(self, drawn: list[Any], form: str) -> Any:
        """Steps that were generated, in the form of a prompt."""
        if self.of_sets:
            return np.stack(drawn)[:, : self.n_tokens].astype(np.intp)
        return written(self.vocabulary.decode(np.array(drawn, dtype=np.intp)), form, self.level)

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
        """Windows in the form of the training data: texts, lists of tokens, integer arrays or sets."""
        assert isinstance(x, TokenWindows)
        tokens = x.input_tokens if isinstance(x, MaskedWindows) else x.next_tokens  # those that are predicted
        windows = np.split(tokens, np.cumsum(x.n_steps)[:-1])
        if self.of_sets:
            return [window[:, : self.n_tokens] for window in windows]
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
        return {"n_special": 1 if self.of_sets else len(TEXT_SPECIAL_TOKENS), "sets": self.of_sets}

    def attributes(self) -> dict[str, Any]:
        n_features = self.n_tokens if self.of_sets else 1
        return {"vocabulary_": self.tokens, "vocabulary_size_": self.n_tokens, "n_features_in_": n_features}

    def rows_per_block(self, x: Container) -> int:
        return max(min(STEPS_PER_BLOCK, SCORES_PER_BLOCK // self.n_tokens) // x.typical_length, 1)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
