"""Reader of Transformers: series, tokens, or the input of a language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from skneural.data import Container
from skneural.estimators.series_or_texts import SeriesOrTextOptions, SeriesOrTexts
from skneural.readers import InputSpec, SequenceOptions, n_features_of_a_step


@dataclass(frozen=True)
class TransformerOptions(SeriesOrTextOptions):
    """Hyper-parameters of the reader of Transformers.

    Attributes
    ----------
    learns_positions : bool
        True with ``positional="learned"``.
    max_length : int or None
        Number of learned positions; None for the length of the longest training series.
    causal : bool
        True if steps attend to earlier steps only.
    """

    learns_positions: bool = False
    max_length: int | None = None
    causal: bool = False


@dataclass(frozen=True)
class TransformerSequences(SeriesOrTexts):
    """Series, tokens, or the input of a language model, for networks with or without learned positions.

    Attributes
    ----------
    max_length : int or None
        Number of learned positions; None without them.
    causal : bool
        True if steps attend to earlier steps only.
    """

    max_length: int | None
    causal: bool

    @classmethod
    def learn(cls, X: object, options: SequenceOptions, spec: InputSpec) -> tuple[Self, Container]:
        assert isinstance(options, TransformerOptions)
        texts = options.texts
        columns, size, x = cls._learn_columns(X if texts is None else texts.encode(X), options, spec)
        max_length = int(options.max_length or x.shape[1]) if options.learns_positions else None
        others: dict[str, Any] = {"replaces_unknown": options.replaces_unknown, "texts": texts}
        reader = cls(columns, n_features_of_a_step(x), size, max_length, options.causal, **others)
        reader._ensure_within(x, spec.estimator_name)
        return reader, x

    def read(self, X: object, spec: InputSpec) -> Container:
        x = super().read(X, spec)
        self._ensure_within(x, spec.estimator_name)
        return x

    def _ensure_within(self, x: Container, estimator_name: str) -> None:
        if self.max_length is not None and x.shape[1] > self.max_length:
            raise ValueError(
                f'X has a series of {x.shape[1]} steps, but {estimator_name} with positional="learned" was fitted for '
                f"max_length={self.max_length} positions only. Cut the series, set max_length before fitting, or use "
                'positional="sinusoidal" or "rotary", which have no maximum.'
            )

    def shapes(self) -> dict[str, Any]:
        return {**super().shapes(), "max_length": self.max_length, "causal": self.causal}

    def attributes(self) -> dict[str, Any]:
        return {**super().attributes(), "max_length_": self.max_length}
