"""Vocabularies, which map tokens to integers."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.data.texts import TokenSequences
from skneural.ops.types import Array

UNKNOWN = "<unknown>"


def ensure_within_vocabulary(sequences: Iterable[Array], size: int, name: str) -> None:
    """Raise if a sequence has a number that is not one of ``range(size)``.

    Parameters
    ----------
    sequences : iterable of integer arrays
    size : int
    name : str
        Name of the sequences in the error message.
    """
    for i, sequence in enumerate(sequences):
        outside = np.flatnonzero((sequence < 0) | (sequence >= size))
        if len(outside):
            raise ValueError(
                f"{name}[{i}][{outside[0]}] is token {sequence[outside[0]]}, outside the vocabulary of {size} tokens, "
                f"0 to {size - 1}. Increase vocabulary_size before fitting, or replace rare tokens by a common number."
            )


def most_frequent(
    sequences: Sequence[Sequence[str]],
    size: int | None = None,
    min_frequency: int = 1,
    unknown: str = UNKNOWN,
    weight: Array | None = None,
) -> tuple[str, ...]:
    """The unknown token, followed by the most frequent tokens in order of frequency, ties by code points.

    Parameters
    ----------
    sequences : sequence of sequences of str
    size : int, optional
        Maximum number of tokens, including the unknown one. None: all.
    min_frequency : int, default=1
        Tokens that occur less often are removed.
    unknown : str, default="<unknown>"
        Placeholder of all removed tokens. If it occurs as a token, that counts as unknown, too.
    weight : array of shape (n_sequences,), optional
        Number of times that each sequence counts; None: once.

    Raises
    ------
    ValueError
        If no token is frequent enough.
    """
    counts = {token: count for token, count in _counts(sequences, weight).items() if token != unknown}
    frequent = [token for token, count in counts.items() if count >= min_frequency]
    if not frequent:
        raise ValueError(
            f"Of {len(counts)} different tokens in {len(sequences)} texts, none occurs min_frequency={min_frequency} "
            "times."
        )
    kept = sorted(frequent, key=lambda token: (-counts[token], token))
    return unknown, *(kept if size is None else kept[: size - 1])


def _counts(sequences: Sequence[Sequence[str]], weight: Array | None) -> Mapping[str, float]:
    """Weighted number of times that each token occurs."""
    if weight is None:
        return Counter(itertools.chain.from_iterable(sequences))
    counts: dict[str, float] = {}
    for sequence, times in zip(sequences, weight.tolist(), strict=True):
        for token in sequence:
            counts[token] = counts.get(token, 0) + times
    return counts


@dataclass(frozen=True)
class Vocabulary:
    """Mapping of tokens to integers: words or characters first, then special tokens.

    If sequences are integers already, the mapping is the identity. For texts, 0 is the unknown token. Special tokens,
    such as the start of a sequence, come last, so that they do not change the integers of the other tokens.

    Parameters
    ----------
    tokens : tuple of str, or None
        Tokens in the order of their integers; None if sequences are integers already.
    n_tokens : int
        Number of tokens without the special ones.
    special : tuple of str, default=()
        Names of the special tokens, such as "start".
    """

    tokens: tuple[str, ...] | None
    n_tokens: int
    special: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        read: TokenSequences,
        special: tuple[str, ...] = (),
        size: int | None = None,
        min_frequency: int = 1,
        weight: Array | None = None,
        name: str = "X",
    ) -> Vocabulary:
        """Learn the vocabulary of sequences. Tokens of texts are sorted by code points.

        Frequencies decide which tokens are in the vocabulary, but not their integers: otherwise samples of weight zero,
        or a few additional samples, would change the initial embedding of every token, and thereby the model.

        Parameters
        ----------
        read : TokenSequences
        special : tuple of str, default=()
        size : int, optional
            Maximum number of tokens of texts, including the unknown one; for integers, the number of allowed ones.
            None: as many as occur.
        min_frequency : int, default=1
            Tokens of texts that occur less often are unknown.
        weight : array of shape (n_sequences,), optional
            Number of times that each sequence counts; None: once.
        name : str, default="X"
            Name of the sequences in error messages.
        """
        if read.form == "numbers":
            if size is not None:
                ensure_within_vocabulary(read.sequences, size, name)
            greatest = max(int(sequence.max()) for sequence in read.sequences)
            return cls(None, size or greatest + 1, special)
        unknown, *frequent = most_frequent(read.sequences, size, min_frequency, weight=weight)
        return cls((unknown, *sorted(frequent)), 1 + len(frequent), special)

    @classmethod
    def learned(cls, tokens: list[str] | None, n_tokens: int, special: tuple[str, ...] = ()) -> Vocabulary:
        """Restore a vocabulary from the attributes of a fitted estimator: `listed` and `n_tokens`."""
        return cls(None if tokens is None else tuple(tokens), n_tokens, special)

    @property
    def listed(self) -> list[str] | None:
        """Tokens as a list; None if sequences are integers."""
        return None if self.tokens is None else list(self.tokens)

    @property
    def size(self) -> int:
        """Number of tokens, including the special ones."""
        return self.n_tokens + len(self.special)

    def number_of(self, special: str) -> int:
        """Integer of a special token."""
        return self.n_tokens + self.special.index(special)

    def encode(self, read: TokenSequences, name: str = "X") -> list[Array]:
        """Map the tokens of each sequence to integers; those outside the vocabulary become 0.

        Raises
        ------
        ValueError
            If sequences are integers here and were texts in training, or vice versa, or if an integer is outside the
            vocabulary.
        """
        if (read.form == "numbers") != (self.tokens is None):
            now, then = ("integers", "texts") if read.form == "numbers" else ("texts", "integers")
            raise ValueError(f"{name} is sequences of {now}, but the model was fitted on {then}.")
        if self.tokens is not None:
            numbers = {token: number for number, token in enumerate(self.tokens)}
            return [np.array([numbers.get(token, 0) for token in tokens], np.intp) for tokens in read.sequences]
        ensure_within_vocabulary(read.sequences, self.n_tokens, name)
        return read.sequences

    def decode(self, numbers: Array) -> Any:
        """Map integers back to tokens, without special ones."""
        numbers = numbers[numbers < self.n_tokens]
        return numbers if self.tokens is None else [self.tokens[number] for number in numbers]
