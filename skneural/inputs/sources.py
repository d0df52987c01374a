"""What sequences are made of: other sequences, or rows of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skneural.data import Container, Series
from skneural.data.texts import read_sequences
from skneural.data.vocabulary import Vocabulary
from skneural.hyperparameters import declare
from skneural.inputs.input_kind import Expected, InputKind
from skneural.inputs.sequences import STEPS_PER_BLOCK
from skneural.inputs.table import Table
from skneural.inputs.texts import TokenFields

# Two sequences are read for each sample, in both of which most steps of a batch are short.
PAIRS_PER_BATCH = 64


@declare
class SourceFields(TokenFields):
    """Hyper-parameters of what reads and writes sequences of tokens."""

    attributes_doc = {
        "source_vocabulary_": (
            "list of str, or None",
            "Tokens of X in the order of their numbers, the unknown one first; None if X was integers or rows.",
        ),
        "n_features_in_": ("int", "Columns of X, if X is rows of numbers; not set for sequences."),
    }


@dataclass(frozen=True)
class Sources(InputKind):
    """X is texts, lists of tokens, sequences of integers, or rows of numbers for a dense encoder.

    What is learned: `source_vocabulary_`, and `_source_size`: how many tokens there are, or features.
    """

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        if expected.reset:
            estimator.encoder_ = _encoder_for(estimator, X)
        if estimator.encoder_ == "dense":
            x = Table(sparse=False).check(estimator, X, expected)
            if expected.reset:
                estimator.source_vocabulary_, estimator._source_size = None, x.shape[1]
            return x
        given = read_sequences(X, estimator.level)
        if expected.reset:
            vocabulary = Vocabulary.of(given, size=estimator.vocabulary_size)
            estimator.source_vocabulary_, estimator._source_size = vocabulary.listed, vocabulary.n_tokens
            estimator.__dict__.pop("n_features_in_", None)  # of an earlier fit
        return series_of(Vocabulary.learned(estimator.source_vocabulary_, estimator._source_size).encode(given))

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        return {"n_source": estimator._source_size, "encoder": estimator.encoder_}

    def rows_per_block(self, x: Container) -> int:
        return max(STEPS_PER_BLOCK // max(x.shape[1], 1), 32)

    def rows_per_batch(self, n_samples: int) -> int:
        return min(PAIRS_PER_BATCH, n_samples)

    def tag(self, tags: Any) -> None:
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.sparse = False


def series_of(sequences: list[Any]) -> Series:
    """Sequences of token numbers in one array, with their lengths where these differ."""
    lengths = np.array([len(sequence) for sequence in sequences])
    if (lengths == lengths[0]).all():
        return Series(np.stack(sequences))
    return Series.of(np.concatenate(sequences), lengths)


def _encoder_for(estimator: BaseEstimator, X: Any) -> str:
    """The kind of encoder that reads X."""
    if estimator.encoder != "auto":
        chosen: str = estimator.encoder
        return chosen
    values = X.to_numpy() if hasattr(X, "columns") else X
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.dtype.kind == "f":
        return "dense"
    return "transformer" if estimator.architecture == "transformer" else "rnn"
