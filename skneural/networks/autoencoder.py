"""Autoencoders: two networks in a row, the first into few numbers, the second back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from skneural.layers import (
    Chain,
    Dense,
    GaussianLatent,
    Layer,
    Standardization,
)
from skneural.networks.mlp import hidden_block, output_layer

ENCODER, DECODER = 0, 1  # places in the network


def autoencoder_network(
    n_out: int,
    image_shape: Sequence[int] | None = None,
    strict: bool = False,
    latent_size: int = 2,
    hidden_layer_sizes: Sequence[int] = (100,),
    channels: Sequence[int] = (16, 32),
    kernel_size: int = 3,
    activation: str = "relu",
    variational: bool = False,
    beta: float = 1.0,
) -> Chain:
    """The encoder, from features to `latent_size` numbers, and its mirror image, the decoder.

    Parameters
    ----------
    n_out : int
        Features.
    image_shape : (height, width, channels) or None
        None for rows of features; images are encoded and decoded by convolutions.
    strict : bool
        Whether a kernel or pooling that is larger than what is left of the image is an error.
    latent_size : int
    hidden_layer_sizes : sequence of int
        Units of the dense layers of the encoder; the decoder has them in reverse.
    channels : sequence of int
        Feature maps of each block of convolutions, for images.
    kernel_size : int
    activation : str
    variational : bool
        Whether the encoder puts out a normal distribution, of which it draws while training.
    beta : float
        Weight of the divergence of that distribution from the standard one, beside the sum of errors over features.
    """
    n_encoded = 2 * latent_size if variational else latent_size
    # The loss is a mean over features, the divergence stands beside their sum.
    latent = (GaussianLatent(latent_size, beta / n_out),) if variational else ()
    widths = [n_out, *hidden_layer_sizes]
    back = [latent_size, *reversed(hidden_layer_sizes)]
    encoder = [Standardization(n_out), *_hidden(widths, activation), Dense(widths[-1], n_encoded)]
    return Chain(
        (
            Chain((*encoder, *latent)),
            Chain((*_hidden(back, activation), output_layer(back[-1], n_out))),
        )
    )


def encoder_or_decoder(network: Chain, place: int) -> Chain:
    """One of both networks."""
    part = network.layers[place]
    assert isinstance(part, Chain)
    return part


def _hidden(widths: Sequence[int], activation: str) -> list[Layer]:
    return [hidden_block(*pair, activation) for pair in itertools.pairwise(widths)]
