"""Networks that start from one of another kind: how the arrays and arguments of the one are those of the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from skneural.layers import Layer
from skneural.networks.autoencoder import autoencoder_network
from skneural.networks.convolutional_image import convolutional_image_network
from skneural.networks.language import MAMBA, language_network
from skneural.networks.mamba import mamba_network
from skneural.networks.mlp import mlp_network
from skneural.networks.recurrent import recurrent_network
from skneural.networks.transformer import transformer_network
from skneural.ops.types import Array

NamedArrays = Mapping[str, Array]
Arguments = Mapping[str, Any]
Builder = Callable[..., Layer]

RECURRENT = ("gru", "lstm")
OF_TRANSFORMERS = ("d_model", "n_heads", "n_layers", "feedforward_size", "positional")


@dataclass(frozen=True)
class Conversion:
    """A network that is the start of one of another kind.

    Attributes
    ----------
    arguments : function
        From the arguments of the given network to those that the other one must have.
    arrays : function
        From the arrays of the given network, by name, and its arguments to arrays by the names in the other one.
    ensure : function
        Raises a ValueError if no network of the other kind has the same layers, whatever its arguments are.
    follows : mapping of str to object
        Arguments of the other network that are no hyper-parameters.
    """

    arguments: Callable[[Arguments], dict[str, Any]]
    arrays: Callable[[NamedArrays, Arguments], dict[str, Array]]
    ensure: Callable[[Arguments], None]
    follows: Arguments = field(default_factory=dict)


def _of_encoder(arrays: NamedArrays, arguments: Arguments) -> dict[str, Array]:
    """NamedArrays of the encoder of an autoencoder, without its output."""
    prefix = "encoder."
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix) and not name.startswith("encoder.output.")
    }


def _of_language_model(arrays: NamedArrays, arguments: Arguments) -> dict[str, Array]:
    """NamedArrays of a language model, without its special tokens, its scores and its start."""
    prefix = "embedding.inner."
    converted = {
        f"encoder.{name.removeprefix(prefix)}": array for name, array in arrays.items() if name.startswith(prefix)
    }
    table = arrays["embedding.table"][: arguments["n_out"]]
    # Recurrent classifiers have no layer that scales embeddings.
    scale = math.sqrt(arguments["d_model"]) if arguments["architecture"] in RECURRENT else 1.0
    return converted | {"embedding.table": table * scale}


def _ensure_kind_of_images(*, images: bool) -> Callable[[Arguments], None]:
    def ensure(arguments: Arguments) -> None:
        if (arguments["image_shape"] is not None) != images:
            kind = "images" if arguments["image_shape"] is not None else "rows of features"
            wanted = "with image_shape" if images else "without image_shape"
            raise ValueError(f"pretrained is an Autoencoder of {kind}; here, it must be one {wanted}.")

    return ensure


def _ensure_architecture(*architectures: str) -> Callable[[Arguments], None]:
    def ensure(arguments: Arguments) -> None:
        if arguments["architecture"] not in architectures:
            wanted = " or ".join(f'architecture="{each}"' for each in architectures)
            raise ValueError(
                f"pretrained must be a LanguageModel of {wanted}; this one is a {arguments['architecture']}."
            )
        if arguments["sets"]:
            raise ValueError("pretrained was fitted on sets of classes; it must be a LanguageModel of texts or tokens.")

    return ensure


def _dense_arguments(arguments: Arguments) -> dict[str, Any]:
    same = {name: arguments[name] for name in ("hidden_layer_sizes", "activation")}
    return same | {"batch_norm": False, "residual": False}


def _image_arguments(arguments: Arguments) -> dict[str, Any]:
    same = {name: arguments[name] for name in ("channels", "kernel_size", "hidden_layer_sizes", "activation")}
    fixed = {"architecture": "vgg", "convolutions_per_block": 1, "pooling": "max", "batch_norm": False}
    return same | fixed | {"stem": "learned", "standardize": True}


def _recurrent_arguments(arguments: Arguments) -> dict[str, Any]:
    size = arguments["d_model"]
    same = {"cell": arguments["architecture"], "n_layers": arguments["n_layers"], "bidirectional": False}
    return same | {"hidden_size": size, "embedding_size": size}


def _mamba_arguments(arguments: Arguments) -> dict[str, Any]:
    return {name: arguments[name] for name in ("d_model", "n_layers")} | MAMBA


def _transformer_arguments(arguments: Arguments) -> dict[str, Any]:
    return {name: arguments[name] for name in OF_TRANSFORMERS}


# (builder of the network of `pretrained`, builder of the network that starts from it)
BETWEEN_KINDS: dict[tuple[Builder, Builder], Conversion] = {
    (autoencoder_network, mlp_network): Conversion(
        _dense_arguments, _of_encoder, _ensure_kind_of_images(images=False), {"standardize": True}
    ),
    (autoencoder_network, convolutional_image_network): Conversion(
        _image_arguments, _of_encoder, _ensure_kind_of_images(images=True)
    ),
    (language_network, transformer_network): Conversion(
        _transformer_arguments, _of_language_model, _ensure_architecture("transformer")
    ),
    (language_network, recurrent_network): Conversion(
        _recurrent_arguments, _of_language_model, _ensure_architecture(*RECURRENT)
    ),
    (language_network, mamba_network): Conversion(_mamba_arguments, _of_language_model, _ensure_architecture("mamba")),
}

# Arguments that are no hyper-parameters, and follow from a model of the same family.
FOLLOWING: dict[Builder, tuple[str, ...]] = {mlp_network: ("standardize",)}
