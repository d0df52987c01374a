"""Transformers that start from a language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator

from skneural.data import Container
from skneural.data.texts import read_sequences
from skneural.data.vocabulary import Vocabulary
from skneural.estimators.language_model import LanguageModel
from skneural.hyperparameters import NONE, Constraint, Integer, declare, hyperparameter
from skneural.inputs import Expected, PlacedSequences, vocabulary_of
from skneural.layers import Dense, Embedding, Layer, LayerNormalization, LearnedPositions, SelfAttention
from skneural.layers.traversal import find, named
from skneural.parameters import Tree, leaves
from skneural.template.estimator import Mixin
from skneural.template.run import Run

# Hyper-parameters that say which weights there are: they must be those of the language model.
ALIKE = ("d_model", "n_heads", "n_layers", "feedforward_size", "positional")


def is_language_model(value: Any) -> bool:
    """Whether it is a language model, or a `FrozenEstimator` around one."""
    return isinstance(value.estimator if isinstance(value, FrozenEstimator) else value, LanguageModel)


@declare
class Pretrained(Mixin):
    """Hyper-parameters of what may start from a language model."""

    pretrained: Any = hyperparameter(
        None,
        NONE | Constraint("fitted LanguageModel, also inside of a FrozenEstimator", is_language_model),
        """A fitted `LanguageModel`, a Transformer, whose embedding and blocks the network starts from; `d_model`,
        `n_heads`, `n_layers`, `feedforward_size` and `positional` must be the same here. X is then what the model
        takes: texts if it was fitted on texts. For searches, cross-validation and whatever else clones, and so unfits,
        what it is given, wrap it in `sklearn.frozen.FrozenEstimator`. After a causal model, steps do not see later ones
        here either.""",
    )
    freeze: int = hyperparameter(
        0,
        Integer(0),
        """How many pairs of an attention and a feedforward layer, counted from the first, do not learn any more; from 1
        on, the vectors of tokens do not either. Only with `pretrained`.""",
    )

    def _prepare(self, run: Run) -> None:
        super()._prepare(run)
        model = language_model_of(self)
        if model is not None:
            _copy(model, self._network.layer, run.weights.tree)


@dataclass(frozen=True)
class PretrainedSequences(PlacedSequences):
    """Series and tokens, or the texts of a language model, for estimators that have `pretrained` and `freeze`.

    What is learned: `_read`, how the language model reads texts, or None.
    """

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        if expected.reset:
            self._learn(estimator)
        read = estimator._read
        if read is not None:
            given = read_sequences(X, read["level"])
            X = Vocabulary.learned(read["tokens"], read["n_tokens"]).encode(given)
        return super().check(estimator, X, expected)

    def _learn(self, estimator: BaseEstimator) -> None:
        model = language_model_of(estimator)
        estimator._read = None
        if model is None:
            if estimator.freeze:
                raise ValueError(f"freeze={estimator.freeze} needs pretrained, the model whose layers are kept.")
            return
        _ensure_alike(estimator, model)
        vocabulary = vocabulary_of(model)
        fitted = model.network_arguments_
        estimator._read = {
            "tokens": vocabulary.listed,
            "n_tokens": vocabulary.n_tokens,
            "level": model.level,
            "causal": fitted["objective"] == "causal",
            "places": fitted["context_length"],
        }

    def vocabulary_size(self, estimator: BaseEstimator) -> int | None:
        return super().vocabulary_size(estimator) if estimator._read is None else estimator._read["n_tokens"]

    def n_places(self, estimator: BaseEstimator) -> int | None:
        return super().n_places(estimator) if estimator._read is None else estimator._read["places"]

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        causal = estimator._read is not None and estimator._read["causal"]
        return super().shapes(estimator, x) | {"vocabulary_size": self.vocabulary_size(estimator), "causal": causal}


def language_model_of(estimator: BaseEstimator) -> LanguageModel | None:
    """The fitted language model that an estimator starts from, if there is one."""
    given = estimator.pretrained
    model = given.estimator if isinstance(given, FrozenEstimator) else given
    if model is not None and not model.__sklearn_is_fitted__():
        raise ValueError(
            "pretrained is a LanguageModel that is not fitted. If it was, something has cloned it, as searches, "
            "cross-validation and pipelines do: give sklearn.frozen.FrozenEstimator(model), which they leave as it is."
        )
    return cast(LanguageModel | None, model)


def _ensure_alike(estimator: BaseEstimator, model: LanguageModel) -> None:
    """Raise if the network of the estimator has no place for the weights of the model."""
    fitted, name = model.network_arguments_, type(estimator).__name__
    if fitted["architecture"] != "transformer":
        raise ValueError(
            f'pretrained must be a LanguageModel of architecture="transformer"; this one is a {fitted["architecture"]}.'
        )
    differing = [one for one in ALIKE if getattr(estimator, one) != fitted[one]]
    if differing:
        wanted = ", ".join(f"{one}={fitted[one]!r}" for one in differing)
        here = ", ".join(f"{one}={getattr(estimator, one)!r}" for one in differing)
        raise ValueError(f"pretrained was fitted with {wanted}; set the same in {name}, which has {here}.")
    if estimator.vocabulary_size not in (None, model.vocabulary_size_):
        raise ValueError(
            f"vocabulary_size={estimator.vocabulary_size}, but pretrained knows {model.vocabulary_size_} tokens; leave "
            f"vocabulary_size out, and give {name} what the model takes."
        )
    if estimator.max_length not in (None, model.context_length) and fitted["positional"] == "learned":
        raise ValueError(
            f"max_length={estimator.max_length}, but pretrained has learned {model.context_length} places; leave "
            "max_length out."
        )
    if estimator.freeze > fitted["n_layers"]:
        raise ValueError(f"freeze={estimator.freeze} is more than the {fitted['n_layers']} layers of pretrained.")


def _copy(model: LanguageModel, network: Layer, tree: Tree) -> None:
    """Put the weights of a language model into a network that begins as it does."""
    source, parameters = model._embedding()
    ((embedding, own),) = find(network, tree, Embedding)
    own["table"][...] = parameters["table"][: embedding.vocabulary_size]
    theirs = _encoder_parameters(source, parameters)
    for mine, learned in zip(_encoder_parameters(network, tree), theirs, strict=False):  # the top is the network's own
        for (_, into), (_, values) in zip(leaves(mine), leaves(learned), strict=True):
            into[...] = values


def _encoder_parameters(network: Layer, tree: Tree) -> list[Tree]:
    """Those of all layers of an encoder, in the order of computing."""
    kinds = LearnedPositions, LayerNormalization, SelfAttention, Dense
    return [p for _, layer, p in named(network, tree) if isinstance(layer, kinds)]
