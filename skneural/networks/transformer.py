"""Transformer encoders for series and for tokens (Vaswani et al. 2017), normalized before each sublayer.

Normalizing first (Xiong et al. 2020) needs no warm-up of the learning rate.
"""

from __future__ import annotations

import math
from dataclasses import replace

from skneural.layers import (
    Activation,
    Chain,
    Dense,
    Frozen,
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
    d_model: int = 64,
    n_heads: int = 4,
    n_layers: int = 2,
    feedforward_size: int = 128,
    positional: str = "sinusoidal",
    pooling: str | None = "mean",
    dropout: float = 0.1,
    vocabulary_size: int | None = None,
    max_length: int | None = None,
    standardize: bool = True,
    causal: bool = False,
    freeze: int = 0,
) -> Chain:
    """Series (batch, steps, features) or tokens (batch, steps) in, raw scores out.

    Parameters
    ----------
    n_features : int
        Features of each step; not used for tokens.
    n_out : int
        Raw scores.
    d_model, n_heads, n_layers, feedforward_size, positional, dropout, max_length
        See `transformer_encoder`.
    pooling : {"mean", "last", "max", "attention", "cls"} or None
        How steps become one row; "cls" puts a learned step before them, which stands for the whole series in the end.
        None: raw scores of each real step, series behind series.
    vocabulary_size : int, optional
        Number of tokens; None for series.
    standardize : bool
        Whether each feature is centred and scaled first; not used for tokens.
    causal : bool
        Whether no step sees those after it.
    freeze : int
        Pairs of an attention and a feedforward layer that do not learn; if there are any, what comes before the first
        does not learn either.
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
    network = sequence_network(encoder, n_features, n_out, pooling, dropout, *sizes, standardize)
    return _frozen(network, freeze) if freeze else network


def _frozen(network: Chain, n_blocks: int) -> Chain:
    """The network with everything up to the end of a block frozen, a class token apart, which a task has for itself."""
    layers = network.layers
    first = next(i for i, layer in enumerate(layers) if isinstance(layer, Residual | WithClassToken))
    start, rest = layers[:first], layers[first:]
    if not isinstance(rest[0], WithClassToken):
        return Chain((Frozen(Chain((*start, *rest[: 2 * n_blocks]))), *rest[2 * n_blocks :]))
    inner = rest[0].inner
    assert isinstance(inner, Chain)
    blocks = Chain((Frozen(Chain(inner.layers[: 2 * n_blocks])), *inner.layers[2 * n_blocks :]))
    return Chain((Frozen(Chain(start)), replace(rest[0], inner=blocks), *rest[1:]))


def transformer_encoder(
    d_model: int = 64,
    n_heads: int = 4,
    n_layers: int = 2,
    feedforward_size: int = 128,
    positional: str = "sinusoidal",
    dropout: float = 0.1,
    *,
    causal: bool = False,
    class_token: bool = False,
    max_length: int | None = None,
    n_in: int | None = None,
    deviation: float | None = None,
) -> Encoder:
    """Attention and feedforward layers by turns, each added to what it is given.

    Parameters
    ----------
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
    max_length : int, optional
        Positions to learn; needed if they are learned.
    n_in : int, optional
        Features of each step of the input, where a first product shall make `d_model` of them; None for tokens that
        `d_model` numbers stand for already.
    deviation : float, optional
        Standard deviation with which weights start, those of what is added to the steps divided by the root of how
        often something is added, as in GPT-2 (Radford et al. 2019). By default weights start as Glorot and Bengio have
        it.

    Returns
    -------
    encoder : Encoder
    """
    _check(positional, causal, class_token, max_length)
    # Embeddings are scaled to stand up to positions.
    start: list[Layer] = [Scale(math.sqrt(d_model)) if n_in is None else Dense(n_in, d_model)]
    if positional == "sinusoidal":
        start.append(SinusoidalPositions())
    elif positional == "learned":
        assert max_length is not None
        start.append(LearnedPositions(max_length, d_model))
    inside: str | float = "glorot_uniform" if deviation is None else deviation
    added: str | float = "glorot_uniform" if deviation is None else deviation / math.sqrt(max(2 * n_layers, 1))
    rotary = positional == "rotary"
    attention = SelfAttention(d_model, n_heads, causal, rotary, dropout, initializer=inside, output_initializer=added)
    hidden = Dense(d_model, feedforward_size, inside), Activation("gelu"), *dropped(dropout, 0)
    feedforward = *hidden, Dense(feedforward_size, d_model, added)
    block: list[Layer] = [
        Residual(Chain((LayerNormalization(d_model), *sublayer, *dropped(dropout, 0))))
        for sublayer in ((attention,), feedforward)
    ]
    blocks = [*(n_layers * block), LayerNormalization(d_model)]
    if class_token:
        blocks = [WithClassToken(Chain(tuple(blocks)), d_model)]
    return Encoder((*start, *dropped(dropout, 0), *blocks), d_model, ROWS_FIRST, pooled=class_token)


def _check(positional: str, causal: bool, class_token: bool, max_length: int | None) -> None:
    if positional not in POSITIONAL:
        raise ValueError(f"positional must be one of {', '.join(POSITIONAL)}; got {positional!r}.")
    if positional == "learned" and max_length is None:
        raise ValueError("Learned positions need max_length, the number of positions to learn.")
    if causal and class_token:
        raise ValueError("A class token stands first and sees nothing of a causal encoder; pool the last step instead.")
