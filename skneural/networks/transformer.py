"""Transformer encoders for series and tokens (Vaswani et al. 2017), normalized before each sublayer.

Pre-normalization (Xiong et al. 2020) needs no warm-up of the learning rate.
"""

from __future__ import annotations

import math

from skneural.layers import (
    Activation,
    Chain,
    Dense,
    Layer,
    LayerNormalization,
    LearnedPositions,
    Residual,
    Scale,
    SelfAttention,
    SinusoidalPositions,
    WithClassToken,
)
from skneural.networks.sequence import ROWS_FIRST, SEQUENCE_POOLINGS, Encoder, dropped, sequence_network

POSITIONAL = ("sinusoidal", "learned", "rotary", "none")
TRANSFORMER_POOLINGS = (*SEQUENCE_POOLINGS, "cls")


def transformer_network(
    n_features: int,
    n_out: int,
    d_model: int,
    n_heads: int,
    n_layers: int,
    feedforward_size: int,
    positional: str,
    pooling: str | None,
    dropout: float,
    vocabulary_size: int | None,
    max_length: int | None,
    standardize: bool,
    causal: bool,
    reversible_normalization: bool = False,
) -> Chain:
    """Build a network from series (batch, steps, features) or tokens (batch, steps) to raw scores.

    Parameters
    ----------
    n_features : int
        Features of each step; not used for tokens.
    n_out : int
        Raw scores.
    d_model, n_heads, n_layers, feedforward_size, positional, dropout, max_length
        See `transformer_encoder`.
    pooling : {"mean", "last", "max", "attention", "cls"} or None
        Reduction of the steps to one row; "cls" prepends a learned class token, and takes its final state. None: raw
        scores of each step, one series after another, without padding.
    vocabulary_size : int or None
        Number of tokens; None for series.
    standardize : bool
        Centre and scale each feature in the first layer; not used for tokens.
    causal : bool
        Steps attend to themselves and the steps before them only.
    reversible_normalization : bool, default=False
        Centre and scale each series by its own steps instead; not used for tokens.
    """

    def encoder(n_in: int) -> Encoder:
        return transformer_encoder(
            d_model,
            n_heads,
            n_layers,
            feedforward_size,
            positional,
            dropout,
            causal=causal,
            class_token=pooling == "cls",
            max_length=max_length,
            n_in=n_in if vocabulary_size is None else None,
        )

    sizes = vocabulary_size, d_model
    return sequence_network(encoder, n_features, n_out, pooling, dropout, *sizes, standardize, reversible_normalization)


def transformer_encoder(
    d_model: int,
    n_heads: int,
    n_layers: int,
    feedforward_size: int,
    positional: str,
    dropout: float,
    *,
    causal: bool = False,
    class_token: bool = False,
    max_length: int | None = None,
    n_in: int | None = None,
    deviation: float | None = None,
) -> Encoder:
    """Build residual blocks of an attention layer and a feedforward layer.

    Parameters
    ----------
    d_model : int
        Features of each step.
    n_heads : int
        Heads of each attention layer; they divide d_model evenly.
    n_layers : int
        Blocks of an attention and a feedforward layer.
    feedforward_size : int
        Hidden units of each feedforward layer.
    positional : {"sinusoidal", "learned", "rotary", "none"}
        Positional encoding.
    dropout : float
        Rate on the input of the first block, attention weights, hidden units and outputs of sublayers.
    causal : bool, default=False
        Steps attend to themselves and the steps before them only.
    class_token : bool, default=False
        Prepend a learned step, whose final state is the only output.
    max_length : int, optional
        Number of learned positions; required with ``positional="learned"``.
    n_in : int, optional
        Features of each step of the input, which a dense layer projects to `d_model`. By default, the input has
        `d_model` features, such as embedded tokens.
    deviation : float, optional
        Standard deviation of the initial weights; for the output weights of sublayers, divided by the square root of
        the number of sublayers, as in GPT-2 (Radford et al. 2019). By default, Glorot's initialization.

    Returns
    -------
    encoder : Encoder
    """
    _check(positional, causal, class_token, max_length)
    # Embeddings are scaled to the magnitude of positional encodings.
    start: dict[str, Layer] = (
        {"scale": Scale(math.sqrt(d_model))} if n_in is None else {"projection": Dense(n_in, d_model)}
    )
    if positional == "sinusoidal":
        start["positions"] = SinusoidalPositions()
    elif positional == "learned":
        assert max_length is not None
        start["positions"] = LearnedPositions(max_length, d_model)
    start |= dropped(dropout, 0)
    inside: str | float = "glorot_uniform" if deviation is None else deviation
    added: str | float = "glorot_uniform" if deviation is None else deviation / math.sqrt(max(2 * n_layers, 1))
    rotary = positional == "rotary"
    attention = SelfAttention(d_model, n_heads, causal, rotary, dropout, initializer=inside, output_initializer=added)
    block = Chain(
        attention=sublayer(d_model, {"attention": attention}, dropout),
        feedforward=sublayer(d_model, feedforward(d_model, feedforward_size, dropout, inside, added), dropout),
    )
    blocks: dict[str, Layer] = {f"block_{i + 1}": block for i in range(n_layers)}
    blocks["normalization"] = LayerNormalization(d_model)
    if class_token:
        blocks = {"class_token": WithClassToken(Chain(**blocks), d_model)}
    return Encoder(Chain(**start, **blocks), d_model, ROWS_FIRST, pooled=class_token)


def sublayer(d_model: int, inner: dict[str, Layer], dropout: float) -> Residual:
    """Residual connection around layers that normalize their input first."""
    return Residual(Chain(normalization=LayerNormalization(d_model), **inner, **dropped(dropout, 0)))


def feedforward(
    d_model: int,
    size: int,
    dropout: float,
    hidden_start: str | float = "glorot_uniform",
    output_start: str | float = "glorot_uniform",
) -> dict[str, Layer]:
    """A hidden layer of `size` units and an output layer, by name; both for each step."""
    return {
        "hidden": Dense(d_model, size, hidden_start),
        "activation": Activation("gelu"),
        **dropped(dropout, 0, "hidden_dropout"),
        "output": Dense(size, d_model, output_start),
    }


def _check(positional: str, causal: bool, class_token: bool, max_length: int | None) -> None:
    if positional not in POSITIONAL:
        raise ValueError(f"positional must be one of {', '.join(POSITIONAL)}; got {positional!r}.")
    if positional == "learned" and max_length is None:
        raise ValueError("Learned positions need max_length, the number of positions to learn.")
    if causal and class_token:
        raise ValueError(
            "The class token stands first and attends to no other step in a causal encoder; pool the last step instead."
        )
