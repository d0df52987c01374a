"""Transformer encoders for series and for tokens (Vaswani et al. 2017), normalized before each sublayer.

Normalizing first (Xiong et al. 2020) needs no warm-up of the learning rate.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from skneural.layers import (
    Activation,
    Chain,
    Dense,
    Dropout,
    Embedding,
    Layer,
    LayerNormalization,
    LearnedPositions,
    Residual,
    Scale,
    SelfAttention,
    SinusoidalPositions,
    WithClassToken,
)

POSITIONAL = ("sinusoidal", "learned", "rotary", "none")


class Encoder(NamedTuple):
    """Layers from series (batch, steps, features) or tokens (batch, steps) to steps, and how wide these are.

    Attributes
    ----------
    layers : tuple of Layer
        They put out (batch, steps, width); with a class token, (batch, width).
    width : int
    """

    layers: tuple[Layer, ...]
    width: int


def transformer_encoder(
    n_in: int,
    d_model: int = 64,
    n_heads: int = 4,
    n_layers: int = 2,
    feedforward_size: int = 128,
    positional: str = "sinusoidal",
    dropout: float = 0.1,
    *,
    causal: bool = False,
    class_token: bool = False,
    vocabulary_size: int | None = None,
    max_length: int | None = None,
) -> Encoder:
    """Attention and feedforward layers by turns, each added to what it is given.

    Parameters
    ----------
    n_in : int
        Features of each step; not used for tokens.
    d_model : int, default=64
        Features of each step inside.
    n_heads : int, default=4
        Heads of each attention layer; they share d_model.
    n_layers : int, default=2
        Pairs of an attention and a feedforward layer.
    feedforward_size : int, default=128
        Hidden units of each feedforward layer.
    positional : {"sinusoidal", "learned", "rotary", "none"}, default="sinusoidal"
        How steps learn where they stand.
    dropout : float, default=0.1
        Rate on the first layer's input, on attention weights, on hidden units and on what is added.
    causal : bool, default=False
        Whether no step sees those after it.
    class_token : bool, default=False
        Whether a learned step, put before the others, stands for the whole series in the end.
    vocabulary_size : int, optional
        Number of tokens; None for series.
    max_length : int, optional
        Positions to learn; needed if they are learned.

    Returns
    -------
    encoder : Encoder
    """
    _check(positional, causal, class_token, max_length)
    entry: list[Layer] = [*_entry(n_in, d_model, vocabulary_size)]
    if positional == "sinusoidal":
        entry.append(SinusoidalPositions())
    elif positional == "learned":
        assert max_length is not None
        entry.append(LearnedPositions(max_length, d_model))
    entry += _dropout(dropout)
    blocks: list[Layer] = []
    for _ in range(n_layers):
        attention = SelfAttention(d_model, n_heads, causal, positional == "rotary", dropout)
        blocks += [
            Residual(Chain((LayerNormalization(d_model), attention, *_dropout(dropout)))),
            Residual(Chain((LayerNormalization(d_model), *_feedforward(d_model, feedforward_size, dropout)))),
        ]
    blocks.append(LayerNormalization(d_model))
    if class_token:
        blocks = [WithClassToken(Chain(tuple(blocks)), d_model)]
    return Encoder((*entry, *blocks), d_model)


def _entry(n_in: int, d_model: int, vocabulary_size: int | None) -> list[Layer]:
    if vocabulary_size is None:
        return [Dense(n_in, d_model, input_gradient=False)]
    return [Embedding(vocabulary_size, d_model), Scale(math.sqrt(d_model))]


def _feedforward(d_model: int, hidden_size: int, dropout: float) -> list[Layer]:
    inner: list[Layer] = [Dense(d_model, hidden_size), Activation("gelu"), *_dropout(dropout)]
    return [*inner, Dense(hidden_size, d_model), *_dropout(dropout)]


def _dropout(rate: float) -> list[Layer]:
    return [Dropout(rate)] if rate > 0 else []


def _check(positional: str, causal: bool, class_token: bool, max_length: int | None) -> None:
    if positional not in POSITIONAL:
        raise ValueError(f"positional must be one of {', '.join(POSITIONAL)}; got {positional!r}.")
    if positional == "learned" and max_length is None:
        raise ValueError("Learned positions need max_length, the number of positions to learn.")
    if causal and class_token:
        raise ValueError("A class token stands first and sees nothing of a causal encoder; pool the last step instead.")
