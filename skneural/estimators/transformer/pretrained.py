"""Transformers that are initialized with the weights of a language model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sklearn.frozen import FrozenEstimator

from skneural.estimators.language_model import LanguageModel
from skneural.hyperparameters import NONE, Constraint, Integer, hyperparameter
from skneural.layers import Embedding, Layer
from skneural.layers.traversal import find
from skneural.networks.transformer import encoder_parameters
from skneural.parameters import Tree, leaves

# Hyper-parameters that must equal those of the language model, because they determine the shapes of the weights.
SHARED = ("d_model", "n_heads", "n_layers", "feedforward_size", "positional")


def _is_language_model(value: object) -> bool:
    return isinstance(value.estimator if isinstance(value, FrozenEstimator) else value, LanguageModel)


def language_model_hyperparameter() -> Any:
    """The hyper-parameter `pretrained`."""
    return hyperparameter(
        default=None,
        constraint=NONE | Constraint("fitted LanguageModel, possibly in a FrozenEstimator", _is_language_model),
        doc="""A fitted `LanguageModel` with ``architecture="transformer"``, whose embedding and layers are the initial
        weights. `d_model`, `n_heads`, `n_layers`, `feedforward_size` and `positional` must equal those of the model. X
        is then the input of the model: texts if it was fitted on texts. If the model is causal, steps attend to earlier
        steps only. Cloning, as in grid search and cross-validation, discards fitted weights unless the model is wrapped
        in `sklearn.frozen.FrozenEstimator`.""",
    )


def frozen_blocks_hyperparameter() -> Any:
    """The hyper-parameter `freeze`."""
    return hyperparameter(
        default=0,
        constraint=Integer(0),
        doc="""Number of blocks, from the first, that are not trained; if positive, the embedding is not trained either.
        Requires `pretrained`.""",
    )


def language_model_of(pretrained: Any) -> LanguageModel | None:
    """The language model in `pretrained`, if any.

    Raises
    ------
    ValueError
        If it is not fitted.
    """
    model = pretrained.estimator if isinstance(pretrained, FrozenEstimator) else pretrained
    if model is not None and not model.__sklearn_is_fitted__():
        raise ValueError(
            "pretrained is a LanguageModel that is not fitted. If you fitted it, it was cloned, as in searches, "
            "cross-validation and pipelines: pass sklearn.frozen.FrozenEstimator(model), whose clones stay fitted."
        )
    return cast(LanguageModel | None, model)


def ensure_compatible(hyperparameters: Mapping[str, Any], estimator_name: str) -> None:
    """Raise if hyper-parameters of a Transformer are incompatible with its language model, or with having none."""
    model, freeze = language_model_of(hyperparameters["pretrained"]), hyperparameters["freeze"]
    if model is None:
        if freeze:
            raise ValueError(f"freeze={freeze} needs pretrained, the model whose layers are frozen.")
        return
    fitted = model.network_arguments_
    if fitted["architecture"] != "transformer":
        raise ValueError(
            f'pretrained must be a LanguageModel of architecture="transformer"; this one is a {fitted["architecture"]}.'
        )
    if fitted["sets"]:
        raise ValueError("pretrained was fitted on sets of classes; it must be a LanguageModel of texts or tokens.")
    differing = [name for name in SHARED if hyperparameters[name] != fitted[name]]
    if differing:
        wanted = ", ".join(f"{name}={fitted[name]!r}" for name in differing)
        here = ", ".join(f"{name}={hyperparameters[name]!r}" for name in differing)
        raise ValueError(f"pretrained was fitted with {wanted}; set the same in {estimator_name}, which has {here}.")
    size, max_length = hyperparameters["vocabulary_size"], hyperparameters["max_length"]
    if hyperparameters["embedding_weights"] is not None:
        raise ValueError("pretrained has embeddings of its tokens: leave either embedding_weights or pretrained out.")
    if size not in (None, model.vocabulary_size_):
        raise ValueError(
            f"vocabulary_size={size}, but pretrained has {model.vocabulary_size_} tokens; leave vocabulary_size out, "
            f"and fit {estimator_name} on the kind of input that the model takes."
        )
    if max_length not in (None, fitted["context_length"]) and fitted["positional"] == "learned":
        raise ValueError(
            f"max_length={max_length}, but pretrained has learned {fitted['context_length']} positions; leave "
            "max_length out."
        )
    if freeze > fitted["n_layers"]:
        raise ValueError(f"freeze={freeze} is more than the {fitted['n_layers']} layers of pretrained.")


def copy_weights(model: LanguageModel, network: Layer, tree: Tree) -> None:
    """Copy the weights of a language model into a network that begins with the same layers."""
    _, learned = model._embedding()
    ((embedding, into_embedding),) = find(network, tree, Embedding)
    into_embedding["table"][...] = learned["table"][: embedding.vocabulary_size]
    values = dict(leaves(learned["inner"]))
    for name, array in leaves(encoder_parameters(network, tree)):
        array[...] = values[name]
