"""Autoencoders: an encoder to few latent features, followed by a decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

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
from skneural.networks.mlp import MOST_DEVIATIONS, hidden_blocks, output_layer
from skneural.ops.pointwise import AnyActivation

Shape = tuple[int, ...]

LATENT = "latent"  # positions in the network


def autoencoder_network(
    n_in: int,
    n_out: int,
    image_shape: Sequence[int] | None,
    strict: bool,
    latent_size: int,
    hidden_layer_sizes: Sequence[int],
    channels: Sequence[int],
    kernel_size: int,
    activation: AnyActivation,
    variational: bool,
    beta: float,
) -> Chain:
    """Build an encoder from the features to `latent_size` latent features, and its mirror image as the decoder.

    Parameters
    ----------
    n_in : int
        Input features.
    n_out : int
        Raw scores: as many as features, or one more, the logarithm of the variance around the reconstruction.
    image_shape : (height, width, channels) or None
        None for rows of features; images are encoded and decoded by convolutions.
    strict : bool
        Raise an error if a kernel or pooling window is larger than its input, instead of shrinking it.
    latent_size : int
    hidden_layer_sizes : sequence of int
        Units of the dense layers of the encoder; the decoder has them in reverse.
    channels : sequence of int
        Feature maps of each block of convolutions, for images.
    kernel_size : int
    activation : str or ActivationFunction
    variational : bool
        Encode each sample as a normal distribution, from which the latent features are drawn in training.
    beta : float
        Weight of the divergence of this distribution from the standard normal one, relative to the summed errors.
    """
    if image_shape is None:
        encoder, width = _dense_encoder(n_in, hidden_layer_sizes, activation)
        decoder = _dense_decoder(latent_size, hidden_layer_sizes, n_in, activation)
    else:
        blocks = tuple(image_shape), channels, kernel_size, hidden_layer_sizes, activation
        encoder, width = _image_encoder(*blocks, strict)
        decoder = _image_decoder(latent_size, *blocks)
    decoder["bias"] = Bias(n_in) if n_out == n_in else BiasAndSpread(n_in)
    if variational:
        # The loss is the mean over features, but the divergence is to be weighed against the sum.
        encoder |= {"output": Dense(width, 2 * latent_size), LATENT: GaussianLatent(latent_size, beta / n_in)}
    else:
        encoder["output"] = Dense(width, latent_size)
    # The input is scaled by the same statistics as the targets of the loss, which the task has computed.
    encoder["standardization"] = replace(cast(Standardization, encoder["standardization"]), statistics="given")
    return Chain(encoder=Chain(**encoder), decoder=Chain(**decoder))


def _dense_encoder(n_in: int, sizes: Sequence[int], activation: AnyActivation) -> tuple[dict[str, Layer], int]:
    """Hidden layers, and the width of the last."""
    widths = [n_in, *sizes]
    start = {"standardization": Standardization(n_in), "limit": Limit(MOST_DEVIATIONS)}
    return start | hidden_blocks(widths, activation), widths[-1]


def _dense_decoder(latent_size: int, sizes: Sequence[int], n_out: int, activation: AnyActivation) -> dict[str, Layer]:
    """Hidden layers and the output layer, without its bias."""
    widths = [latent_size, *reversed(sizes)]
    return hidden_blocks(widths, activation) | {"output": replace(output_layer(widths[-1], n_out), bias=None)}


def _image_encoder(
    shape: Shape,
    channels: Sequence[int],
    kernel_size: int,
    sizes: Sequence[int],
    activation: AnyActivation,
    strict: bool,
) -> tuple[dict[str, Layer], int]:
    """Blocks of convolution and pooling, then hidden layers; also returns the width of the last layer."""
    network = convolutional_image_network(
        shape,
        n_out=1,  # the output layer is left out
        architecture="vgg",
        channels=channels,
        convolutions_per_block=1,
        kernel_size=kernel_size,
        pooling="max",
        hidden_layer_sizes=sizes,
        activation=activation,
        batch_norm=False,
        dropout=0.0,
        stem="learned",
        augmentation=(),
        standardize=True,
        strict=strict,
    )
    output = network["output"]
    assert isinstance(output, Dense)
    return network.without("output").children(), output.n_in


def _image_decoder(
    latent_size: int,
    shape: Shape,
    channels: Sequence[int],
    kernel_size: int,
    sizes: Sequence[int],
    activation: AnyActivation,
) -> dict[str, Layer]:
    """Hidden layers, then a transposed convolution for each block of the encoder; without the output bias."""
    height, width, n_channels = shape
    sizes_of_images = [(height, width)]  # before each block of the encoder, and after the last
    for _ in channels:
        sizes_of_images.append((max(1, sizes_of_images[-1][0] // 2), max(1, sizes_of_images[-1][1] // 2)))
    (least_height, least_width), maps = sizes_of_images[-1], [n_channels, *channels]
    widths = [latent_size, *reversed(sizes), least_height * maps[-1] * least_width]
    parts = hidden_blocks(widths, activation) | {"unflatten": Unflatten(least_height, maps[-1], least_width)}
    for i in range(len(channels), 0, -1):
        large = sizes_of_images[i - 1]
        growth = (_growth(*pair, kernel_size) for pair in zip(sizes_of_images[i], large, strict=True))
        stride, kernel = zip(*growth, strict=True)
        # The last convolution starts at zero, like the output layers of dense decoders; a bias per pixel follows it.
        start = initializer_for(activation) if i > 1 else "zeros"
        growing = TransposedConvolution(maps[i], maps[i - 1], large, kernel, stride, start, bias=i > 1)
        if i > 1:
            parts[f"block_{len(channels) - i + 1}"] = Chain(convolution=growing, activation=Activation(activation))
        else:
            parts["output"] = growing
    return parts | {"flatten": Flatten()}


def _growth(small: int, large: int, kernel_size: int) -> tuple[int, int]:
    """Stride and kernel size of a transposed convolution from `small` to `large` pixels along an axis."""
    if small == large:
        return 1, 1
    return 2, max(kernel_size, large - 2 * (small - 1))  # covers every pixel
