"""Prediction of the steps of a text from the other steps: the next token or set of classes, or masked tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from skneural.data import Container, MaskedWindows, Targets, TokenWindows
from skneural.data.masked_tokens import n_masked
from skneural.estimators.language_model.reader import Texts
from skneural.losses import BinaryLogLoss, Loss, SoftmaxLogLoss
from skneural.ops.pointwise import log_one_plus_exp
from skneural.ops.softmax import softmax_and_log_sum
from skneural.ops.types import Array
from skneural.readers import Reader
from skneural.tasks import FitArguments, Task


@dataclass(frozen=True)
class TokenPredictionOptions:
    """Hyper-parameters of the prediction of tokens.

    Attributes
    ----------
    objective : {"causal", "masked"}
    context_length : int
    """

    objective: str
    context_length: int


@dataclass(frozen=True)
class TokenPrediction(Task):
    """Prediction of the next token, or set of classes, at each step, or of masked tokens, drawn again for each batch.

    Texts of more than `context_length` tokens are cut into windows, each of which is an independent sample.

    Attributes
    ----------
    options : TokenPredictionOptions
    n_tokens : int
        Number of tokens or classes that can be predicted, which excludes special tokens.
    mask : int
        Number of the token that replaces masked tokens.
    sets : bool
        Whether steps are sets of classes, each of which has a logistic output.
    """

    options: TokenPredictionOptions
    n_tokens: int
    mask: int
    sets: bool

    required: ClassVar[bool] = False

    @classmethod
    def check(cls, arguments: FitArguments, options: TokenPredictionOptions, estimator_name: str) -> None:
        return None

    @classmethod
    def learn(cls, arguments: FitArguments, options: TokenPredictionOptions, reader: Reader) -> Self:
        assert isinstance(reader, Texts)
        if reader.of_sets and options.objective == "masked":
            raise ValueError('objective="masked" masks tokens, but the steps of X are sets. Set objective="causal".')
        return cls(options, reader.n_tokens, reader.vocabulary.number_of("mask"), reader.of_sets)

    def compare(self, arguments: FitArguments) -> None:
        """Do nothing: the targets follow from X, which the reader has checked."""

    def encode(self, arguments: FitArguments) -> Targets:
        windows = self._windows(arguments)
        if self.sets:
            return Targets(windows.next_tokens[:, : self.n_tokens].astype(arguments.dtype), windows.n_steps)
        if not self.masked:
            return Targets(windows.next_tokens, windows.n_steps)
        # Each token has the probability of being masked as its weight.
        weight = np.repeat(n_masked(windows.n_steps) / windows.n_steps, windows.n_steps)
        return Targets(windows.input_tokens, windows.n_steps, weight.astype(arguments.dtype))

    def network_input(self, arguments: FitArguments) -> Container:
        windows = self._windows(arguments)
        return MaskedWindows(windows, self.mask, self.n_tokens) if self.masked else windows

    def sample_weight(self, arguments: FitArguments) -> Array | None:
        weight = arguments.sample_weight
        return None if weight is None else np.repeat(weight, self.n_windows(arguments.X))

    def loss(self) -> tuple[Loss, int]:
        return (BinaryLogLoss() if self.sets else SoftmaxLogLoss(self.n_tokens)), self.n_tokens

    def log_likelihood(self, targets: Array, raw: Array) -> Array:
        """Log-probability of each target: of a token, or of the classes that occur and those that do not."""
        if self.sets:
            return (targets * raw - log_one_plus_exp(raw)).sum(axis=1)
        likelihood: Array = raw[np.arange(len(raw)), targets] - softmax_and_log_sum(raw)[1][:, 0]
        return likelihood

    @property
    def masked(self) -> bool:
        """True if masked tokens are predicted."""
        return self.options.objective == "masked"

    def n_windows(self, texts: TokenWindows) -> Array:
        """Number of windows of each text."""
        return texts.n_windows(self.options.context_length)

    def _windows(self, arguments: FitArguments) -> TokenWindows:
        """The windows of all texts, which begin with a special token if the next token is predicted."""
        texts: TokenWindows = arguments.X
        return (texts.without_start() if self.masked else texts).cut(self.options.context_length)
