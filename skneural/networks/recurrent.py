"""Recurrent networks for series and for tokens."""

from __future__ import annotations

from skneural.layers import Branches, Chain, Layer
from skneural.layers.recurrent import CELLS
from skneural.networks.sequence import STEPS_FIRST, Encoder, dropped, sequence_network


def recurrent_network(
    n_features: int,
    n_out: int,
    cell: str = "gru",
    hidden_size: int = 64,
    n_layers: int = 1,
    bidirectional: bool = False,
    pooling: str | None = "last",
    dropout: float = 0.0,
    vocabulary_size: int | None = None,
    embedding_size: int = 64,
    standardize: bool = True,
) -> Chain:
    """Series (batch, steps, features) or tokens (batch, steps) in, raw scores out.

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
        Whether each layer also goes from the end of each series to its start.
    pooling : {"last", "mean", "max", "attention"} or None
        How steps become one row. None: raw scores of each real step, series behind series.
    dropout : float
        Rate between layers and before the output layer.
    vocabulary_size : int, optional
        Number of tokens; None for series.
    embedding_size : int
        Numbers that stand for each token.
    standardize : bool
        Whether each feature is centred and scaled first; not used for tokens.
    """

    def encoder(n_in: int) -> Encoder:
        return recurrent_encoder(n_in, cell, hidden_size, n_layers, bidirectional, dropout)

    return sequence_network(encoder, n_features, n_out, pooling, dropout, vocabulary_size, embedding_size, standardize)


def recurrent_encoder(
    n_in: int, cell: str, hidden_size: int, n_layers: int, bidirectional: bool, dropout: float
) -> Encoder:
    """Recurrent layers, each of which reads the states of the one before, with dropout between them."""
    layers: list[Layer] = []
    for i in range(n_layers):
        if i:
            layers += dropped(dropout, STEPS_FIRST.batch)
        forwards = CELLS[cell](n_in, hidden_size)
        if bidirectional:
            backwards = CELLS[cell](n_in, hidden_size, reverse=True)
            layers.append(Branches((forwards, backwards), axis=STEPS_FIRST.features))
        else:
            layers.append(forwards)
        n_in = 2 * hidden_size if bidirectional else hidden_size
    # Backwards, a series has been read when its first step has.
    return Encoder(tuple(layers), n_in, STEPS_FIRST, ends=("last", "first") if bidirectional else ("last",))
