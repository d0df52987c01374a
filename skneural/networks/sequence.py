"""What networks for series and for tokens have in common: a start, an encoder, and a top.

A family of sequence networks is an encoder: a function from the features of each step to the layers that relate steps
to each other. It works in the order of axes that suits it; one layer at either end converts, and nothing in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from skneural.layers import (
    AttentionPooling,
    BatchLast,
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

SEQUENCE_POOLINGS = ("last", "mean", "max", "attention")


class Axes(NamedTuple):
    """An order of axes in which an encoder works.

    `enter` converts from (batch, steps, features), and `leave` converts back. `features` and `batch` are the places of
    these axes in between.
    """

    enter: tuple[Layer, ...]
    leave: tuple[Layer, ...]
    features: int
    batch: int


ROWS_FIRST = Axes((), (), features=-1, batch=0)  # (batch, steps, features): attention
STEPS_FIRST = Axes((StepsFirst(),), (RowsFirst(),), features=1, batch=2)  # (steps, features, batch): recurrences
BATCH_LAST = Axes((BatchLast(),), (RowsFirst(),), features=1, batch=3)  # (1, features, steps, batch): convolutions


@dataclass(frozen=True)
class Encoder:
    """The middle of a sequence network.

    Parameters
    ----------
    layers : tuple of Layer
    n_out : int
        Features of each step, or of the one row, that the layers give.
    axes : Axes
    ends : tuple of {"last", "first"}, default=("last",)
        The step at which the last layer has seen the whole series. If there are several, that layer is `Branches` along
        the features, of as many directions.
    pooled : bool, default=False
        Whether the last layer gives one row for each series already, of shape (batch, n_out).
    """

    layers: tuple[Layer, ...]
    n_out: int
    axes: Axes
    ends: tuple[str, ...] = ("last",)
    pooled: bool = False


def sequence_network(
    encoder: Callable[[int], Encoder],
    n_features: int,
    n_out: int,
    pooling: str | None = "last",
    dropout: float = 0.0,
    vocabulary_size: int | None = None,
    embedding_size: int = 64,
    standardize: bool = True,
) -> Chain:
    """Series (batch, steps, features) or tokens (batch, steps) in, raw scores out.

    Parameters
    ----------
    encoder : function
        From the number of features of each step to an `Encoder`.
    n_features : int
        Features of each step; not used for tokens.
    n_out : int
        Raw scores.
    pooling : {"last", "mean", "max", "attention"} or None
        How steps become one row, unless the encoder has done that. None: raw scores of each real step, series behind
        series.
    dropout : float
        Rate before the output layer.
    vocabulary_size : int, optional
        Number of tokens; None for series.
    embedding_size : int
        Numbers that stand for each token.
    standardize : bool
        Whether each feature is centred and scaled first; not used for tokens.
    """
    middle = encoder(n_features if vocabulary_size is None else embedding_size)
    start: list[Layer] = list(middle.axes.enter)
    if vocabulary_size is not None:
        start = [Embedding(vocabulary_size, embedding_size), *start]
    elif standardize:
        start.append(Standardization(n_features, axis=middle.axes.features))
    return Chain((*start, *_rows(middle, pooling, dropout), Dense(middle.n_out, n_out)))


def dropped(rate: float, batch_axis: int) -> list[Layer]:
    """Dropout, if there is to be any."""
    return [Dropout(rate, batch_axis)] if rate > 0 else []


def _rows(encoder: Encoder, pooling: str | None, dropout: float) -> list[Layer]:
    """The encoder, and what makes rows of its steps."""
    layers, leave = encoder.layers, encoder.axes.leave
    if encoder.pooled:
        return [*layers, *dropped(dropout, 0)]
    if pooling is None:  # a row for each step is no sample any more, so dropout comes before
        return [*layers, *dropped(dropout, encoder.axes.batch), *leave, RealSteps()]
    if pooling == "last" and len(encoder.ends) > 1:
        return [*layers[:-1], _each_at_its_end(layers[-1], encoder), *dropped(dropout, 0)]
    if pooling == "attention":
        pool: Layer = AttentionPooling(encoder.n_out, encoder.n_out)
    else:
        pool = StepPooling(encoder.ends[0] if pooling == "last" else pooling)
    return [*layers, *leave, pool, *dropped(dropout, 0)]


def _each_at_its_end(last: Layer, encoder: Encoder) -> Branches:
    """The state of each direction where it has seen the whole series: backwards, behind the first step."""
    if not isinstance(last, Branches):
        raise TypeError(f"An encoder with the ends {encoder.ends} must end in Branches; its last layer is {last}.")
    pairs = zip(last.branches, encoder.ends, strict=True)
    return Branches(tuple(Chain((direction, *encoder.axes.leave, StepPooling(end))) for direction, end in pairs))
