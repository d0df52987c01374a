"""Recurrent networks for series and for tokens."""

from __future__ import annotations

from skneural.layers import (
    AttentionPooling,
    Branches,
    Chain,
    Dense,
    Dropout,
    Embedding,
    Layer,
    RealSteps,
    RowsFirst,
    Standardization,
    StepPooling,
    StepsFirst,
)
from skneural.layers.recurrent import CELLS

POOLINGS = ("last", "mean", "max", "attention")

# The axis of the batch while steps come first.
BATCH_AXIS = 2


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
    if vocabulary_size is not None:
        layers: list[Layer] = [Embedding(vocabulary_size, embedding_size), StepsFirst()]
    else:
        layers = [StepsFirst(), *([Standardization(n_features, axis=1)] if standardize else [])]
    n_in = n_features if vocabulary_size is None else embedding_size
    n_directions = 2 if bidirectional else 1
    for i in range(n_layers):
        directions: list[Layer] = [CELLS[cell](n_in, hidden_size, reverse) for reverse in (False, True)[:n_directions]]
        n_in = n_directions * hidden_size
        if i < n_layers - 1:
            layers += [_side_by_side(directions), *_dropout(dropout, BATCH_AXIS)]
        else:
            layers += _top(directions, n_in, pooling, dropout)
    return Chain((*layers, Dense(n_in, n_out)))


def _top(directions: list[Layer], n_features: int, pooling: str | None, dropout: float) -> list[Layer]:
    """The last recurrent layer and what makes rows of its steps."""
    if pooling is None:
        return [_side_by_side(directions), *_dropout(dropout, BATCH_AXIS), RowsFirst(), RealSteps()]
    if pooling == "last":
        # Backwards, a series has been read when its first step has.
        ends = [
            Chain((layer, RowsFirst(), StepPooling(end)))
            for layer, end in zip(directions, ("last", "first"), strict=False)
        ]
        return [*(ends[0].layers if len(ends) == 1 else [Branches(tuple(ends))]), *_dropout(dropout, 0)]
    pool = AttentionPooling(n_features, n_features) if pooling == "attention" else StepPooling(pooling)
    return [_side_by_side(directions), RowsFirst(), pool, *_dropout(dropout, 0)]


def _side_by_side(directions: list[Layer]) -> Layer:
    return directions[0] if len(directions) == 1 else Branches(tuple(directions), axis=1)


def _dropout(rate: float, batch_axis: int) -> list[Layer]:
    return [Dropout(rate, batch_axis)] if rate > 0 else []
