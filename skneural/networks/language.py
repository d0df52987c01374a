"""Language models: networks that predict the next token from those before it, or masked tokens from all others."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from skneural.initializers import EMBEDDING_DEVIATION
from skneural.layers import Chain, ChosenSteps, Dense, RealSteps, Scale, TiedEmbedding
from skneural.networks.mamba import mamba_encoder
from skneural.networks.recurrent import recurrent_encoder
from skneural.networks.sequence import Encoder, dropped
from skneural.networks.transformer import transformer_encoder

LANGUAGE_ARCHITECTURES = ("transformer", "lstm", "gru", "mamba")
OBJECTIVES = ("causal", "masked")
MAMBA: dict[str, Any] = {
    "state_size": 16,
    "expansion": 2,
    "convolution_width": 4,
    "variant": "mamba2",
    "bidirectional": False,
}


def language_network(
    n_out: int,
    n_special: int,
    architecture: str,
    objective: str,
    d_model: int,
    n_heads: int,
    n_layers: int,
    feedforward_size: int,
    positional: str,
    dropout: float,
    context_length: int,
    sets: bool,
) -> Chain:
    """Build a network from tokens (batch, steps) to raw scores of all tokens, for each step or each masked step.

    Or from sets of classes, zero-one vectors (batch, steps, n_out + n_special), to raw scores of all classes.

    Parameters
    ----------
    n_out : int
        Tokens that can be predicted.
    n_special : int
        Further tokens, which occur in the input only.
    architecture : {"transformer", "lstm", "gru", "mamba"}
    objective : {"causal", "masked"}
        "causal": each step depends on the steps before it only. "masked": on all steps.
    d_model : int
        Features of each step, and size of the token embeddings.
    n_heads, feedforward_size, positional
        See `transformer_encoder`; not used by the other architectures.
    n_layers : int
    dropout : float
        Dropout rate of the encoder.
    context_length : int
        Number of learned positions, with ``positional="learned"``.
    sets : bool
        Whether steps are sets of classes. Embeddings of classes are added then, and are not the output weights.
    """
    if objective == "masked" and architecture != "transformer":
        raise ValueError(
            f'objective="masked" needs architecture="transformer", whose steps attend to those before and after '
            f"them; got architecture={architecture!r}."
        )
    if architecture == "transformer":
        causal = objective == "causal"
        sizes = d_model, n_heads, n_layers, feedforward_size
        encoder = transformer_encoder(
            *sizes, positional, dropout, causal=causal, max_length=context_length, deviation=EMBEDDING_DEVIATION
        )
    elif architecture == "mamba":
        encoder = mamba_encoder(d_model, n_layers=n_layers, dropout=dropout, **MAMBA)
    else:
        encoder = _scaled(
            recurrent_encoder(d_model, architecture, d_model, n_layers, False, dropout), dropout, not sets
        )
    axes = encoder.axes
    inner = Chain(**axes.enter, **encoder.body.children(), **axes.leave)
    if sets:
        encoder_of_sets = Chain(embedding=Dense(n_out + n_special, d_model), inner=inner)
        return Chain(encoder=encoder_of_sets, rows=RealSteps(), output=Dense(d_model, n_out))
    rows = RealSteps() if objective == "causal" else ChosenSteps()
    return Chain(embedding=TiedEmbedding(n_out, d_model, inner, rows, n_special))


def _scaled(encoder: Encoder, dropout: float, tokens: bool) -> Encoder:
    """Scale the embeddings of tokens as in Transformers, with dropout after them and at the end.

    Unscaled initial embeddings are so small that the gates would hardly react to them.
    """
    before, behind = (dropped(dropout, encoder.axes.batch, name) for name in ("dropout", "output_dropout"))
    scale = {"scale": Scale(math.sqrt(encoder.n_out))} if tokens else {}
    body = Chain(**scale, **before, **encoder.body.children(), **behind)
    return replace(encoder, body=body)
