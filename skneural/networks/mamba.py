"""Stacks of Mamba blocks for series and tokens."""

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

# Mamba-2 was published with heads of 64 channels, in networks with thousands of channels.
HEAD_SIZE = 32


def mamba_network(
    n_features: int,
    n_out: int,
    d_model: int,
    state_size: int,
    n_layers: int,
    expansion: int,
    convolution_width: int,
    pooling: str | None,
    dropout: float,
    variant: str,
    bidirectional: bool,
    vocabulary_size: int | None,
    standardize: bool,
    reversible_normalization: bool = False,
) -> Chain:
    """Build a network from series (batch, steps, features) or tokens (batch, steps) to raw scores.

    Parameters
    ----------
    n_features : int
        Features of each step; not used for tokens.
    n_out : int
        Raw scores.
    d_model, state_size, n_layers, expansion, convolution_width, dropout, variant, bidirectional
        See `mamba_encoder`.
    pooling : {"mean", "last", "max", "attention"} or None
        Reduction of the steps to one row. None: raw scores of each step, one series after another, without padding.
    vocabulary_size : int or None
        Number of tokens; None for series.
    standardize : bool
        Centre and scale each feature in the first layer; not used for tokens.
    reversible_normalization : bool, default=False
        Centre and scale each series by its own steps instead; not used for tokens.
    """

    def encoder(n_in: int) -> Encoder:
        sizes = d_model, state_size, n_layers, expansion, convolution_width
        return mamba_encoder(*sizes, dropout, variant, bidirectional, n_in if vocabulary_size is None else None)

    sizes = vocabulary_size, d_model
    return sequence_network(encoder, n_features, n_out, pooling, dropout, *sizes, standardize, reversible_normalization)


def mamba_encoder(
    d_model: int,
    state_size: int,
    n_layers: int,
    expansion: int,
    convolution_width: int,
    dropout: float,
    variant: str,
    bidirectional: bool,
    n_in: int | None = None,
) -> Encoder:
    """Build a stack of Mamba blocks; each step depends on those before it only, unless `bidirectional`.

    Parameters
    ----------
    d_model : int
        Features of each step between the blocks.
    state_size : int
        Size of the state of each channel.
    n_layers : int
        Blocks.
    expansion : int
        Channels of a block, as a multiple of `d_model`.
    convolution_width : int
        Kernel size of the causal convolution of a block, in steps.
    dropout : float
        Rate after each block, before its input is added.
    variant : {"mamba2", "mamba"}
        "mamba2": one decay for all channels of a head. "mamba": one for each number of the state, four times as slow.
    bidirectional : bool
        Add a second stack that reads each series from its end to its start; `n_out` is then ``2 * d_model``.
    n_in : int, optional
        Features of each step of the input, which a dense layer projects to `d_model`. By default, the input has
        `d_model` features, such as embedded tokens.

    Returns
    -------
    encoder : Encoder
    """
    start: dict[str, Layer] = {} if n_in is None else {"projection": Dense(n_in, d_model)}
    block = mamba_block(d_model, state_size, expansion, convolution_width, dropout, variant)
    blocks = {f"block_{i + 1}": block for i in range(n_layers)}
    stack: dict[str, Layer] = {**blocks, "normalization": RMSNormalization(d_model)}
    if not bidirectional:
        return Encoder(Chain(**start, **stack), d_model, ROWS_FIRST)
    both = Branches(forward=Chain(**stack), backward=Reversed(Chain(**stack)), axis=ROWS_FIRST.features)
    # The backward stack has read the whole series at its first step.
    return Encoder(Chain(**start, directions=both), 2 * d_model, ROWS_FIRST, ends=("last", "first"))


def mamba_block(
    d_model: int,
    state_size: int,
    expansion: int,
    convolution_width: int,
    dropout: float,
    variant: str,
) -> Residual:
    """Build a residual block: normalization, projection, convolution, gated scan, and projection."""
    n = expansion * d_model
    inner: dict[str, Layer] = {"normalization": RMSNormalization(d_model)}
    if variant == "mamba2":
        heads = MultiheadScan(n, _n_heads(n), state_size, convolution_width)
        inner |= {"projection": Dense(d_model, heads.n_inputs, bias=None), "scan": heads}
        inner["scan_normalization"] = RMSNormalization(n)
    else:
        scan = SelectiveScan(n, state_size, convolution_width, math.ceil(d_model / 16))
        inner |= {"projection": Dense(d_model, 2 * n, bias=None), "scan": scan}
    return Residual(Chain(**inner, output=Dense(n, d_model, bias=None), **dropped(dropout, 0)))


def _n_heads(n: int) -> int:
    """Largest number of heads of at least `HEAD_SIZE` channels that divides the channels evenly."""
    return next(heads for heads in range(max(1, n // HEAD_SIZE), 0, -1) if n % heads == 0)
