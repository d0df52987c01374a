"""Networks from images to scores of each pixel."""

from __future__ import annotations

from collections.abc import Sequence

from skneural.layers import (
    Activation,
    BatchLast,
    BatchNormalization,
    Branches,
    Chain,
    Convolution,
    Dropout,
    Layer,
    Mask,
    PixelScores,
    Pooling,
    RandomBrightness,
    Standardization,
    TransposedConvolution,
)


def unet_network(
    n_channels: int,
    n_out: int,
    channels: Sequence[int],
    batch_norm: bool,
    dropout: float,
    augmentation: Sequence[str],
    standardize: bool,
) -> Chain:
    """Build a U-Net (Ronneberger et al. 2015) from images (batch, height, width, channels) to raw scores of pixels.

    Unlike the original, convolutions are padded, so that scores are as many as pixels. Padding of the batch stays zero
    in all feature maps, so that scores do not depend on it. Height and width must be divisible by ``unet_multiple``.

    Parameters
    ----------
    n_channels : int
        Channels of the images.
    n_out : int
        Raw scores of each pixel.
    channels : sequence of int
        Feature maps at each level; height and width are halved from one to the next.
    batch_norm : bool
        Add batch normalization after each convolution.
    dropout : float
        Rate at the end of the last level.
    augmentation : sequence of {"flip", "rotate", "shift", "brightness"}
        The network changes the brightness only; the container moves pixels and their targets.
    standardize : bool
        Centre and scale each channel in the first layer.
    """
    start: dict[str, Layer] = {"batch_last": BatchLast()}
    if standardize:
        start["standardization"] = Standardization(n_channels, axis=1)
    if "brightness" in augmentation:
        start["brightness"] = RandomBrightness()
    # Weights of the output start at zero, so that the first prediction is the best constant, as in dense networks.
    scores = Chain(
        unet=_level(n_channels, tuple(channels), batch_norm, dropout),
        output=Convolution(channels[0], n_out, (1, 1), initializer="zeros"),
    )
    n_levels = len(channels)
    return Chain(**start, mask=Mask(), pixels=PixelScores(scores, unet_reach(n_levels), unet_multiple(n_levels)))


def unet_multiple(n_levels: int) -> int:
    """Number by which the height and width of batches must be divisible."""
    return 2 ** (n_levels - 1)


def unet_reach(n_levels: int) -> int:
    """Greatest distance, along an axis, of a pixel from those that its scores depend on."""
    reach = 2  # two convolutions of the last level
    for _ in range(n_levels - 1):
        reach = 2 * reach + 1 + 4  # the pixel of the level below, which is two wide, and four convolutions
    return reach


def _level(n_in: int, channels: tuple[int, ...], batch_norm: bool, dropout: float) -> Chain:
    """Feature maps of one level, joined with those of the levels below at half the size."""
    n, *below = channels
    parts: dict[str, Layer] = {"block_1": _block(n_in, n, batch_norm), "block_2": _block(n, n, batch_norm)}
    if below:
        inner = Chain(
            pooling=Pooling("max", (2, 2), (2, 2)),
            level=_level(n, tuple(below), batch_norm, dropout),
            up=TransposedConvolution(below[0], n, kernel_size=(2, 2)),
            mask=Mask(),
        )
        parts["levels"] = Branches(skip=Chain(), below=inner, axis=1)
        parts |= {"block_3": _block(2 * n, n, batch_norm), "block_4": _block(n, n, batch_norm)}
    elif dropout > 0:
        parts["dropout"] = Dropout(dropout, batch_axis=3)
    return Chain(**parts)


def _block(n_in: int, n_out: int, batch_norm: bool) -> Chain:
    parts: dict[str, Layer] = {"convolution": Convolution(n_in, n_out, bias=not batch_norm)}
    if batch_norm:
        parts["normalization"] = BatchNormalization(n_out, axis=1, rows="elements")
    return Chain(**parts, activation=Activation("relu"), mask=Mask())
