"""Which tokens there are, and their numbers."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.data.texts import TokenSequences
from skneural.ops.types import Array

UNKNOWN = "<unknown>"


def most_frequent(
    sequences: Sequence[Sequence[str]], size: int | None = None, min_frequency: int = 1, unknown: str = UNKNOWN
) -> tuple[str, ...]:
    """The unknown token, then the most frequent tokens first, by code points if equally frequent.

    Parameters
    ----------
    sequences : sequence of sequences of str
    size : int, optional
        At most so many, the unknown one included. None: all.
    min_frequency : int, default=1
        Tokens that occur less often are left out.
    unknown : str, default="<unknown>"
        What stands for tokens that are left out; where it is a token itself, it is unknown, too.

    Raises
    ------
    ValueError
        If no token is left.
    """
    counts = Counter(itertools.chain.from_iterable(sequences))
    counts.pop(unknown, None)
    frequent = [token for token, count in counts.items() if count >= min_frequency]
    if not frequent:
        raise ValueError(
            f"Of {len(counts)} different tokens in {len(sequences)} texts, none occurs min_frequency={min_frequency} "
            "times."
        )
    kept = sorted(frequent, key=lambda token: (-counts[token], token))
    return unknown, *(kept if size is None else kept[: size - 1])


@dataclass(frozen=True)
class Vocabulary:
    """Numbers of tokens: first those of words or characters, then those that stand for something else.

    Where sequences are integers already, these are their numbers. Of texts, 0 is every token that was not learned. The
    special tokens, such as the start of a sequence, come last: so tokens keep the numbers that they have without them.

    Parameters
    ----------
    tokens : tuple of str, or None
        In the order of their numbers; None where integers stand for themselves.
    n_tokens : int
        How many tokens there are, special ones left out.
    special : tuple of str, default=()
        Names of the special tokens, such as "start".
    """

    tokens: tuple[str, ...] | None
    n_tokens: int
    special: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, given: TokenSequences, special: tuple[str, ...] = (), size: int | None = None, min_frequency: int = 1
    ) -> Vocabulary:
        """The vocabulary of sequences. Tokens of texts are in the order of code points.

        How often they occur decides which are known, but not their numbers: otherwise samples of weight zero, or a few
        more of one kind, would give every token another start, and another model.

        Parameters
        ----------
        given : TokenSequences
        special : tuple of str, default=()
        size : int, optional
            At most so many tokens of texts, the unknown one included; of integers, so many are allowed. None: as many
            as there are.
        min_frequency : int, default=1
            Tokens of texts that occur less often are unknown.
        """
        if given.form == "numbers":
            most = max(int(sequence.max()) for sequence in given.sequences)
            if size is not None and most >= size:
                raise ValueError(f"Token {most} is outside the vocabulary, which has the numbers 0 to {size - 1}.")
            return cls(None, size or most + 1, special)
        unknown, *known = most_frequent(given.sequences, size, min_frequency)
        return cls((unknown, *sorted(known)), 1 + len(known), special)

    @classmethod
    def learned(cls, tokens: list[str] | None, n_tokens: int, special: tuple[str, ...] = ()) -> Vocabulary:
        """The vocabulary of what a fitted estimator keeps of it: `listed` and `n_tokens`."""
        return cls(None if tokens is None else tuple(tokens), n_tokens, special)

    @property
    def listed(self) -> list[str] | None:
        """`tokens` as a list."""
        return None if self.tokens is None else list(self.tokens)

    @property
    def size(self) -> int:
        """How many numbers there are, those of special tokens included."""
        return self.n_tokens + len(self.special)

    def number_of(self, special: str) -> int:
        """The number of a special token."""
        return self.n_tokens + self.special.index(special)

    def encode(self, given: TokenSequences, name: str = "X") -> list[Array]:
        """Numbers of the tokens of each sequence.

        Raises
        ------
        ValueError
            If sequences are given as integers here and as texts in training, or the other way round, or if an integer
            is outside the vocabulary. Words and characters that are not in the vocabulary become number 0.
        """
        if (given.form == "numbers") != (self.tokens is None):
            now, then = ("integers", "texts") if given.form == "numbers" else ("texts", "integers")
            raise ValueError(f"{name} is sequences of {now}, but the model was fitted on {then}.")
        if self.tokens is not None:
            numbers = {token: number for number, token in enumerate(self.tokens)}
            return [np.array([numbers.get(token, 0) for token in one], np.intp) for one in given.sequences]
        for i, sequence in enumerate(given.sequences):
            if sequence.max() >= self.n_tokens:
                raise ValueError(
                    f"Token {sequence.max()} in {name}[{i}] is outside the vocabulary, which has the numbers 0 to "
                    f"{self.n_tokens - 1}."
                )
        return given.sequences

    def decode(self, numbers: Array) -> Any:
        """The tokens of one sequence of numbers, special ones left out."""
        numbers = numbers[numbers < self.n_tokens]
        return numbers if self.tokens is None else [self.tokens[number] for number in numbers]
