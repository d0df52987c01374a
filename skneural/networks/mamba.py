"""Stacks of Mamba blocks for series and for tokens."""

from __future__ import annotations

import math

from skneural.layers import (
    Branches,
    Chain,
    Dense,
    Layer,
    MultiheadScan,
    Residual,
    Reversed,
    RMSNormalization,
    SelectiveScan,
)
from skneural.networks.sequence import ROWS_FIRST, Encoder, dropped, sequence_network

VARIANTS = ("mamba2", "mamba")

# Mamba-2 was published with heads of 64 channels, in networks whose width is counted in thousands.
HEAD_SIZE = 32


def mamba_network(
    n_features: int,
    n_out: int,
    d_model: int = 64,
    state_size: int = 16,
    n_layers: int = 2,
    expansion: int = 2,
    convolution_width: int = 4,
    pooling: str | None = "mean",
    dropout: float = 0.0,
    variant: str = "mamba2",
    bidirectional: bool = False,
    vocabulary_size: int | None = None,
    standardize: bool = True,
) -> Chain:
    """Series (batch, steps, features) or tokens (batch, steps) in, raw scores out.

    Parameters
    ----------
    n_features : int
        Features of each step; not used for tokens.
    n_out : int
        Raw scores.
    d_model, state_size, n_layers, expansion, convolution_width, dropout, variant, bidirectional
        See `mamba_encoder`.
    pooling : {"mean", "last", "max", "attention"} or None
        How steps become one row. None: raw scores of each real step, series behind series.
    vocabulary_size : int, optional
        Number of tokens; None for series.
    standardize : bool
        Whether each feature is centred and scaled first; not used for tokens.
    """

    def encoder(n_in: int) -> Encoder:
        sizes = d_model, state_size, n_layers, expansion, convolution_width
        return mamba_encoder(*sizes, dropout, variant, bidirectional, n_in if vocabulary_size is None else None)

    return sequence_network(encoder, n_features, n_out, pooling, dropout, vocabulary_size, d_model, standardize)


def mamba_encoder(
    d_model: int = 64,
    state_size: int = 16,
    n_layers: int = 2,
    expansion: int = 2,
    convolution_width: int = 4,
    dropout: float = 0.0,
    variant: str = "mamba2",
    bidirectional: bool = False,
    n_in: int | None = None,
) -> Encoder:
    """Mamba blocks, one behind the other; no step sees a later one, unless they read in both directions.

    Parameters
    ----------
    d_model : int
        Features between the blocks.
    state_size : int
        Numbers of the state of each channel.
    n_layers : int
        Blocks.
    expansion : int
        Channels of a block, as a multiple of `d_model`.
    convolution_width : int
        Steps that the convolution of a block sees.
    dropout : float
        Rate behind each block, before its input is added.
    variant : {"mamba2", "mamba"}
        Whether heads of channels decay as one, or each number of the state for itself, which takes four times as long.
    bidirectional : bool
        Whether blocks of their own also read each series from its end to its start; `n_out` then is ``2 * d_model``.
    n_in : int, optional
        Features of each step of the input, where a first product shall make `d_model` of them; None for tokens that
        `d_model` numbers stand for already.

    Returns
    -------
    encoder : Encoder
    """
    start: list[Layer] = [] if n_in is None else [Dense(n_in, d_model)]
    block = mamba_block(d_model, state_size, expansion, convolution_width, dropout, variant)
    stack = *[block] * n_layers, RMSNormalization(d_model)
    if not bidirectional:
        return Encoder((*start, *stack), d_model, ROWS_FIRST)
    both = Branches((Chain(stack), Reversed(Chain(stack))), axis=ROWS_FIRST.features)
    # Backwards, a series has been read when its first step has.
    return Encoder((*start, both), 2 * d_model, ROWS_FIRST, ends=("last", "first"))


def mamba_block(
    d_model: int,
    state_size: int = 16,
    expansion: int = 2,
    convolution_width: int = 4,
    dropout: float = 0.0,
    variant: str = "mamba2",
) -> Residual:
    """One block: normalization, product, convolution and scan with a gate, product, around which its input goes."""
    n = expansion * d_model
    end: list[Layer] = [Dense(n, d_model, bias=None), *dropped(dropout, 0)]
    if variant == "mamba2":
        heads = MultiheadScan(n, _n_heads(n), state_size, convolution_width)
        inner = [Dense(d_model, heads.n_inputs, bias=None), heads, RMSNormalization(n)]
    else:
        scan = SelectiveScan(n, state_size, convolution_width, math.ceil(d_model / 16))
        inner = [Dense(d_model, 2 * n, bias=None), scan]
    return Residual(Chain((RMSNormalization(d_model), *inner, *end)))


def _n_heads(n: int) -> int:
    """Heads of about `HEAD_SIZE` channels, as many as share the channels evenly."""
    return next(heads for heads in range(max(1, n // HEAD_SIZE), 0, -1) if n % heads == 0)
