"""Recurrent networks for series and tokens."""

from __future__ import annotations

from skneural.layers import Branches, Chain, JoinSteps, Layer
from skneural.layers.recurrent import CELLS
from skneural.networks.sequence import STEPS_FIRST, Encoder, dropped, sequence_network


def recurrent_network(
    n_features: int,
    n_out: int,
    cell: str,
    hidden_size: int,
    n_layers: int,
    bidirectional: bool,
    pooling: str | None,
    dropout: float,
    vocabulary_size: int | None,
    embedding_size: int,
    standardize: bool,
    reversible_normalization: bool = False,
) -> Chain:
    """Build a network from series (batch, steps, features) or tokens (batch, steps) to raw scores.

    Parameters
    ----------
    n_features : int
        Features of each step; not used for tokens.
    n_out : int
        Raw scores.
    cell : {"rnn", "lstm", "gru", "indrnn", "jordan"}
    hidden_size : int
        Units of each layer and direction.
    n_layers : int
    bidirectional : bool
        Add to each layer one that reads each series from its end to its start.
    pooling : {"last", "mean", "max", "attention"} or None
        Reduction of the steps to one row. None: raw scores of each step, one series after another, without padding.
    dropout : float
        Rate between layers and before the output layer.
    vocabulary_size : int or None
        Number of tokens; None for series.
    embedding_size : int
        Size of the token embeddings.
    standardize : bool
        Centre and scale each feature in the first layer; not used for tokens.
    reversible_normalization : bool, default=False
        Centre and scale each series by its own steps instead; not used for tokens.
    """

    def encoder(n_in: int) -> Encoder:
        return recurrent_encoder(n_in, cell, hidden_size, n_layers, bidirectional, dropout)

    sizes = vocabulary_size, embedding_size
    return sequence_network(encoder, n_features, n_out, pooling, dropout, *sizes, standardize, reversible_normalization)


def recurrent_encoder(
    n_in: int, cell: str, hidden_size: int, n_layers: int, bidirectional: bool, dropout: float, step_reduction: int = 1
) -> Encoder:
    """Build recurrent layers, each on the states of the layer before it, with dropout between them.

    With `step_reduction`, each layer takes that many consecutive steps as one.
    """
    layers: dict[str, Layer] = {}
    for i in range(n_layers):
        if i:
            layers |= dropped(dropout, STEPS_FIRST.batch, f"dropout_{i}")
        if step_reduction > 1:
            layers[f"joined_{i + 1}"] = JoinSteps(step_reduction, steps_axis=0)
            n_in *= step_reduction
        layer: Layer = CELLS[cell](n_in, hidden_size)
        if bidirectional:
            backward = CELLS[cell](n_in, hidden_size, reverse=True)
            layer = Branches(forward=layer, backward=backward, axis=STEPS_FIRST.features)
        layers[f"layer_{i + 1}"] = layer
        n_in = 2 * hidden_size if bidirectional else hidden_size
    # The backward direction has read the whole series at its first step.
    return Encoder(Chain(**layers), n_in, STEPS_FIRST, ends=("last", "first") if bidirectional else ("last",))
