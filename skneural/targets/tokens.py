"""Tokens of the text itself as y: the next one, or those that are hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from skneural.data import Container, MaskedWindows, Targets, TokenWindows
from skneural.data.hidden_tokens import n_chosen
from skneural.inputs import vocabulary_of
from skneural.losses import Loss, SoftmaxLogLoss
from skneural.ops.types import Array
from skneural.targets.target_kind import Given, TargetKind


@dataclass(frozen=True)
class TokensOfText(TargetKind):
    """Tokens that are to be told from others of the same window, as the `objective` of the estimator says.

    Texts of more than `context_length` tokens become several samples: windows, each of which is read by itself.
    """

    required: ClassVar[bool] = False

    def of(self, estimator: BaseEstimator) -> TargetKind:
        return NextToken() if estimator.objective == "causal" else MaskedToken()

    def check(self, estimator: BaseEstimator, given: Given, reset: bool) -> None:  # type: ignore[override]
        return None

    def learn(self, estimator: BaseEstimator, given: Given) -> None:
        """All that there is to learn are the tokens."""

    def compare(self, estimator: BaseEstimator, given: Given) -> None:
        """The tokens have been compared."""

    def weigh(self, estimator: BaseEstimator, given: Given) -> Array | None:
        weight = given.sample_weight
        return None if weight is None else np.repeat(weight, given.X.n_windows(estimator.context_length))

    def loss(self, estimator: BaseEstimator) -> tuple[Loss, int]:
        n_tokens = estimator.vocabulary_size_
        return SoftmaxLogLoss(n_tokens), n_tokens


@dataclass(frozen=True)
class NextToken(TokensOfText):
    """The token behind each step."""

    def entering(self, estimator: BaseEstimator, given: Given) -> Container:
        return windows(estimator, given)

    def encode(self, estimator: BaseEstimator, given: Given) -> Targets:
        cut = windows(estimator, given)
        return Targets(cut.next_tokens, cut.n_steps)


@dataclass(frozen=True)
class MaskedToken(TokensOfText):
    """Tokens that are hidden in part, drawn anew for each batch."""

    def entering(self, estimator: BaseEstimator, given: Given) -> Container:
        if isinstance(given.X, MaskedWindows):
            return given.X
        vocabulary = vocabulary_of(estimator)
        whole = given._replace(X=given.X.without_start())
        return MaskedWindows(windows(estimator, whole), vocabulary.number_of("mask"), vocabulary.n_tokens)

    def encode(self, estimator: BaseEstimator, given: Given) -> Targets:
        """All tokens, each of which weighs what it is likely to count in a batch."""
        cut = windows(estimator, given._replace(X=given.X.without_start()))
        weight = np.repeat(n_chosen(cut.n_steps) / cut.n_steps, cut.n_steps)
        return Targets(cut.own_tokens, cut.n_steps, weight.astype(given.dtype))


def windows(estimator: BaseEstimator, given: Given) -> TokenWindows:
    """The windows of texts that the network of an estimator sees."""
    whole: TokenWindows = given.X
    return whole.cut(estimator.context_length)
