"""The table of networks that drives the tests: every builder of `skneural.networks`, with all that it can be told."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.estimators.diffusion.network import diffusion_network
from skneural.estimators.tabular.network import tabular_network
from skneural.layers import LSTM, Activation, Chain, Context, Convolution, Dense, Layer, Mask
from skneural.layers.recurrent import CELLS
from skneural.losses import LINKS
from skneural.networks.autoencoder import autoencoder_network
from skneural.networks.convolutional_image import IMAGE_ARCHITECTURES, convolutional_image_network
from skneural.networks.convolutional_series import convolutional_series_network
from skneural.networks.forecast import forecast_network
from skneural.networks.graph import (
    CONVOLUTIONS,
    GRAPH_POOLINGS,
    LINK_CONVOLUTIONS,
    graph_node_network,
    link_network,
    whole_graph_network,
)
from skneural.networks.kan import kan_network
from skneural.networks.language import LANGUAGE_ARCHITECTURES, language_network
from skneural.networks.mamba import VARIANTS, mamba_network
from skneural.networks.mlp import mlp_network
from skneural.networks.perceptron import perceptron_network
from skneural.networks.recurrent import recurrent_network
from skneural.networks.sequence import (
    BATCH_LAST,
    ROWS_FIRST,
    SEQUENCE_POOLINGS,
    STEPS_FIRST,
    Encoder,
    sequence_network,
)
from skneural.networks.sequence_to_sequence import ARCHITECTURES, ATTENTIONS, ENCODERS, sequence_to_sequence_network
from skneural.networks.transformer import POSITIONAL, TRANSFORMER_POOLINGS, transformer_network
from skneural.networks.unet import unet_network
from skneural.ops.pointwise import ACTIVATIONS
from skneural.parameters import Layout
from skneural.testing.gradient_check import random_start
from tests.networks.defaults import completed

ROWS = np.random.default_rng(0).standard_normal((8, 4))
# Three columns of numbers, some of which are missing, and two of categories by their numbers; -1 is not known.
TABLE = np.column_stack([ROWS[:, :3], np.arange(8) % 4 - 1.0, np.arange(8.0)])
TABLE[[1, 4], [0, 2]] = np.nan
SERIES = np.random.default_rng(0).standard_normal((4, 7, 2))
TOKENS = np.random.default_rng(0).integers(0, 9, (4, 7))
SETS = np.random.default_rng(0).standard_normal((4, 7, 4))  # of three classes, and the start
LENGTHS = np.array([1, 5, 7, 3])
N_OUT = 3


def images(shape, n=4):
    return np.random.default_rng(0).standard_normal((n, *shape))


def started(network, seed=0):
    """Parameters moved away from where they start: output weights may start at zero, which would tell nothing."""
    layout = Layout(network.parameters())
    return layout.views(*random_start(layout, np.random.default_rng(seed), np.float64))


@dataclass(frozen=True)
class NetworkCase:
    """A builder with its arguments, those left out from its estimator, and an input for what it builds."""

    builder: Callable[..., Layer]
    arguments: dict[str, Any]
    x: np.ndarray | tuple[np.ndarray, np.ndarray]
    lengths: np.ndarray | None = None
    memory_lengths: np.ndarray | None = None
    batch_axis: int | None = field(default=0, kw_only=True)  # None: there is a row for each step

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", completed(self.builder, self.arguments))

    def build(self) -> Layer:
        return self.builder(**self.arguments)

    def context(self) -> Context:
        """That of training."""
        return Context(np.random.default_rng(0), BatchInfo(lengths=self.lengths, memory_lengths=self.memory_lengths))


# case -> arguments beside the shapes
MLPS = {
    **{f"activation {name}": {"hidden_layer_sizes": (6, 5), "activation": name} for name in ACTIVATIONS},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "no hidden layer, all switches on": {
        "hidden_layer_sizes": (),
        "dropout": 0.5,
        "batch_norm": True,
        "residual": True,
    },
    "dropout": {"hidden_layer_sizes": (6, 5), "dropout": 0.4},
    "batch norm": {"hidden_layer_sizes": (6, 5), "batch_norm": True},
    "residual": {"hidden_layer_sizes": (6, 6, 5), "residual": True},
    "residual of the width of X": {"hidden_layer_sizes": (4, 4), "residual": True},
    "linear skip": {"hidden_layer_sizes": (6, 5), "linear_skip": True},
    "everything": {
        "hidden_layer_sizes": (6, 6, 5),
        "activation": "silu",
        "dropout": 0.3,
        "batch_norm": True,
        "residual": True,
    },
}
AUTOENCODERS = {
    "one hidden layer": {},
    "linear": {"hidden_layer_sizes": ()},
    "several hidden layers": {"hidden_layer_sizes": (6, 5), "activation": "silu"},
    "variational": {"variational": True, "beta": 0.5, "latent_size": 3},
    "variational with a spread": {"variational": True, "n_out": 5},
}
AUTOENCODERS_OF_IMAGES = {
    f"{shape} {options}": {"image_shape": shape, **options}
    for shape in [(8, 8, 2), (6, 9, 1), (7, 5, 3), (1, 7, 1), (1, 1, 1)]
    for options in (
        {},
        {"channels": (3,), "kernel_size": 2},
        {"channels": (2, 2, 3), "kernel_size": 5, "hidden_layer_sizes": ()},
        {"variational": True},
    )
}
KANS = {
    "no hidden layer": {"hidden_layer_sizes": ()},
    "one hidden layer": {},
    "two hidden layers": {"hidden_layer_sizes": (4, 2), "grid_size": 3, "spline_order": 2},
    "another base": {"base_activation": "identity", "grid_size": 1},
    "fine grids": {"grid_size": 40},
}
SMALL_TABULAR = {
    "n_numbers": 3,
    "missing": (0, 2),
    "category_sizes": (3, 11),
    "hidden_layer_sizes": (6, 5),
}
TABULAR = {
    **{
        f"embedding {embedding}, {n_members} members": {"embedding": embedding, "n_members": n_members}
        for embedding in ("periodic", "piecewise_linear", None)
        for n_members in (1, 3)
    },
    **{f"members of link {link}": {"link": link, "n_members": 2} for link in LINKS},
    "dropout of members": {"n_members": 3, "dropout": 0.3},
    "numbers alone": {"category_sizes": (), "n_numbers": 5},
    "no hidden layer": {"hidden_layer_sizes": (), "embedding_size": 2, "n_members": 2},
    "several networks": {"n_networks": 2, "n_members": 2, "link": "softmax"},
}
RECURRENT = {
    **{f"{cell} with {pooling}": {"cell": cell, "pooling": pooling} for cell in CELLS for pooling in SEQUENCE_POOLINGS},
    **{f"{cell} for each step": {"cell": cell, "pooling": None} for cell in CELLS},
    **{
        f"two layers of {cell} in both directions with {pooling}": {
            "cell": cell,
            "pooling": pooling,
            "n_layers": 2,
            "bidirectional": True,
            "dropout": 0.3,
        }
        for cell in CELLS
        for pooling in (*SEQUENCE_POOLINGS, None)
    },
    "three layers": {"n_layers": 3, "dropout": 0.3, "standardize": False},
}
SMALL_TRANSFORMER = {"d_model": 8, "n_heads": 2, "feedforward_size": 6, "max_length": 7}
TRANSFORMERS = {
    **{f"{positional} positions": {"positional": positional} for positional in POSITIONAL},
    **{f"with {pooling}": {"pooling": pooling, "n_layers": 1} for pooling in TRANSFORMER_POOLINGS},
    **{f"{positional} with a class token": {"positional": positional, "pooling": "cls"} for positional in POSITIONAL},
    "for each step": {"pooling": None, "positional": "rotary"},
    "three layers without dropout": {"n_layers": 3, "dropout": 0.0, "standardize": False},
    "no layers": {"n_layers": 0},
    "causal": {"causal": True},
}
MAMBAS = {
    **{
        f"{variant} with {pooling}": {"variant": variant, "pooling": pooling}
        for variant in VARIANTS
        for pooling in (*SEQUENCE_POOLINGS, None)
    },
    **{f"wide {variant}": {"variant": variant, "expansion": 3, "convolution_width": 9} for variant in VARIANTS},
    "one layer with dropout": {"n_layers": 1, "dropout": 0.3, "standardize": False},
    **{
        f"in both directions with {pooling}": {"bidirectional": True, "pooling": pooling, "dropout": 0.3}
        for pooling in (*SEQUENCE_POOLINGS, None)
    },
}
SMALL_LANGUAGE = {
    "n_out": N_OUT,
    "n_special": 6,
    "d_model": 8,
    "n_heads": 2,
    "feedforward_size": 6,
    "context_length": 7,
}
LANGUAGE = {
    **{f"{architecture}": {"architecture": architecture} for architecture in LANGUAGE_ARCHITECTURES},
    **{f"{positional} positions": {"positional": positional, "dropout": 0.0} for positional in POSITIONAL},
    "masked": {"objective": "masked", "n_layers": 1},
    "no layers": {"n_layers": 0},
}
WIDTHS_OF_SERIES = {"fcn": (4, 3, 4), "resnet": (3, 3), "inception": (2,) * 4, "textcnn": (4,)}
CONVOLUTIONAL_SERIES = {
    f"{architecture} {options}": {"architecture": architecture, "channels": channels, **options}
    for architecture, channels in WIDTHS_OF_SERIES.items()
    for options in (
        {"batch_norm": False},
        {"batch_norm": True},
        {"batch_norm": True, "dropout": 0.2},
        {"standardize": False, "channels": (2,) * len(channels)},
    )
}
# tanh has no kinks that central differences could fall over
SMALL_IMAGES = {"channels": (6, 8), "hidden_layer_sizes": (5,), "activation": "tanh"}
IMAGE_SHAPES = [(8, 8, 2), (6, 9, 1), (1, 7, 1), (1, 1, 1)]
CONVOLUTIONAL_IMAGES = {
    **{
        f"{architecture}, {shape}, batch norm {batch_norm}": {
            "image_shape": shape,
            "architecture": architecture,
            "batch_norm": batch_norm,
        }
        for architecture, shape, batch_norm in itertools.product(IMAGE_ARCHITECTURES, IMAGE_SHAPES, [False, True])
    },
    **{
        f"{architecture} {options}": {"image_shape": (8, 7, 2), "architecture": architecture, **options}
        for architecture in IMAGE_ARCHITECTURES
        for options in (
            {"stem": "gabor"},
            {"stem": "wavelet", "standardize": False},
            {"augmentation": ("flip", "rotate", "shift", "brightness"), "dropout": 0.3},
            {"pooling": "average", "convolutions_per_block": 2},
            {"kernel_size": 2, "hidden_layer_sizes": ()},
            {"channels": (3,), "kernel_size": 5},
            {"channels": (4, 4, 4, 4, 4)},
        )
    },
}


UNETS = {
    "one level": {"channels": (3,), "batch_norm": False},
    "two levels": {"channels": (3, 4)},
    "three levels": {"channels": (2, 3, 4), "dropout": 0.3, "augmentation": ("brightness",)},
    "two levels without normalization": {"channels": (3, 4), "batch_norm": False, "standardize": False},
}


def rows_first(n_in):
    return Encoder(Chain(Dense(n_in, 5), Activation("tanh")), 5, ROWS_FIRST)


def steps_first(n_in):
    return Encoder(Chain(LSTM(n_in, 5, reverse=True)), 5, STEPS_FIRST, ends=("first",))


def batch_last(n_in):
    return Encoder(Chain(Chain(Mask(), Convolution(n_in, 5, (1, 3))), Activation("tanh")), 5, BATCH_LAST)


# without a structure, nodes have no edges: tests/layers/test_graph_layers.py has edges
GRAPHS_OF_NODES = {
    f"{convolution} {options}": {"convolution": convolution, "n_heads": 2, **options}
    for convolution in CONVOLUTIONS
    for options in (
        {"hidden_layer_sizes": (6,)},
        {"hidden_layer_sizes": (), "dropout": 0.3},
        {"hidden_layer_sizes": (6, 2), "dropout": 0.3},
    )
}
LINKS_OF_GRAPHS = {
    f"{convolution} {options}": {"convolution": convolution, "n_heads": 2, **options}
    for convolution in LINK_CONVOLUTIONS
    for options in (
        {"hidden_layer_sizes": (6, 5), "dropout": 0.3},
        {"hidden_layer_sizes": (6,), "embedding_size": 3},
    )
}
WHOLE_GRAPHS = {
    f"{convolution} with {pooling}": {
        "convolution": convolution,
        "pooling": pooling,
        "n_heads": 2,
        "hidden_layer_sizes": (6, 4),
        "dropout": 0.3,
    }
    for convolution in CONVOLUTIONS
    for pooling in GRAPH_POOLINGS
}


SMALL_PAIRS = {"hidden_size": 4, "embedding_size": 3, "n_heads": 2, "feedforward_size": 5}
PAIRS = {
    **{
        f"{architecture} with {attention}, {encoder}": {
            "architecture": architecture,
            "attention": attention,
            "encoder": encoder,
        }
        for architecture in ("gru", "lstm")
        for attention in ATTENTIONS
        for encoder in ("rnn", "transformer", "dense")
    },
    **{
        f"transformer, {encoder}": {"architecture": "transformer", "encoder": encoder}
        for encoder in ("rnn", "transformer", "dense")
    },
    "a pyramid over tokens": {"architecture": "lstm", "encoder": "rnn", "n_layers": 2, "step_reduction": 2},
    **{
        f"two layers of {architecture} with dropout": {
            "architecture": architecture,
            "encoder": "transformer" if architecture == "transformer" else "rnn",
            "n_layers": 2,
            "dropout": 0.3,
        }
        for architecture in ARCHITECTURES
    },
}


SEQUENCES = {
    f"{encoder.__name__} with {pooling}": {"encoder": encoder, "pooling": pooling, "dropout": 0.3}
    for encoder in (rows_first, steps_first, batch_last)
    for pooling in (*SEQUENCE_POOLINGS, None)
}


def _of_rows(builder, table):
    return {
        f"{builder.__name__}: {name}": NetworkCase(builder, {"n_in": 4, "n_out": N_OUT, **options}, ROWS)
        for name, options in table.items()
    }


def _of_series(builder, table, **tokens):
    """For series of equal and of unequal lengths, and for tokens."""
    found = {}
    for name, options in table.items():
        arguments = {"n_features": 2, "n_out": N_OUT, **options}
        axis = None if options.get("pooling", "last") is None else 0
        of_tokens = {**arguments, "vocabulary_size": 9, **tokens}
        title = f"{builder.__name__}: {name}"
        found[f"{title}, equal lengths"] = NetworkCase(builder, arguments, SERIES, batch_axis=axis)
        # rows do not tell their lengths to the check of the contract
        found[f"{title}, unequal lengths"] = NetworkCase(builder, arguments, SERIES, LENGTHS, batch_axis=None)
        found[f"{title}, tokens"] = NetworkCase(builder, of_tokens, TOKENS, batch_axis=axis)
        found[f"{title}, unequal tokens"] = NetworkCase(builder, of_tokens, TOKENS, LENGTHS, batch_axis=None)
    return found


def _of_pairs(builder, table):
    """For equal and unequal lengths, of either side."""
    found = {}
    tokens = np.random.default_rng(1).integers(0, N_OUT + 1, (4, 5))
    for name, options in table.items():
        dense = options["encoder"] == "dense"
        arguments = {"n_out": N_OUT, "n_source": 4 if dense else 9, **SMALL_PAIRS, **options}
        arguments["source"] = "rows" if dense else "tokens"
        source, lengths = (ROWS[:4], None) if dense else (TOKENS, LENGTHS)
        title = f"{builder.__name__}: {name}"
        found[f"{title}, equal lengths"] = NetworkCase(builder, arguments, (source, tokens), batch_axis=None)
        unequal = NetworkCase(builder, arguments, (source, tokens), np.array([5, 1, 3, 4]), lengths, batch_axis=None)
        found[f"{title}, unequal lengths"] = unequal
    return found


def _of_sources(builder):
    """Series of equal and unequal lengths, and images, with a decoder and without."""
    arguments = {"n_out": N_OUT, **SMALL_PAIRS}
    tokens = np.random.default_rng(1).integers(0, N_OUT + 1, (4, 5))
    series = {"n_source": 2, "source": "series", "step_reduction": 2, "n_layers": 2}
    pictures = {"n_source": 0, "source": "images", "image_shape": (6, 9, 2), "channels": (3, 4)}
    found = {}
    for encoder, loss in itertools.product(ENCODERS, ("log_loss", "ctc")):
        attending = loss == "log_loss"
        common = {**arguments, "encoder": encoder, "loss": loss}
        title = f"{builder.__name__}: {loss}, {encoder} of"
        if encoder != "dense":
            x = images((6, 9, 2))
            x = (x, tokens) if attending else x
            found[f"{title} images"] = NetworkCase(builder, common | pictures, x, batch_axis=None)
        if encoder in ("rnn", "transformer"):
            x = (SERIES, tokens) if attending else SERIES
            found[f"{title} series of equal lengths"] = NetworkCase(builder, common | series, x, batch_axis=None)
            lengths = (np.array([5, 1, 3, 4]), LENGTHS) if attending else (LENGTHS,)
            unequal = NetworkCase(builder, common | series, x, *lengths, batch_axis=None)
            found[f"{title} series of unequal lengths"] = unequal
    return found


DIFFUSIONS = {
    "one block": {"hidden_layer_sizes": (6,)},
    "blocks of several widths": {"hidden_layer_sizes": (6, 6, 4), "activation": "tanh"},
    "no block": {"hidden_layer_sizes": ()},
}

NETWORKS = {
    **{  # two noisy values, a condition, and the time
        f"diffusion_network: {name}": NetworkCase(
            diffusion_network, {"n_in": 2, "n_condition": 1, "n_out": N_OUT, **options}, ROWS
        )
        for name, options in DIFFUSIONS.items()
    },
    **_of_rows(perceptron_network, {"": {}}),
    **_of_rows(mlp_network, MLPS),
    **{
        f"forecast_network: windows {sizes}": NetworkCase(
            forecast_network,
            {
                "window_sizes": sizes,
                "step_size": 2,
                "n_future": n_future,
                "n_out": N_OUT,
                "hidden_layer_sizes": (5,),
                "dropout": 0.2,
            },
            ROWS,
        )
        for sizes, n_future in (((2, 1), 0), ((1,), 2))
    },
    **{
        f"autoencoder_network: {name}": NetworkCase(
            autoencoder_network,
            {"n_in": 4, "n_out": 4, "hidden_layer_sizes": (5,), "activation": "tanh", **options},
            ROWS,
        )
        for name, options in AUTOENCODERS.items()
    },
    **{
        f"autoencoder_network: {name}": NetworkCase(
            autoencoder_network,
            {
                "n_in": math.prod(options["image_shape"]),
                "n_out": math.prod(options["image_shape"]),
                "channels": (3, 4),
                "hidden_layer_sizes": (5,),
                "activation": "tanh",
                **options,
            },
            images(options["image_shape"]),
        )
        for name, options in AUTOENCODERS_OF_IMAGES.items()
    },
    **_of_rows(kan_network, KANS),
    **{
        f"tabular_network: {name}": NetworkCase(tabular_network, {"n_out": N_OUT, **SMALL_TABULAR, **options}, TABLE)
        for name, options in TABULAR.items()
    },
    "tabular_network: categories alone": NetworkCase(
        tabular_network, {"n_out": N_OUT, "n_numbers": 0, "missing": (), "category_sizes": (3, 11)}, TABLE[:, 3:]
    ),
    **_of_rows(graph_node_network, GRAPHS_OF_NODES),
    **_of_rows(link_network, {name: {"n_out": 1, **options} for name, options in LINKS_OF_GRAPHS.items()}),
    **_of_rows(whole_graph_network, WHOLE_GRAPHS),
    **_of_series(sequence_network, SEQUENCES, embedding_size=3),
    **_of_series(
        recurrent_network,
        {name: {"hidden_size": 4, **options} for name, options in RECURRENT.items()},
        embedding_size=3,
    ),
    **_of_series(
        transformer_network, {name: {**SMALL_TRANSFORMER, **options} for name, options in TRANSFORMERS.items()}
    ),
    **_of_pairs(sequence_to_sequence_network, PAIRS),
    **_of_sources(sequence_to_sequence_network),
    **_of_series(mamba_network, {name: {"d_model": 6, "state_size": 3, **options} for name, options in MAMBAS.items()}),
    **{
        f"language_network: sets, {architecture}": NetworkCase(
            language_network,
            {**SMALL_LANGUAGE, "n_special": 1, "sets": True, "architecture": architecture},
            SETS,
            LENGTHS,
            batch_axis=None,
        )
        for architecture in LANGUAGE_ARCHITECTURES
    },
    **{
        f"language_network: {name}, {length}": NetworkCase(
            language_network, {**SMALL_LANGUAGE, **options}, TOKENS, lengths, batch_axis=None
        )
        for name, options in LANGUAGE.items()
        for length, lengths in (("equal lengths", None), ("unequal lengths", LENGTHS))
    },
    **_of_series(convolutional_series_network, CONVOLUTIONAL_SERIES, embedding_size=3),
    **{
        f"convolutional_series_network: fasttext {options}, {length}": NetworkCase(
            convolutional_series_network,
            {"n_features": 1, "n_out": N_OUT, "architecture": "fasttext", "vocabulary_size": 9, **options},
            TOKENS,
            lengths,
            batch_axis=0 if lengths is None else None,
        )
        for options in ({"channels": ()}, {"channels": (4, 3), "dropout": 0.2}, {"channels": (), "word_dropout": 0.0})
        for length, lengths in (("equal lengths", None), ("unequal lengths", LENGTHS))
    },
    **{
        f"convolutional_image_network: {name}": NetworkCase(
            convolutional_image_network, {"n_out": N_OUT, **SMALL_IMAGES, **options}, images(options["image_shape"])
        )
        for name, options in CONVOLUTIONAL_IMAGES.items()
    },
    **{
        f"unet_network: {name}": NetworkCase(
            unet_network, {"n_channels": 2, "n_out": N_OUT, **options}, images((8, 4, 2)), batch_axis=None
        )
        for name, options in UNETS.items()
    },
}

every_network = pytest.mark.parametrize("case", NETWORKS.values(), ids=NETWORKS.keys())
