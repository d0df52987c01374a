"""Prediction of sequences of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags
from sklearn.utils.validation import check_consistent_length

from skneural.data import Container, Pairs, Series, Targets
from skneural.data.object_columns import object_array
from skneural.data.texts import TokenSequences, read_sequences, written
from skneural.data.vocabulary import Vocabulary
from skneural.estimators.sequence_to_sequence.reader import series_of
from skneural.losses import CTCLoss, Loss, SoftmaxLogLoss
from skneural.networks.sequence_to_sequence import n_columns, n_joined_steps
from skneural.ops.ctc import least_steps
from skneural.ops.types import Array
from skneural.readers import Reader
from skneural.tasks import FitArguments, Task
from skneural.tasks.task import ensure_y_is_given
from skneural.user_warnings import warn_user

# The end and the blank are predicted like other tokens. The start is never predicted, and has the last number.
TOKENS_OF_DECODERS, TOKENS_OF_ALIGNMENTS = ("end", "start"), ("blank",)


@dataclass(frozen=True)
class TargetSequenceOptions:
    """Hyper-parameters of target sequences.

    Attributes
    ----------
    level : {"word", "character"}
    vocabulary_size : int or None
    max_length : int or None
    loss : {"log_loss", "ctc"} or Loss
    n_layers, step_reduction, channels, kernel_size
        Hyper-parameters of the network, on which it depends how many steps are scored.
    """

    level: str
    vocabulary_size: int | None
    max_length: int | None
    loss: str | Loss
    n_layers: int
    step_reduction: int
    channels: Sequence[int]
    kernel_size: int

    @property
    def of_alignments(self) -> bool:
        """True if there is no decoder, and the loss is that of all alignments."""
        return self.loss == "ctc"

    def scored_steps(self, encoder: str, image_shape: Sequence[int] | None) -> tuple[int, int | None]:
        """Number of steps of a source that become one scored step, and number of steps if all have equally many."""
        n_joined = n_joined_steps(encoder, self.n_layers, self.step_reduction)
        n_steps = 1 if encoder == "dense" else None
        return n_joined, n_steps if image_shape is None else n_columns(image_shape, self.channels, self.kernel_size)


@dataclass(frozen=True)
class TargetSequences(Task):
    """Prediction of texts, lists of tokens, or sequences of integers, of any lengths.

    In training, the network is given the start and the true tokens, and predicts the true tokens and the end (teacher
    forcing, Williams and Zipser 1989). With connectionist temporal classification, it is given the source alone, and
    the loss is the likelihood of the true tokens in all alignments.

    Attributes
    ----------
    options : TargetSequenceOptions
    form : {"text", "tokens", "numbers"}
        Form of y; see `TokenSequences`.
    tokens : list of str, or None
        In the order of their numbers; None if y is integers.
    n_tokens : int
    max_length : int
        Maximum number of tokens of a prediction.
    n_joined : int
        Number of steps of a source that become one step of the memory.
    n_columns : int or None
        Number of steps of all sources, if these are not series; None for series.
    """

    options: TargetSequenceOptions
    form: str
    tokens: list[str] | None
    n_tokens: int
    max_length: int
    n_joined: int = 1
    n_columns: int | None = None

    @classmethod
    def check(cls, arguments: FitArguments, options: TargetSequenceOptions, estimator_name: str) -> Array:
        ensure_y_is_given(arguments.y, estimator_name)
        given = read_sequences(arguments.y, options.level, "y")
        check_consistent_length(arguments.X, given.sequences)
        _ensure_within(given, options.max_length)
        return object_array([written(sequence, given.form, options.level) for sequence in given.sequences])

    @classmethod
    def learn(cls, arguments: FitArguments, options: TargetSequenceOptions, reader: Reader) -> Self:
        given = read_sequences(arguments.y, options.level, "y")
        vocabulary = Vocabulary.of(given, size=options.vocabulary_size, weight=arguments.sample_weight, name="y")
        longest = max(map(len, given.sequences)) if options.max_length is None else int(options.max_length)
        source = reader.shapes()
        steps = options.scored_steps(source["encoder"], source["image_shape"])
        return cls(options, given.form, vocabulary.listed, int(vocabulary.n_tokens), longest, *steps)

    @property
    def learned_once(self) -> str:
        return "" if self.tokens is None else "the vocabulary of y"

    def compare(self, arguments: FitArguments) -> None:
        given = read_sequences(arguments.y, self.options.level, "y")
        numbers = self.vocabulary.encode(given, "y")
        if self.tokens is None or self.options.vocabulary_size is not None:
            return
        unknown = {token for sequence in given.sequences for token in sequence} - set(self.tokens)
        if unknown:
            n = sum(int((sequence == 0).sum()) for sequence in numbers)
            warn_user(
                f"y has {n} tokens that were not in the first training data, such as {min(unknown)!r}. They count as "
                "unknown, which is never predicted."
            )

    def encode(self, arguments: FitArguments) -> Targets:
        if self.options.of_alignments:
            return self._with_steps(arguments)
        end = [self.vocabulary.number_of("end")]
        targets = [np.append(numbers, end) for numbers in self._numbers(arguments)]
        return Targets(np.concatenate(targets), np.array([len(target) for target in targets]))

    def _with_steps(self, arguments: FitArguments) -> Targets:
        """One row for each sample: its number of scored steps, and its tokens, followed by -1; see `CTCLoss`."""
        numbers = self._numbers(arguments)
        n_tokens = np.array([len(sequence) for sequence in numbers])
        values = np.full((len(numbers), 1 + n_tokens.max()), -1)
        values[:, 0] = self._scored_steps(arguments.X)
        values[:, 1:][np.arange(n_tokens.max()) < n_tokens[:, np.newaxis]] = np.concatenate(numbers)
        least = least_steps(values[:, 1:], n_tokens)
        for i in np.flatnonzero(least > values[:, 0])[:1]:
            raise ValueError(
                f'y[{i}] has {n_tokens[i]} tokens, for which loss="ctc" needs at least {least[i]} steps (one for each '
                f"token, and one between equal ones), but the encoder makes {values[i, 0]} steps of X[{i}]. Decrease "
                "step_reduction, or the number of channels of images, each of which halves their width; or leave the "
                "sample out."
            )
        return Targets(values)

    def _scored_steps(self, x: Container) -> Array:
        n_steps = x.n_steps if isinstance(x, Series) else np.full(len(x), self.n_columns)
        steps: Array = -(-n_steps // self.n_joined)
        return steps

    def network_input(self, arguments: FitArguments) -> Container:
        if self.options.of_alignments:
            x: Container = arguments.X
            return x
        return self.pairs(arguments.X, self._numbers(arguments))

    def pairs(self, x: Container, numbers: list[Array]) -> Pairs:
        """Sources paired with the inputs of the decoder: the start, followed by the given tokens."""
        start = [self.vocabulary.number_of("start")]
        return Pairs(x, series_of([np.concatenate([start, target]) for target in numbers]))

    def loss(self) -> tuple[Loss, int]:
        n_scores = self.n_tokens + 1  # and the end or the blank
        if isinstance(self.options.loss, Loss):
            return self.options.loss, n_scores
        return (CTCLoss if self.options.of_alignments else SoftmaxLogLoss)(n_scores), n_scores

    def shapes(self) -> dict[str, Any]:
        return {"loss": "ctc" if self.options.of_alignments else "log_loss"}

    def attributes(self) -> dict[str, Any]:
        return {"target_vocabulary_": self.tokens, "max_length_": self.max_length}

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the training targets, with the special tokens of the loss."""
        special = TOKENS_OF_ALIGNMENTS if self.options.of_alignments else TOKENS_OF_DECODERS
        return Vocabulary.learned(self.tokens, self.n_tokens, special)

    def written(self, numbers: Array) -> Any:
        """A sequence of token numbers in the form of y."""
        return written(self.vocabulary.decode(numbers), self.form, self.options.level)

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = False

    def _numbers(self, arguments: FitArguments) -> list[Array]:
        return self.vocabulary.encode(read_sequences(arguments.y, self.options.level, "y"), "y")


def _ensure_within(given: TokenSequences, max_length: int | None) -> None:
    if max_length is None:
        return
    for i, sequence in enumerate(given.sequences):
        if len(sequence) > max_length:
            raise ValueError(
                f"y[{i}] has {len(sequence)} tokens, more than max_length={max_length}, the length of the longest "
                "prediction. Increase max_length, set it to None, or shorten y."
            )
