"""Texts as X: what is accepted, and which tokens there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skneural.data import Container
from skneural.data.texts import LEVELS, TokenSequences, read_sequences
from skneural.data.token_windows import TokenWindows
from skneural.data.vocabulary import Vocabulary
from skneural.hyperparameters import NONE, Choice, Integer, declare, hyperparameter
from skneural.inputs.input_kind import Expected, InputKind
from skneural.inputs.sequences import SERIES_PER_BATCH, STEPS_PER_BLOCK

SPECIAL = ("start", "mask")

# Raw scores of all tokens that are made at once: 16 MB in float32.
SCORES_PER_BLOCK = 4_000_000


@declare
class TokenFields:
    """Hyper-parameters of what takes texts, lists of tokens, or integers."""

    level: str = hyperparameter(
        "character",
        Choice(*reversed(LEVELS)),
        """What the tokens of a text are: its characters, or what stands between white space. Not for lists of tokens or
        integers.""",
    )
    vocabulary_size: int | None = hyperparameter(
        None,
        NONE | Integer(1),
        """Of texts, at most so many different tokens are known, the most frequent ones and the unknown one; integers
        are below it. None: all that there are in the training data.""",
    )


@declare
class TextFields(TokenFields):
    """Hyper-parameters of what learns from texts alone."""

    min_frequency: int = hyperparameter(
        1, Integer(1), "Tokens of texts that occur less often are unknown. Not for integers."
    )

    attributes_doc = {
        "vocabulary_": (
            "list of str, or None",
            "Tokens in the order of their numbers, the unknown one first; None if X was integers.",
        ),
        "vocabulary_size_": ("int", "How many tokens there are."),
        "n_features_in_": ("int", "Always 1: a step has one token."),
    }


@dataclass(frozen=True)
class Texts(InputKind):
    """X is texts, lists of their tokens, or sequences of integers.

    What is learned: `vocabulary_`, `vocabulary_size_`, and `_form`, how X was given.
    """

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        given = read_sequences(X, estimator.level)
        if expected.reset:
            self._learn(estimator, given)
        vocabulary = vocabulary_of(estimator)
        return TokenWindows.from_sequences(vocabulary.encode(given), vocabulary.number_of("start"))

    def _learn(self, estimator: BaseEstimator, given: TokenSequences) -> None:
        size, frequency = estimator.vocabulary_size, estimator.min_frequency
        vocabulary = Vocabulary.of(given, SPECIAL, None if size is None else int(size), frequency)
        estimator.vocabulary_, estimator.vocabulary_size_ = vocabulary.listed, int(vocabulary.n_tokens)
        estimator._form = given.form
        estimator.n_features_in_ = 1

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        return {"n_special": len(SPECIAL)}

    def rows_per_block(self, x: Container) -> int:
        n_tokens = int(
            np.max(x.tokens if isinstance(x, TokenWindows) else x.as_batch()[0])
        )  # the special ones come last
        return max(min(STEPS_PER_BLOCK, SCORES_PER_BLOCK // max(n_tokens, 1)) // x.shape[1], 1)

    def rows_per_batch(self, n_samples: int) -> int:
        return min(SERIES_PER_BATCH, n_samples)

    def tag(self, tags: Any) -> None:
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False


def vocabulary_of(estimator: BaseEstimator) -> Vocabulary:
    """What an estimator has learned of tokens."""
    return Vocabulary.learned(estimator.vocabulary_, estimator.vocabulary_size_, SPECIAL)
