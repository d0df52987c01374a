"""Reader of series, of tokens, or of what a model that is the start of training reads, such as texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from skneural.data import Container
from skneural.estimators.language_model.reader import Texts
from skneural.networks.language import language_network
from skneural.readers import InputSpec, SequenceOptions, Sequences, n_features_of_a_step
from skneural.template.pretrained import model_of


class KnownTokens(NamedTuple):
    """Input of a fitted model for series and tokens.

    Attributes
    ----------
    texts : Texts or None
        Reader that encodes texts; None for series and tokens.
    size : int or None
        Number of tokens; None for series.
    causal : bool
        True if steps depend on earlier steps only.
    max_length : int or None
        Number of learned positions, if there are any.
    """

    texts: Texts | None = None
    size: int | None = None
    causal: bool = False
    max_length: int | None = None

    @classmethod
    def of(cls, pretrained: Any) -> KnownTokens:
        """Those of the model in the hyper-parameter `pretrained`; of series, if there is none."""
        model = model_of(pretrained)
        if model is None:
            return cls()
        reader, arguments = model._reader, model.network_arguments_
        if type(model)._network_builder is language_network:
            causal = arguments["objective"] == "causal" and arguments["architecture"] == "transformer"
            return cls(reader, reader.n_tokens, causal, arguments["context_length"])
        causal, max_length = getattr(reader, "causal", False), getattr(reader, "max_length", None)
        return cls(getattr(reader, "texts", None), reader.vocabulary_size, causal, max_length)


@dataclass(frozen=True)
class SeriesOrTextOptions(SequenceOptions):
    """Hyper-parameters of the reader of series, tokens or texts.

    Attributes
    ----------
    texts : Texts or None
        Reader that encodes X; None for series and tokens.
    """

    texts: Texts | None = None


@dataclass(frozen=True)
class SeriesOrTexts(Sequences):
    """Series, tokens, or texts.

    Attributes
    ----------
    texts : Texts or None
        Reader of a language model, which encodes X; None for series and tokens.
    """

    texts: Texts | None = field(default=None, kw_only=True)

    @classmethod
    def learn(cls, X: object, options: SequenceOptions, spec: InputSpec) -> tuple[Self, Container]:
        assert isinstance(options, SeriesOrTextOptions)
        columns, size, x = cls._learn_columns(_encoded(options.texts, X), options, spec)
        others: dict[str, Any] = {"replaces_unknown": options.replaces_unknown, "texts": options.texts}
        return cls(columns, n_features_of_a_step(x), size, **others), x

    def read(self, X: object, spec: InputSpec) -> Container:
        return super().read(_encoded(self.texts, X), spec)


def _encoded(texts: Texts | None, X: object) -> object:
    return X if texts is None else texts.encode(X)
