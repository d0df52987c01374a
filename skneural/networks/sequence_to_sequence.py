"""Encoder-decoder networks from sequences to sequences."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    GridPositions,
    ImageColumns,
    ImagePositions,
    JoinSteps,
    Layer,
    LayerNormalization,
    OneStep,
    RealSteps,
    RowsFirst,
    Scale,
    SelfAttention,
    SinusoidalPositions,
    Standardization,
    StartedByMemory,
    StepPooling,
    StepsFirst,
    WithMemory,
)
from skneural.layers.recurrent import CELLS
from skneural.networks.convolutional_image import convolutional_features
from skneural.networks.recurrent import recurrent_encoder
from skneural.networks.sequence import STEPS_FIRST, dropped
from skneural.networks.transformer import feedforward, sublayer, transformer_encoder

ARCHITECTURES = ("gru", "lstm", "transformer")
ATTENTIONS = ("additive", "dot", "none")
ENCODERS = ("rnn", "transformer", "cnn", "dense")
SOURCES = ("tokens", "series", "images", "rows")


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
    source: str,
    image_shape: Sequence[int] | None,
    loss: str,
    step_reduction: int,
    channels: Sequence[int],
    kernel_size: int,
    standardize: bool,
) -> Layer:
    """The pair of a source and of the target that is known so far in; for each real step of the target raw scores out.

    With ``loss="ctc"`` the source in; for each real step of the memory raw scores out.

    Parameters
    ----------
    n_out : int
        Raw scores: target tokens, and the end token or the blank. The input target has one token more, the start token.
    n_source : int
        Number of source tokens, for sources (batch, steps); or features of series or rows. Not used for images.
    architecture : {"gru", "lstm", "transformer"}
        Architecture of the decoder.
    attention : {"additive", "dot", "none"}
        Attention of recurrent decoders to the source. "none": the source determines the initial state only.
    encoder : {"rnn", "transformer", "cnn", "dense"}
        "rnn" is bidirectional, with the cells of the decoder, or GRU cells for Transformer decoders. "cnn": the
        convolutions that images pass in any encoder, alone.
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
    source : {"tokens", "series", "images", "rows"}
        Rows are for the dense encoder only, images for all others.
    image_shape : (height, width, channels) or None
    loss : {"log_loss", "ctc"}
    step_reduction : int
        Number of consecutive steps that each recurrent layer of the encoder, or the first layer of a Transformer, takes
        as one.
    channels, kernel_size
        Feature maps of each block of convolutions of images, and height and width of the kernels.
    standardize : bool
        Centre and scale the features of series and the channels of images in the first layer.
    """
    if encoder not in ENCODERS:
        raise ValueError(f"encoder must be one of {', '.join(ENCODERS)}; got {encoder!r}.")
    cell = "gru" if architecture == "transformer" else architecture
    of_tokens = embedding_size if encoder == "rnn" else hidden_size
    if image_shape is not None:
        columns = loss == "ctc" or encoder == "rnn"
        start = _of_images(image_shape, channels, kernel_size, standardize, columns)
    else:
        start = _of_steps(source, n_source, of_tokens, standardize)
    if encoder == "rnn":
        memory = _recurrent_memory(start, source, cell, hidden_size, n_layers, dropout, step_reduction)
    elif encoder == "transformer":
        sizes = hidden_size, n_heads, n_layers, feedforward_size
        memory = _transformer_memory(start, source, sizes, dropout, step_reduction)
    else:
        memory = (_convolutional_memory if encoder == "cnn" else _dense_memory)(start, hidden_size)
    drop = dropped(dropout, 0, "output_dropout")
    if loss == "ctc":
        return Chain(encoder=memory.encoder, **drop, steps=RealSteps(), output=Dense(memory.n_features, n_out))
    if architecture == "transformer":
        decoder = _transformer_decoder(memory, n_out + 1, hidden_size, n_heads, n_layers, feedforward_size, dropout)
        joined: dict[str, Layer] = {}
    else:
        decoder = _recurrent_decoder(memory, n_out + 1, cell, hidden_size, embedding_size, n_layers, dropout)
        attending, joined = _attention(memory, attention, hidden_size)
        decoder |= attending
    output = Dense(hidden_size, n_out)
    return EncoderDecoder(memory.encoder, WithMemory(decoder, joined, drop, {"steps": RealSteps()}, output=output))


def n_columns(image_shape: Sequence[int], channels: Sequence[int], kernel_size: int) -> int:
    """Number of columns of the feature maps of images."""
    return convolutional_features(image_shape, channels, kernel_size, False)[1][2]


def n_joined_steps(encoder: str, n_layers: int, step_reduction: int) -> int:
    """Number of steps, or columns of images, that become one step of the memory."""
    return {"rnn": step_reduction**n_layers, "transformer": step_reduction}.get(encoder, 1)


class Start(NamedTuple):
    """First layers of an encoder, which depend on the kind of the source.

    Attributes
    ----------
    layers : dict from str to Layer
    n_features : int
        Features of each step that they give.
    steps_first : bool, default=False
        Whether they give (steps, features, batch) instead of (batch, steps, features).
    grid : GridPositions or None, default=None
        Embedding of the positions of pixels, if these are the steps.
    """

    layers: dict[str, Layer]
    n_features: int
    steps_first: bool = False
    grid: GridPositions | None = None

    @property
    def rows_first(self) -> dict[str, Layer]:
        """The layers, followed by a change to (batch, steps, features) where it is needed."""
        return {**self.layers, "rows_first": RowsFirst()} if self.steps_first else self.layers


def _of_steps(source: str, n_source: int, embedding_size: int, standardize: bool) -> Start:
    """Embedding of tokens, standardization of series, or nothing."""
    if source == "tokens":
        return Start({"embedding": Embedding(n_source, embedding_size)}, embedding_size)
    return Start({"standardization": Standardization(n_source)} if standardize and source == "series" else {}, n_source)


def _of_images(
    image_shape: Sequence[int], channels: Sequence[int], kernel_size: int, standardize: bool, columns: bool
) -> Start:
    """Convolutions, and a view of the feature maps as their columns, or as their pixels."""
    layers, (height, n_channels, width) = convolutional_features(image_shape, channels, kernel_size, standardize)
    if columns:
        return Start({"images": layers, "columns": ImageColumns()}, height * n_channels, steps_first=True)
    return Start({"images": layers, "pixels": ImagePositions()}, n_channels, grid=GridPositions(height, width))


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
    start: Start, source: str, cell: str, hidden_size: int, n_layers: int, dropout: float, step_reduction: int
) -> Memory:
    drop = dropped(dropout, 0) if source == "tokens" else {}
    layers = start.layers if start.steps_first else {**start.layers, **drop, "steps_first": StepsFirst()}
    middle = recurrent_encoder(start.n_features, cell, hidden_size, n_layers, True, dropout, step_reduction)
    n = middle.n_out
    # each direction where it has read the whole source
    ends = Branches(forward=StepPooling("last"), backward=StepPooling("first"))
    return Memory(Chain(**layers, **middle.body.children(), rows_first=RowsFirst()), n, ends, 2 * n)


def _transformer_memory(
    start: Start, source: str, sizes: tuple[int, int, int, int], dropout: float, step_reduction: int
) -> Memory:
    d_model = sizes[0]
    if start.grid is not None:  # positions in two dimensions follow the projection
        layers = transformer_encoder(*sizes, "none", dropout, n_in=start.n_features).body.children()
        layers = {"projection": layers.pop("projection"), "positions": start.grid, **layers}
    else:
        joined: dict[str, Layer] = {"joined": JoinSteps(step_reduction)} if step_reduction > 1 else {}
        n_in = None if source == "tokens" and not joined else start.n_features * step_reduction
        layers = joined | transformer_encoder(*sizes, "sinusoidal", dropout, n_in=n_in).body.children()
    return Memory(Chain(**start.rows_first, **layers), d_model, StepPooling("mean"), d_model)


def _dense_memory(start: Start, hidden_size: int) -> Memory:
    dense = Chain(dense=Dense(start.n_features, hidden_size), activation=Activation("tanh"), one_step=OneStep())
    return Memory(dense, hidden_size, StepPooling("last"), hidden_size)


def _convolutional_memory(start: Start, hidden_size: int) -> Memory:
    layers = {**start.rows_first, "dense": Dense(start.n_features, hidden_size)}
    layers |= {"activation": Activation("tanh")} if start.grid is None else {"positions": start.grid}
    return Memory(Chain(**layers), hidden_size, StepPooling("mean"), hidden_size)


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
