"""Common parts of networks for series and tokens: an input layer, an encoder, pooling, and an output layer.

Families of sequence networks differ in their encoder: a function from the number of features of each step to the layers
that relate steps to each other. Encoders compute in the order of axes that is fastest for them; a layer before and a
layer after them convert.
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
    SeriesNormalization,
    Standardization,
    StepPooling,
    StepsFirst,
)

SEQUENCE_POOLINGS = ("last", "mean", "max", "attention")


class Axes(NamedTuple):
    """Order of axes in which an encoder computes.

    `enter` converts from (batch, steps, features), and `leave` converts back: a layer with its name, or none.
    `features` and `batch` are the places of these axes in between.
    """

    enter: dict[str, Layer]
    leave: dict[str, Layer]
    features: int
    batch: int


ROWS_FIRST = Axes({}, {}, features=-1, batch=0)  # (batch, steps, features): attention
TO_ROWS_FIRST: dict[str, Layer] = {"rows_first": RowsFirst()}
# (steps, features, batch): recurrences
STEPS_FIRST = Axes({"steps_first": StepsFirst()}, TO_ROWS_FIRST, features=1, batch=2)
# (1, features, steps, batch): convolutions
BATCH_LAST = Axes({"batch_last": BatchLast()}, TO_ROWS_FIRST, features=1, batch=3)


@dataclass(frozen=True)
class Encoder:
    """Layers of a sequence network that relate steps to each other.

    Parameters
    ----------
    body : Chain
    n_out : int
        Features of each step, or of the one row, that it gives.
    axes : Axes
    ends : tuple of {"last", "first"}, default=("last",)
        Step at which each direction has read the whole series. With several directions, the last layer is `Branches`
        along the features, a branch for each direction.
    pooled : bool, default=False
        Whether the body gives one row for each series already, of shape (batch, n_out).
    """

    body: Chain
    n_out: int
    axes: Axes
    ends: tuple[str, ...] = ("last",)
    pooled: bool = False


def sequence_network(
    encoder: Callable[[int], Encoder],
    n_features: int,
    n_out: int,
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
    encoder : function
        From the number of features of each step to an `Encoder`.
    n_features : int
        Features of each step; not used for tokens.
    n_out : int
        Raw scores.
    pooling : {"last", "mean", "max", "attention"} or None
        Reduction of the steps to one row, unless the encoder has pooled them. None: raw scores of each step, one series
        after another, without padding.
    dropout : float
        Rate before the output layer.
    vocabulary_size : int or None
        Number of tokens; None for series.
    embedding_size : int
        Size of the token embeddings.
    standardize : bool
        Centre and scale each feature in the first layer; not used for tokens.
    reversible_normalization : bool, default=False
        Centre and scale each series by its own steps instead; not used for tokens.
    """
    middle = encoder(n_features if vocabulary_size is None else embedding_size)
    start = dict(middle.axes.enter)
    if vocabulary_size is not None:
        start = {"embedding": Embedding(vocabulary_size, embedding_size), **start}
    elif reversible_normalization:
        start = {"normalization": SeriesNormalization(), **start}
    elif standardize:
        start["standardization"] = Standardization(n_features, axis=middle.axes.features)
    return Chain(**start, **_rows(middle, pooling, dropout), output=Dense(middle.n_out, n_out))


def dropped(rate: float, batch_axis: int, name: str = "dropout") -> dict[str, Layer]:
    """Dropout with its name, if there is to be any."""
    return {name: Dropout(rate, batch_axis)} if rate > 0 else {}


def _rows(encoder: Encoder, pooling: str | None, dropout: float) -> dict[str, Layer]:
    """The encoder, and what makes rows of its steps."""
    body, leave = encoder.body, encoder.axes.leave
    if encoder.pooled:
        return {"encoder": body, **dropped(dropout, 0)}
    if pooling is None:  # dropout precedes `RealSteps`, whose rows are steps, not samples
        return {"encoder": body, **dropped(dropout, encoder.axes.batch), **leave, "steps": RealSteps()}
    if pooling == "last" and len(encoder.ends) > 1:
        return {"encoder": _each_at_its_end(encoder), **dropped(dropout, 0)}
    if pooling == "attention":
        pool: Layer = AttentionPooling(encoder.n_out, encoder.n_out)
    else:
        pool = StepPooling(encoder.ends[0] if pooling == "last" else pooling)
    return {"encoder": body, **leave, "pooling": pool, **dropped(dropout, 0)}


def _each_at_its_end(encoder: Encoder) -> Layer:
    """Pool each direction at the step where it has read the whole series: the backward direction at the first."""
    *_, (name, last) = encoder.body.children().items()
    if not isinstance(last, Branches):
        raise TypeError(f"An encoder with the ends {encoder.ends} must end in Branches; its last layer is {last}.")
    ends = zip(last.children().items(), encoder.ends, strict=True)
    directions = {
        direction: Chain(**{"steps": layer, **encoder.axes.leave, "pooling": StepPooling(end)})
        for (direction, layer), end in ends
    }
    return encoder.body.with_children({name: Branches(directions)})
