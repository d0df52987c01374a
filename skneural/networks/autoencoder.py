"""Autoencoders: two networks in a row, the first into few numbers, the second back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from skneural.initializers import initializer_for
from skneural.layers import (
    Activation,
    Bias,
    BiasAndSpread,
    Chain,
    Dense,
    Flatten,
    GaussianLatent,
    Layer,
    Limit,
    Standardization,
    TransposedConvolution,
    Unflatten,
)
from skneural.networks.convolutional_image import convolutional_image_network
from skneural.networks.mlp import hidden_block, output_layer

Shape = tuple[int, ...]
# What is further from the mean enters as if it were so far. A pixel that is nearly always white has a tiny deviation:
# where it was black, 40 of them drew all others along, and the error of one fold of digits was 1.36 times that of PCA.
# With this limit it is .76.
MOST_DEVIATIONS = 5.0

ENCODER, DECODER = 0, 1  # places in the network


def autoencoder_network(
    n_in: int,
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
    n_in : int
        Features.
    n_out : int
        Raw scores: as many, or one more, which tells the variance around all others.
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
    if image_shape is None:
        encoder, width = _dense_encoder(n_in, hidden_layer_sizes, activation)
        decoder = _dense_decoder(latent_size, hidden_layer_sizes, n_in, activation)
    else:
        blocks = tuple(image_shape), channels, kernel_size, hidden_layer_sizes, activation
        encoder, width = _image_encoder(*blocks, strict)
        decoder = _image_decoder(latent_size, *blocks)
    decoder.append(Bias(n_in) if n_out == n_in else BiasAndSpread(n_in))
    if variational:
        # The loss is a mean over features; the divergence stands beside their sum.
        encoder += [Dense(width, 2 * latent_size), GaussianLatent(latent_size, beta / n_in)]
    else:
        encoder.append(Dense(width, latent_size))
    return Chain((Chain(tuple(encoder)), Chain(tuple(decoder))))


def encoder_or_decoder(network: Chain, place: int) -> Chain:
    """One of both networks."""
    part = network.layers[place]
    assert isinstance(part, Chain)
    return part


def _dense_encoder(n_in: int, sizes: Sequence[int], activation: str) -> tuple[list[Layer], int]:
    """Hidden layers, and the width of the last."""
    widths = [n_in, *sizes]
    return [Standardization(n_in), Limit(MOST_DEVIATIONS), *_hidden(widths, activation)], widths[-1]


def _dense_decoder(latent_size: int, sizes: Sequence[int], n_out: int, activation: str) -> list[Layer]:
    """All but the bias."""
    widths = [latent_size, *reversed(sizes)]
    return [*_hidden(widths, activation), replace(output_layer(widths[-1], n_out), bias=None)]


def _image_encoder(
    shape: Shape, channels: Sequence[int], kernel_size: int, sizes: Sequence[int], activation: str, strict: bool
) -> tuple[list[Layer], int]:
    """Blocks of convolution and pooling, then hidden layers; and the width of the last."""
    *layers, output = convolutional_image_network(
        shape,
        1,
        channels=channels,
        kernel_size=kernel_size,
        hidden_layer_sizes=sizes,
        activation=activation,
        strict=strict,
    ).layers
    assert isinstance(output, Dense)
    return layers, output.n_in


def _image_decoder(
    latent_size: int, shape: Shape, channels: Sequence[int], kernel_size: int, sizes: Sequence[int], activation: str
) -> list[Layer]:
    """Hidden layers, then as many transposed convolutions as the encoder has poolings; all but the bias."""
    height, width, n_channels = shape
    images = [(height, width)]  # before each block of the encoder, and after the last
    for _ in channels:
        images.append((max(1, images[-1][0] // 2), max(1, images[-1][1] // 2)))
    (least_height, least_width), maps = images[-1], [n_channels, *channels]
    widths = [latent_size, *reversed(sizes), least_height * maps[-1] * least_width]
    layers = [*_hidden(widths, activation), Unflatten(least_height, maps[-1], least_width)]
    for i in range(len(channels), 0, -1):
        growth = (_growth(*pair, kernel_size) for pair in zip(images[i], images[i - 1], strict=True))
        stride, kernel = zip(*growth, strict=True)
        # The last one starts as the output weights of dense decoders do; a bias for each pixel follows.
        start = initializer_for(activation) if i > 1 else "zeros"
        layers.append(TransposedConvolution(maps[i], maps[i - 1], images[i - 1], kernel, stride, start, bias=i > 1))
        layers += [Activation(activation)] if i > 1 else []
    return [*layers, Flatten()]


def _growth(small: int, large: int, kernel_size: int) -> tuple[int, int]:
    """Stride and size of the kernel along an axis of so many pixels, and of so many in what is made of them."""
    if small == large:
        return 1, 1
    return 2, max(kernel_size, large - 2 * (small - 1))  # no pixel is left out


def _hidden(widths: Sequence[int], activation: str) -> list[Layer]:
    return [hidden_block(*pair, activation) for pair in itertools.pairwise(widths)]
