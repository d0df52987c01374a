"""Encoders and decoders: sequences in, sequences out."""

from __future__ import annotations

import math
from typing import NamedTuple

from skneural.layers import (
    Activation,
    AdditiveAttention,
    Branches,
    Chain,
    CrossAttention,
    Dense,
    DotAttention,
    Dropout,
    Embedding,
    EncoderDecoder,
    Layer,
    LayerNormalization,
    OneStep,
    RealSteps,
    Residual,
    RowsFirst,
    Scale,
    SelfAttention,
    SinusoidalPositions,
    StartedByMemory,
    StepPooling,
    StepsFirst,
    WithMemory,
)
from skneural.layers.recurrent import CELLS
from skneural.networks.recurrent import recurrent_encoder
from skneural.networks.sequence import STEPS_FIRST, dropped
from skneural.networks.transformer import transformer_encoder

ARCHITECTURES = ("gru", "lstm", "transformer")
ATTENTIONS = ("additive", "dot", "none")
ENCODERS = ("rnn", "transformer", "dense")


def sequence_to_sequence_network(
    n_out: int,
    n_source: int,
    architecture: str = "gru",
    attention: str = "additive",
    encoder: str = "rnn",
    hidden_size: int = 128,
    embedding_size: int = 64,
    n_layers: int = 1,
    n_heads: int = 4,
    feedforward_size: int = 256,
    dropout: float = 0.0,
) -> Chain:
    """The pair of a source and of the target that is known so far in; for each real step of the target raw scores out.

    Parameters
    ----------
    n_out : int
        Raw scores: of all tokens of the target and of its end. The target that enters has one token more, its start.
    n_source : int
        Tokens of the source, (batch, steps); with ``encoder="dense"`` its features, (batch, features).
    architecture : {"gru", "lstm", "transformer"}
        Of the decoder.
    attention : {"additive", "dot", "none"}
        How a recurrent decoder looks at the source. "none": it is started by it, and sees no more of it.
    encoder : {"rnn", "transformer", "dense"}
        "rnn" has the units of the decoder, or GRUs where that is a Transformer, in both directions.
    hidden_size : int
        Units of recurrent layers, in each direction; features of each step of Transformers.
    embedding_size : int
        Numbers that stand for each token; not in Transformers, where `hidden_size` numbers do.
    n_layers : int
        Of the encoder, and of the decoder.
    n_heads, feedforward_size : int
        Of Transformers.
    dropout : float
        Rate before and between layers, and before the output layer.
    """
    if encoder not in ENCODERS:
        raise ValueError(f"encoder must be one of {', '.join(ENCODERS)}; got {encoder!r}.")
    cell = "gru" if architecture == "transformer" else architecture
    if encoder == "rnn":
        memory = _recurrent_memory(n_source, cell, hidden_size, embedding_size, n_layers, dropout)
    elif encoder == "transformer":
        memory = _transformer_memory(n_source, hidden_size, n_heads, n_layers, feedforward_size, dropout)
    else:
        one = (Dense(n_source, hidden_size), Activation("tanh"), OneStep())
        memory = Memory(Chain(one), hidden_size, StepPooling("last"), hidden_size)
    if architecture == "transformer":
        decoder = _transformer_decoder(memory, n_out + 1, hidden_size, n_heads, n_layers, feedforward_size, dropout)
        joined: list[Layer] = []
    else:
        decoder = _recurrent_decoder(memory, n_out + 1, cell, hidden_size, embedding_size, n_layers, dropout)
        looking, joined = _attention(memory, attention, hidden_size)
        decoder += looking
    whole = EncoderDecoder(memory.encoder, WithMemory(tuple(decoder)))
    drop = [Dropout(dropout, rows="elements")] if dropout > 0 else []
    return Chain((whole, RealSteps(), *joined, *drop, Dense(hidden_size, n_out)))


class Memory(NamedTuple):
    """What an encoder makes of a source.

    Attributes
    ----------
    encoder : Layer
        From the source to the memory, (batch, memory steps, features).
    n_features : int
    summary : Layer
        From the memory to one row, (batch, n_summary), by which recurrent decoders start.
    n_summary : int
    """

    encoder: Layer
    n_features: int
    summary: Layer
    n_summary: int


def _recurrent_memory(
    n_tokens: int, cell: str, hidden_size: int, embedding_size: int, n_layers: int, dropout: float
) -> Memory:
    start = (Embedding(n_tokens, embedding_size), *dropped(dropout, 0), StepsFirst())
    middle = recurrent_encoder(embedding_size, cell, hidden_size, n_layers, bidirectional=True, dropout=dropout)
    n = middle.n_out
    ends = Branches((StepPooling("last"), StepPooling("first")))  # each direction where it has read all
    return Memory(Chain((*start, *middle.layers, RowsFirst())), n, ends, 2 * n)


def _transformer_memory(
    n_tokens: int, d_model: int, n_heads: int, n_layers: int, feedforward_size: int, dropout: float
) -> Memory:
    middle = transformer_encoder(d_model, n_heads, n_layers, feedforward_size, dropout=dropout)
    return Memory(Chain((Embedding(n_tokens, d_model), *middle.layers)), d_model, StepPooling("mean"), d_model)


def _recurrent_decoder(
    memory: Memory, n_tokens: int, cell: str, hidden_size: int, embedding_size: int, n_layers: int, dropout: float
) -> list[Layer]:
    """Recurrent layers, each of which starts with a state of its own made of the memory."""
    layers: list[Layer] = [Embedding(n_tokens, embedding_size), *dropped(dropout, 0), StepsFirst()]
    n_in = embedding_size
    for i in range(n_layers):
        if i:
            layers += dropped(dropout, STEPS_FIRST.batch)
        recurrent = CELLS[cell](n_in, hidden_size)
        to_state = Chain((memory.summary, Dense(memory.n_summary, recurrent.n_state), Activation("tanh")))
        layers.append(StartedByMemory(recurrent, to_state))
        n_in = hidden_size
    return [*layers, RowsFirst()]


def _attention(memory: Memory, attention: str, hidden_size: int) -> tuple[list[Layer], list[Layer]]:
    """What looks at the memory for all steps, and what makes one state of that and of the decoder's, step by step."""
    if attention == "none":
        return [], []
    if attention == "additive":
        looking: Layer = AdditiveAttention(hidden_size, memory.n_features, hidden_size)
    else:
        looking = DotAttention(hidden_size, memory.n_features)
    return [looking], [Dense(memory.n_features + hidden_size, hidden_size), Activation("tanh")]


def _transformer_decoder(
    memory: Memory, n_tokens: int, d_model: int, n_heads: int, n_layers: int, feedforward_size: int, dropout: float
) -> list[Layer]:
    """Attention to the target so far, attention to the memory, and feedforward layers by turns."""
    drop = dropped(dropout, 0)
    layers = [Embedding(n_tokens, d_model), Scale(math.sqrt(d_model)), SinusoidalPositions(), *drop]
    for _ in range(n_layers):
        normal, hidden = LayerNormalization(d_model), Dense(d_model, feedforward_size)
        to_target = SelfAttention(d_model, n_heads, causal=True, dropout=dropout)
        to_memory = CrossAttention(d_model, n_heads, memory.n_features, dropout)
        feedforward = (hidden, Activation("gelu"), *drop, Dense(feedforward_size, d_model))
        layers += [
            Residual(Chain((normal, to_target, *drop))),
            WithMemory((normal, to_memory, *drop), residual=True),
            Residual(Chain((normal, *feedforward, *drop))),
        ]
    return [*layers, LayerNormalization(d_model)]
