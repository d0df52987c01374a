"""A sequence of tokens as y: what is learned token by token, each after those before it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length

from skneural.data import Container, Pairs, Targets
from skneural.data.texts import TokenSequences, read_sequences, written
from skneural.data.vocabulary import Vocabulary
from skneural.inputs import object_array, series_of
from skneural.losses import Loss, SoftmaxLogLoss
from skneural.ops.types import Array
from skneural.targets.target_kind import Given, TargetKind, ensure_y_is_given

# The end is scored as another token is; the start is not, and comes last.
SPECIAL = ("end", "start")


@dataclass(frozen=True)
class TokenSequence(TargetKind):
    """Texts, lists of tokens, or sequences of integers, each of a length of its own.

    While the network trains, it is given the start and the true tokens, and is to find the true tokens and the end
    (teacher forcing, Williams and Zipser 1989).

    What is learned: `target_vocabulary_`; `_target_size`, how many tokens there are; `_target_form`, how y was given;
    and `max_length_`.
    """

    def check(self, estimator: BaseEstimator, given: Given, reset: bool) -> Array:
        ensure_y_is_given(estimator, given.y)
        sequences = read_sequences(given.y, estimator.level, "y")
        check_consistent_length(given.X, sequences.sequences)
        self._ensure_within(estimator, sequences)
        return object_array([written(one, sequences.form, estimator.level) for one in sequences.sequences])

    def learn(self, estimator: BaseEstimator, given: Given) -> None:
        sequences = read_sequences(given.y, estimator.level, "y")
        if given.sample_weight is not None:
            counting = [one for one, weight in zip(sequences.sequences, given.sample_weight, strict=True) if weight]
            sequences = sequences._replace(sequences=counting or sequences.sequences)
        vocabulary = Vocabulary.of(sequences, size=estimator.vocabulary_size)
        estimator.target_vocabulary_, estimator._target_size = vocabulary.listed, vocabulary.n_tokens
        estimator._target_form = sequences.form
        longest = max(map(len, sequences.sequences))
        estimator.max_length_ = longest if estimator.max_length is None else int(estimator.max_length)

    def compare(self, estimator: BaseEstimator, given: Given) -> None:
        sequences = read_sequences(given.y, estimator.level, "y")
        numbers = self.vocabulary(estimator).encode(sequences, "y")
        if sequences.form == "numbers":
            return
        known = set(estimator.target_vocabulary_)
        unknown = {token for one in sequences.sequences for token in one} - known
        if unknown and estimator.vocabulary_size is None:
            n = sum(int((one == 0).sum()) for one in numbers)
            warnings.warn(
                f"y has {n} tokens that the first training data did not have, such as {min(unknown)!r}. They count as "
                "unknown, which is never predicted.",
                stacklevel=2,
            )

    def encode(self, estimator: BaseEstimator, given: Given) -> Targets:
        vocabulary = self.vocabulary(estimator)
        end = [vocabulary.number_of("end")]
        targets = [np.append(numbers, end) for numbers in self._numbers(estimator, given)]
        return Targets(np.concatenate(targets), np.array([len(target) for target in targets]))

    def entering(self, estimator: BaseEstimator, given: Given) -> Container:
        return self.beside(estimator, given.X, self._numbers(estimator, given))

    def beside(self, estimator: BaseEstimator, x: Container, numbers: list[Array]) -> Pairs:
        """The sources with the targets that a decoder is to be led through."""
        start = [self.vocabulary(estimator).number_of("start")]
        return Pairs(x, series_of([np.concatenate([start, one]) for one in numbers]))

    def loss(self, estimator: BaseEstimator) -> tuple[Loss, int]:
        n_score_rows = estimator._target_size + 1
        return SoftmaxLogLoss(n_score_rows), n_score_rows

    def vocabulary(self, estimator: BaseEstimator) -> Vocabulary:
        return Vocabulary.learned(estimator.target_vocabulary_, estimator._target_size, SPECIAL)

    def tag(self, tags: Any) -> None:
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = False

    def _numbers(self, estimator: BaseEstimator, given: Given) -> list[Array]:
        return self.vocabulary(estimator).encode(read_sequences(given.y, estimator.level, "y"), "y")

    def _ensure_within(self, estimator: BaseEstimator, given: TokenSequences) -> None:
        if estimator.max_length is None:
            return
        for i, sequence in enumerate(given.sequences):
            if len(sequence) > estimator.max_length:
                raise ValueError(
                    f"y[{i}] has {len(sequence)} tokens, which max_length={estimator.max_length} would never let be "
                    "predicted. Raise max_length, set it to None, or cut y."
                )
