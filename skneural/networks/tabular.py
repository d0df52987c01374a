"""Networks for tables of numbers and categories."""

from __future__ import annotations

from collections.abc import Sequence

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
)
from skneural.networks.mlp import output_layer

# Categories with more values have learned vectors, those with fewer are one-hot (Holzmueller et al. 2024).
MOST_ONE_HOT = 9
CATEGORY_SIZE = 8

# An epoch of more members costs what one of four does. Were all to see all rows, eight would cost 6.8 times one.
MEMBERS_PER_ROW = 4

# Batches of fewer rows may be all there is: what is drawn is the same for all rows then, so that weights count as
# repetitions do. On six small tables that was as good as masks for each row (.798 and .801; .793 without dropout).
SMALL_BATCH = 64

EMBEDDINGS = ("periodic", "piecewise_linear")


def tabular_network(
    n_numbers: int,
    missing: Sequence[int],
    category_sizes: Sequence[int],
    n_out: int,
    link: str = "identity",
    hidden_layer_sizes: Sequence[int] = (256, 256, 256),
    activation: str = "mish",
    dropout: float = 0.0,
    embedding: str | None = None,
    embedding_size: int = 4,
    frequency_deviation: float = 1.0,
    n_members: int = 1,
    members_per_row: int | None = None,
) -> Chain:
    """Columns of every kind become one row of features, from which a perceptron or an ensemble of them predicts.

    Parameters
    ----------
    n_numbers : int
        Columns of numbers, which come first; NaN where they are missing.
    missing : sequence of int
        Those of them that have an indicator of what is missing.
    category_sizes : sequence of int
        Categories of each of the columns that follow.
    n_out : int
        Raw scores.
    link : str
        Name in `skneural.losses.LINKS`: what is averaged over members.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer.
    activation : str
        Name in `skneural.ops.pointwise.ACTIVATIONS`.
    dropout : float
        Rate after each hidden activation.
    embedding : {"periodic", "piecewise_linear", None}
        What becomes of numbers.
    embedding_size : int
        Features of each number.
    frequency_deviation : float
        Of the frequencies of periodic embeddings, at the start.
    n_members : int
        Members of the ensemble, which share all weights but the factors of their features and the output layer.
    members_per_row : int or None, default=None
        Members that see each row of a batch in training; None for all.
    """
    of_numbers = number_embedding(n_numbers, embedding, embedding_size, frequency_deviation)
    features = column_features(n_numbers, missing, category_sizes, of_numbers)
    width = features.shape((None, n_numbers + len(category_sizes)))[1]
    assert width is not None
    layers: list[Layer] = [features]
    if n_members > 1:
        layers.append(MemberFactors(n_members, width, members_per_row=members_per_row))
    for size in hidden_layer_sizes:
        layers += [Dense(width, size, initializer_for(activation), "uniform"), Activation(activation)]
        if dropout > 0:
            layers.append(Dropout(dropout, shared_below=SMALL_BATCH))
        width = size
    if n_members > 1:
        layers.append(MemberOutputs(n_members, width, n_out, link, members_per_row=members_per_row))
    else:
        layers.append(output_layer(width, n_out))
    return Chain(tuple(layers))


def number_embedding(n_numbers: int, embedding: str | None, size: int, frequency_deviation: float) -> list[Layer]:
    """What makes several features of each number, in a list; an empty one if nothing does."""
    if embedding is None:
        return []
    if embedding == "periodic":
        return [PeriodicEmbedding(n_numbers, size, deviation=frequency_deviation)]
    return [PiecewiseLinearEmbedding(n_numbers, size)]


def column_features(
    n_numbers: int, missing: Sequence[int], category_sizes: Sequence[int], embedding: list[Layer]
) -> Branches:
    """One row of features for what stands in the columns."""
    branches: list[Layer] = []
    if n_numbers:
        numbers = Columns(tuple(range(n_numbers)))
        branches.append(Chain((numbers, Standardization(n_numbers), FillMissing(), SmoothClip(), *embedding)))
    if missing:
        branches.append(Chain((Columns(tuple(missing)), MissingIndicator())))
    few = [i for i, size in enumerate(category_sizes) if size <= MOST_ONE_HOT]
    many = [i for i, size in enumerate(category_sizes) if size > MOST_ONE_HOT]
    if few:
        columns, sizes = _chosen(few, n_numbers, category_sizes)
        branches.append(Chain((columns, OneHot(sizes))))
    if many:
        columns, sizes = _chosen(many, n_numbers, category_sizes)
        branches.append(Chain((columns, CategoryEmbedding(sizes, CATEGORY_SIZE))))
    return Branches(tuple(branches))


def _chosen(features: list[int], n_numbers: int, category_sizes: Sequence[int]) -> tuple[Columns, tuple[int, ...]]:
    """The columns of some categorical features, and how many categories each has."""
    return Columns(tuple(n_numbers + i for i in features)), tuple(category_sizes[i] for i in features)
