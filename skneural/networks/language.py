"""Networks that tell tokens from other tokens: the next one from those before, or hidden ones from those around."""

from __future__ import annotations

import math

from skneural.layers import Chain, ChosenSteps, RealSteps, Scale, TiedEmbedding
from skneural.layers.embedding import START_DEVIATION
from skneural.networks.mamba import mamba_encoder
from skneural.networks.recurrent import recurrent_encoder
from skneural.networks.sequence import Encoder, dropped
from skneural.networks.transformer import transformer_encoder

LANGUAGE_ARCHITECTURES = ("transformer", "lstm", "gru", "mamba")
OBJECTIVES = ("causal", "masked")


def language_network(
    n_out: int,
    n_special: int = 0,
    architecture: str = "transformer",
    objective: str = "causal",
    d_model: int = 64,
    n_heads: int = 4,
    n_layers: int = 2,
    feedforward_size: int = 128,
    positional: str = "sinusoidal",
    dropout: float = 0.1,
    context_length: int = 128,
) -> Chain:
    """Tokens (batch, steps) in, raw scores of all tokens for each step out, or for each that was hidden.

    Parameters
    ----------
    n_out : int
        Tokens that are scored.
    n_special : int
        Tokens beyond them that are read only.
    architecture : {"transformer", "lstm", "gru", "mamba"}
    objective : {"causal", "masked"}
        Whether no step sees those after it, or all see all others.
    d_model : int
        Features of each step, and numbers that stand for each token.
    n_heads, feedforward_size, positional
        See `transformer_encoder`; the other architectures have none.
    n_layers : int
    dropout : float
        Rate, as encoders have it.
    context_length : int
        Positions to learn, if they are learned.
    """
    if objective == "masked" and architecture != "transformer":
        raise ValueError(
            f'objective="masked" needs architecture="transformer", whose steps see those before and after them; got '
            f"architecture={architecture!r}."
        )
    if architecture == "transformer":
        causal = objective == "causal"
        sizes = d_model, n_heads, n_layers, feedforward_size
        encoder = transformer_encoder(
            *sizes, positional, dropout, causal=causal, max_length=context_length, deviation=START_DEVIATION
        )
    elif architecture == "mamba":
        encoder = mamba_encoder(d_model, n_layers=n_layers, dropout=dropout)
    else:
        encoder = _scaled(recurrent_encoder(d_model, architecture, d_model, n_layers, False, dropout), dropout)
    axes = encoder.axes
    inner = Chain((*axes.enter, *encoder.layers, *axes.leave))
    rows = RealSteps() if objective == "causal" else ChosenSteps()
    return Chain((TiedEmbedding(n_out, d_model, inner, rows, n_special),))


def _scaled(encoder: Encoder, dropout: float) -> Encoder:
    """With vectors of tokens scaled as Transformers do it, and dropout behind: as they start, gates would hardly move.

    The first layer of an encoder knows where its features are.
    """
    start = Scale(math.sqrt(encoder.n_out)), *dropped(dropout, encoder.axes.batch)
    return Encoder((*start, *encoder.layers, *dropped(dropout, encoder.axes.batch)), encoder.n_out, encoder.axes)
