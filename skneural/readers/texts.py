"""Hyper-parameters of readers of texts."""

from __future__ import annotations

from typing import Any

from skneural.data.texts import LEVELS
from skneural.hyperparameters import NONE, Choice, Integer, hyperparameter


def level_hyperparameter() -> Any:
    """The hyper-parameter `level` of families whose X is texts."""
    return hyperparameter(
        default="character",
        constraint=Choice(*reversed(LEVELS)),
        doc="""Tokens into which texts are split: characters, or words separated by white space. Not used for lists of
        tokens or integers.""",
    )


def text_vocabulary_size_hyperparameter() -> Any:
    """The hyper-parameter `vocabulary_size` of families whose X is texts, lists of tokens, or integers."""
    return hyperparameter(
        default=None,
        constraint=NONE | Integer(2),
        doc="""Maximum size of the vocabulary: the most frequent tokens of texts, and the unknown token. Integers must
        be below it. None: all tokens of the training data, which is "auto" in other families.""",
    )
