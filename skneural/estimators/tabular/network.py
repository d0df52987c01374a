"""Networks for tables of numbers and categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from skneural.initializers import initializer_for
from skneural.layers import (
    Activation,
    Branches,
    CategoryEmbedding,
    Chain,
    Columns,
    Dense,
    Dropout,
    FillMissing,
    Layer,
    MemberFactors,
    MemberOutputs,
    MissingIndicator,
    OneHot,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    SmoothClip,
    Standardization,
    TextEmbedding,
)
from skneural.networks.ensemble import ensemble_of
from skneural.networks.mlp import output_layer
from skneural.ops.pointwise import AnyActivation

# Columns with more categories are embedded in learned vectors, others are one-hot (Holzmueller et al. 2024).
MOST_ONE_HOT = 9
CATEGORY_SIZE = 8

# Size of the vectors of words, and the fraction of the words of a text that training leaves out.
TEXT_SIZE, WORD_DROPOUT = 16, 0.5

# An epoch of more members costs as much as one of four. If each row trained all members, eight would cost 6.8 times as
# much as one.
MEMBERS_PER_ROW = 4

# Members of one network where their number is chosen for the user.
MEMBERS = 4

EMBEDDINGS = ("periodic", "piecewise_linear")


def tabular_network(
    n_numbers: int,
    missing: Sequence[int],
    category_sizes: Sequence[int],
    n_out: int,
    link: str = "identity",
    hidden_layer_sizes: Sequence[int] = (256, 256, 256),
    activation: AnyActivation = "mish",
    dropout: float = 0.0,
    embedding: str | None = None,
    embedding_size: int = 4,
    frequency_deviation: float = 1.0,
    n_members: int | None = 1,
    members_per_row: int | None = None,
    n_networks: int = 1,
    vocabulary_sizes: Sequence[int] = (),
    text_lengths: Sequence[int] = (),
) -> Chain:
    """Build a network that encodes columns as features, followed by a perceptron or an ensemble of perceptrons.

    Parameters
    ----------
    n_numbers : int
        Numeric columns, which come first; NaN for missing values.
    missing : sequence of int
        Numeric columns with an indicator of missing values.
    category_sizes : sequence of int
        Number of categories of each categorical column; these follow the numeric columns.
    n_out : int
        Number of raw scores.
    link : str
        Name in `skneural.losses.LINKS`: function whose values are averaged over members.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer.
    activation : str or ActivationFunction
        Name in `skneural.ops.pointwise.ACTIVATIONS`, or a function with its derivative.
    dropout : float
        Rate after each hidden activation.
    embedding : {"periodic", "piecewise_linear", None}
        Embedding of numbers.
    embedding_size : int
        Features of each number.
    frequency_deviation : float
        Standard deviation of the initial frequencies of periodic embeddings.
    n_members : int or None
        Members of the ensemble, which share all weights except factors of the features and the output layer. None for
        `MEMBERS` of a single network, and one of each of several networks.
    members_per_row : int or None, default=None
        Members that each row of a batch trains; None for all.
    n_networks : int
        Separate networks whose predictions are averaged, too.
    vocabulary_sizes : sequence of int, default=()
        Number of different words of each column of text.
    text_lengths : sequence of int, default=()
        Columns of words of each column of text; these come last.
    """
    if n_members is None:
        n_members = MEMBERS if n_networks == 1 else 1
    number_layers = number_embedding(n_numbers, embedding, embedding_size, frequency_deviation)
    features = column_features(n_numbers, missing, category_sizes, number_layers)
    n_columns = n_numbers + len(category_sizes)
    features = Branches(features.children() | text_features(n_columns, vocabulary_sizes, text_lengths))
    width = cast(int, features.shape((1, n_columns + sum(text_lengths)))[1])
    parts: dict[str, Layer] = {"features": features}
    if n_members > 1:
        parts["members"] = MemberFactors(n_members, width, members_per_row=members_per_row)
    for i, size in enumerate(hidden_layer_sizes, 1):
        dense = Dense(width, size, initializer_for(activation), "uniform")
        block = Chain(dense=dense, activation=Activation(activation), dropout=Dropout(dropout))
        parts[f"hidden_{i}"] = block if dropout > 0 else block.without("dropout")
        width = size
    if n_members > 1:
        output: Layer = MemberOutputs(n_members, width, n_out, link, members_per_row=members_per_row)
    else:
        output = output_layer(width, n_out)
    return ensemble_of(Chain(**parts, output=output), n_networks, link)


def number_embedding(n_numbers: int, embedding: str | None, size: int, frequency_deviation: float) -> Layer | None:
    """The embedding of numbers, if there is one."""
    if embedding is None:
        return None
    if embedding == "periodic":
        return PeriodicEmbedding(n_numbers, size, deviation=frequency_deviation)
    return PiecewiseLinearEmbedding(n_numbers, size)


def column_features(
    n_numbers: int, missing: Sequence[int], category_sizes: Sequence[int], embedding: Layer | None
) -> Branches:
    """Branches that encode numbers, missing values and categories, and concatenate the features."""
    branches: dict[str, Layer] = {}
    if n_numbers:
        branches["numbers"] = Chain(
            columns=Columns(tuple(range(n_numbers))),
            standardization=Standardization(n_numbers, statistics="quantiles"),
            fill_missing=FillMissing(),
            clip=SmoothClip(),
            **({} if embedding is None else {"embedding": embedding}),
        )
    if missing:
        branches["missing"] = Chain(columns=Columns(tuple(missing)), indicator=MissingIndicator())
    few = [i for i, size in enumerate(category_sizes) if size <= MOST_ONE_HOT]
    many = [i for i, size in enumerate(category_sizes) if size > MOST_ONE_HOT]
    if few:
        columns, sizes = _chosen(few, n_numbers, category_sizes)
        branches["few_categories"] = Chain(columns=columns, one_hot=OneHot(sizes))
    if many:
        columns, sizes = _chosen(many, n_numbers, category_sizes)
        branches["many_categories"] = Chain(columns=columns, embedding=CategoryEmbedding(sizes, CATEGORY_SIZE))
    return Branches(branches)


def text_features(n_before: int, vocabulary_sizes: Sequence[int], text_lengths: Sequence[int]) -> dict[str, Layer]:
    """Branches that embed the words of each column of text, which follow `n_before` other columns."""
    ends = n_before + np.cumsum(text_lengths, dtype=int)
    return {
        f"text_{i}": Chain(
            columns=Columns(tuple(range(end - length, end))), embedding=TextEmbedding(size, TEXT_SIZE, WORD_DROPOUT)
        )
        for i, (end, length, size) in enumerate(zip(ends.tolist(), text_lengths, vocabulary_sizes, strict=True), 1)
    }


def _chosen(features: list[int], n_numbers: int, category_sizes: Sequence[int]) -> tuple[Columns, tuple[int, ...]]:
    """The columns of some categorical features, and their numbers of categories."""
    return Columns(tuple(n_numbers + i for i in features)), tuple(category_sizes[i] for i in features)
