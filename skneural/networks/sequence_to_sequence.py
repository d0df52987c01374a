"""Encoder-decoder networks from sequences to sequences."""

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
    Embedding,
    EncoderDecoder,
    Layer,
    LayerNormalization,
    OneStep,
    RealSteps,
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
from skneural.networks.transformer import feedforward, sublayer, transformer_encoder

ARCHITECTURES = ("gru", "lstm", "transformer")
ATTENTIONS = ("additive", "dot", "none")
ENCODERS = ("rnn", "transformer", "dense")


def sequence_to_sequence_network(
    n_out: int,
    n_source: int,
    architecture: str,
    attention: str,
    encoder: str,
    hidden_size: int,
    embedding_size: int,
    n_layers: int,
    n_heads: int,
    feedforward_size: int,
    dropout: float,
) -> EncoderDecoder:
    """The pair of a source and of the target that is known so far in; for each real step of the target raw scores out.

    Parameters
    ----------
    n_out : int
        Raw scores: target tokens and the end token. The input target has one token more, the start token.
    n_source : int
        Number of source tokens, for sources (batch, steps); with ``encoder="dense"``, source features, for
        (batch, features).
    architecture : {"gru", "lstm", "transformer"}
        Architecture of the decoder.
    attention : {"additive", "dot", "none"}
        Attention of recurrent decoders to the source. "none": the source determines the initial state only.
    encoder : {"rnn", "transformer", "dense"}
        "rnn" is bidirectional, with the cells of the decoder, or GRU cells for Transformer decoders.
    hidden_size : int
        Units of recurrent layers, in each direction; features of each step of Transformers.
    embedding_size : int
        Size of the token embeddings of recurrent layers; in Transformers it is `hidden_size`.
    n_layers : int
        Layers of the encoder, and of the decoder.
    n_heads, feedforward_size : int
        Attention heads and hidden units of the feedforward layers of Transformers.
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
        dense = Chain(dense=Dense(n_source, hidden_size), activation=Activation("tanh"), one_step=OneStep())
        memory = Memory(dense, hidden_size, StepPooling("last"), hidden_size)
    if architecture == "transformer":
        decoder = _transformer_decoder(memory, n_out + 1, hidden_size, n_heads, n_layers, feedforward_size, dropout)
        joined: dict[str, Layer] = {}
    else:
        decoder = _recurrent_decoder(memory, n_out + 1, cell, hidden_size, embedding_size, n_layers, dropout)
        attending, joined = _attention(memory, attention, hidden_size)
        decoder |= attending
    drop = dropped(dropout, 0, "output_dropout")
    output = Dense(hidden_size, n_out)
    return EncoderDecoder(memory.encoder, WithMemory(decoder, joined, drop, {"steps": RealSteps()}, output=output))


class Memory(NamedTuple):
    """An encoder with the shape of its memory.

    Attributes
    ----------
    encoder : Layer
        From the source to the memory, (batch, memory steps, features).
    n_features : int
    summary : Layer
        From the memory to one row, (batch, n_summary), from which recurrent decoders compute their initial state.
    n_summary : int
    """

    encoder: Layer
    n_features: int
    summary: Layer
    n_summary: int


def _recurrent_memory(
    n_tokens: int, cell: str, hidden_size: int, embedding_size: int, n_layers: int, dropout: float
) -> Memory:
    start = {"embedding": Embedding(n_tokens, embedding_size), **dropped(dropout, 0), "steps_first": StepsFirst()}
    middle = recurrent_encoder(embedding_size, cell, hidden_size, n_layers, bidirectional=True, dropout=dropout)
    n = middle.n_out
    # each direction where it has read the whole source
    ends = Branches(forward=StepPooling("last"), backward=StepPooling("first"))
    return Memory(Chain(**start, **middle.body.children(), rows_first=RowsFirst()), n, ends, 2 * n)


def _transformer_memory(
    n_tokens: int, d_model: int, n_heads: int, n_layers: int, feedforward_size: int, dropout: float
) -> Memory:
    middle = transformer_encoder(d_model, n_heads, n_layers, feedforward_size, "sinusoidal", dropout)
    encoder = Chain(embedding=Embedding(n_tokens, d_model), **middle.body.children())
    return Memory(encoder, d_model, StepPooling("mean"), d_model)


def _recurrent_decoder(
    memory: Memory, n_tokens: int, cell: str, hidden_size: int, embedding_size: int, n_layers: int, dropout: float
) -> dict[str, Layer]:
    """Recurrent layers, whose initial states are dense functions of the memory."""
    layers: dict[str, Layer] = {
        "embedding": Embedding(n_tokens, embedding_size),
        **dropped(dropout, 0),
        "steps_first": StepsFirst(),
    }
    n_in = embedding_size
    for i in range(n_layers):
        if i:
            layers |= dropped(dropout, STEPS_FIRST.batch, f"dropout_{i}")
        recurrent = CELLS[cell](n_in, hidden_size)
        dense = Dense(memory.n_summary, recurrent.n_state)
        to_state = Chain(summary=memory.summary, dense=dense, activation=Activation("tanh"))
        layers[f"layer_{i + 1}"] = StartedByMemory(recurrent, to_state)
        n_in = hidden_size
    return {**layers, "rows_first": RowsFirst()}


def _attention(memory: Memory, attention: str, hidden_size: int) -> tuple[dict[str, Layer], dict[str, Layer]]:
    """Attention to the memory, and the layers that combine its output with the states of the decoder."""
    if attention == "none":
        return {}, {}
    if attention == "additive":
        attending: Layer = AdditiveAttention(hidden_size, memory.n_features, hidden_size)
    else:
        attending = DotAttention(hidden_size, memory.n_features)
    both = {"dense": Dense(memory.n_features + hidden_size, hidden_size), "activation": Activation("tanh")}
    return {"attention": attending}, both


def _transformer_decoder(
    memory: Memory, n_tokens: int, d_model: int, n_heads: int, n_layers: int, feedforward_size: int, dropout: float
) -> dict[str, Layer]:
    """Blocks of causal self-attention, attention to the memory, and a feedforward layer."""
    drop = dropped(dropout, 0)
    to_target = SelfAttention(d_model, n_heads, causal=True, dropout=dropout)
    to_memory = CrossAttention(d_model, n_heads, memory.n_features, dropout)
    block = WithMemory(
        attention=sublayer(d_model, {"attention": to_target}, dropout),
        memory_attention=WithMemory(
            {"normalization": LayerNormalization(d_model), "attention": to_memory}, drop, residual=True
        ),
        feedforward=sublayer(d_model, feedforward(d_model, feedforward_size, dropout), dropout),
    )
    return {
        "embedding": Embedding(n_tokens, d_model),
        "scale": Scale(math.sqrt(d_model)),
        "positions": SinusoidalPositions(),
        **drop,
        **{f"block_{i + 1}": block for i in range(n_layers)},
        "normalization": LayerNormalization(d_model),
    }
