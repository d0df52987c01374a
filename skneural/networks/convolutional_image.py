"""Convolutional networks for images: five architectures, of any width and for images of any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from skneural.initializers import initializer_for
from skneural.layers import (
    Activation,
    BatchLast,
    BatchNormalization,
    Bias,
    Branches,
    Chain,
    Convolution,
    Dense,
    Dropout,
    FilterBank,
    Flatten,
    GlobalPooling,
    Layer,
    LocalResponseNormalization,
    Pooling,
    RandomBrightness,
    RandomFlip,
    RandomRotation,
    RandomShift,
    Residual,
    Standardization,
)
from skneural.networks.mlp import hidden_blocks, output_layer
from skneural.ops.augmentation import shift_reach
from skneural.ops.pointwise import AnyActivation
from skneural.ops.window import Pair, Window

# Increasing functions commute with max pooling, so they follow it, where a quarter of the numbers is left.
INCREASING = ("identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus")
LARGEST_FILTER = 11


def convolutional_image_network(
    image_shape: Sequence[int],
    n_out: int,
    architecture: str,
    channels: Sequence[int],
    convolutions_per_block: int,
    kernel_size: int,
    pooling: str,
    hidden_layer_sizes: Sequence[int],
    activation: AnyActivation,
    batch_norm: bool,
    dropout: float,
    stem: str,
    augmentation: Sequence[str],
    standardize: bool,
    strict: bool,
) -> Chain:
    """Build a network from images (batch, height, width, channels) to raw scores.

    Parameters
    ----------
    image_shape : (height, width, channels)
    n_out : int
        Raw scores.
    architecture : {"lenet", "alexnet", "vgg", "inception", "resnet"}
    channels : sequence of int
        Feature maps of each block.
    convolutions_per_block : int
        Consecutive convolutions, inception modules or residual blocks; always one in lenet and alexnet.
    kernel_size : int
    pooling : {"max", "average"}
        Pooling between blocks.
    hidden_layer_sizes : sequence of int
        Units of the dense layers of lenet, alexnet and vgg; the others average each feature map instead.
    activation : str or ActivationFunction
    batch_norm : bool
        Add batch normalization after each convolution, or after the maxima of its outputs.
    dropout : float
        Rate after each dense hidden layer, or after the global average.
    stem : {"learned", "gabor", "wavelet"}
        "gabor" and "wavelet" begin with fixed filters.
    augmentation : sequence of {"flip", "rotate", "shift", "brightness"}
    standardize : bool
        Centre and scale each channel in the first layer.
    strict : bool
        Raise an error if a kernel or pooling window is larger than its input, instead of shrinking it.

    Raises
    ------
    ValueError
        If `strict` and the image is too small.
    """
    height, width, n_channels = image_shape
    builder = _Builder(height, width, n_channels, (height, width), activation, batch_norm, pooling, strict)
    builder.start(augmentation, standardize, stem)
    IMAGE_ARCHITECTURES[architecture](builder, tuple(channels), convolutions_per_block, kernel_size)
    if architecture in GLOBALLY_POOLED:
        widths = [builder.channels]
        drop = {"dropout": Dropout(dropout)} if dropout > 0 else {}
        top: dict[str, Layer] = {"pooling": GlobalPooling("average"), **drop}
    else:
        widths = [builder.height * builder.width * builder.channels, *hidden_layer_sizes]
        top = {"flatten": Flatten(), **hidden_blocks(widths, activation, dropout)}
    output = output_layer if len(widths) > 1 else Dense
    return Chain(*builder.layers, **top, output=output(widths[-1], n_out))


def convolutional_features(
    image_shape: Sequence[int], channels: Sequence[int], kernel_size: int, standardize: bool
) -> tuple[Chain, tuple[int, int, int]]:
    """Build the convolutional part of a "vgg" network, from images (batch, height, width, channels) to feature maps.

    Returns
    -------
    layers : Chain
    shape : (height, channels, width)
        Shape of the feature maps, (height, channels, width, batch), without the batch.
    """
    height, width, n_channels = image_shape
    builder = _Builder(height, width, n_channels, (height, width), "relu", False, "max", strict=False)
    builder.start((), standardize, "learned")
    _vgg(builder, tuple(channels), 1, kernel_size)
    return Chain(*builder.layers), (builder.height, builder.channels, builder.width)


@dataclass
class _Builder:
    """Collects layers and tracks the shape of the feature maps."""

    height: int
    width: int
    channels: int
    image_size: Pair
    activation: AnyActivation
    batch_norm: bool
    pooling: str
    strict: bool
    layers: list[Layer | Mapping[str, Layer]] = field(default_factory=list)

    def add(self, *layers: Layer | Mapping[str, Layer]) -> None:
        self.layers += layers

    def start(self, augmentation: Sequence[str], standardize: bool, stem: str) -> None:
        """Add augmentation, standardization and fixed filters."""
        if "flip" in augmentation:
            self.add({"flip": RandomFlip()})
        if "rotate" in augmentation:
            self.add({"rotate": RandomRotation()})
        if "shift" in augmentation:
            self.add({"shift": RandomShift(shift_reach(self.height, self.width))})
        self.add({"batch_last": BatchLast()})
        if standardize:
            self.add({"standardization": Standardization(self.channels, axis=1)})
        if "brightness" in augmentation:
            self.add({"brightness": RandomBrightness()})
        if stem != "learned":
            self.filter_bank(stem)

    def convolution(
        self,
        channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: str = "same",
        *,
        channels_in: int | None = None,
        bias: bool = True,
    ) -> list[Layer]:
        """A convolution with its batch normalization, if any; not added, and the shape is not updated."""
        size = self.fitting(kernel_size, "kernel")
        layer = Convolution(
            channels_in or self.channels,
            channels,
            size,
            (stride, stride),
            padding=padding,
            initializer=initializer_for(self.activation),
            bias=bias and not self.batch_norm,
        )
        return [layer, BatchNormalization(channels, axis=1)] if self.batch_norm else [layer]

    def convolve(self, channels: int, kernel_size: int) -> None:
        """Add a convolution and its activation."""
        self.add(*self.convolution(channels, kernel_size), Activation(self.activation))
        self.channels = channels

    def convolve_and_pool(self, channels: int, kernel_size: int, padding: str = "same", size: int = 2) -> None:
        """Add a convolution, its activation and a pooling.

        After maxima, normalization, bias and activation have a quarter of the numbers. Bias and activation commute with
        them. Normalization does not, and takes less than half of the time: a step is 1.1 times one without, not 1.5.
        With 1000 drawn letters, the accuracy was .761 instead of .748; with 4500 digits of 8 x 8 pixels, .987 of .984.
        """
        late = self.pooling == "max" and self.activation in INCREASING
        convolution, *normalization = self.convolution(channels, kernel_size, padding=padding, bias=not late)
        self.add(convolution, *([] if late else normalization))
        self.move(self.fitting(kernel_size, "kernel"), (1, 1), padding, channels)
        if not late:
            self.add(Activation(self.activation))
        self.pool(size)
        if late:
            self.add(*(normalization or [Bias(channels, axis=1)]), Activation(self.activation))

    def pool(self, size: int = 2) -> None:
        """Add a pooling that halves height and width, with windows of `size`, or smaller ones if that does not fit."""
        window = self.fitting(size, "pooling")
        stride = min(2, window[0]), min(2, window[1])
        if window != (1, 1):
            self.add(Pooling(self.pooling, window, stride))
            self.move(window, stride, "valid", self.channels)

    def filter_bank(self, name: str) -> None:
        height, width = (min(LARGEST_FILTER, n - 1 + n % 2) for n in (self.height, self.width))
        bank = FilterBank(name, self.channels, (height, width))
        self.add({"filter_bank": bank})
        self.channels = bank.n_filters

    def move(self, size: Pair, stride: Pair, padding: str, channels: int) -> None:
        shape = (self.height, self.channels, self.width, 1)
        window = Window.over(shape, size, stride, (1, 1), padding)
        self.height, self.channels, self.width, _ = window.output_shape(shape, channels)

    def fitting(self, size: int, kind: str) -> Pair:
        """A square window cropped to the feature maps; if `strict`, only images of one row or column crop it."""
        available = self.height, self.width
        fitting = min(size, available[0]), min(size, available[1])
        if self.strict and any(n < size and image > 1 for n, image in zip(available, self.image_size, strict=True)):
            raise ValueError(
                f"image_shape={self.image_size}: a {kind} of {size} x {size} does not fit into the {available[0]} x "
                f"{available[1]} pixels that are left. Give fewer channels (blocks), or a smaller kernel_size; with "
                'image_shape="auto", windows that do not fit are made smaller.'
            )
        return fitting


def _lenet(builder: _Builder, channels: tuple[int, ...], repeats: int, kernel_size: int) -> None:
    """LeCun et al. 1998: only the first convolution is padded."""
    for i, n in enumerate(channels):
        builder.convolve_and_pool(n, kernel_size, "valid" if i else "same")


def _alexnet(builder: _Builder, channels: tuple[int, ...], repeats: int, kernel_size: int) -> None:
    """Krizhevsky et al. 2012: a larger kernel first, local response normalization, overlapping pooling."""
    for i, n in enumerate(channels):
        if i < 2:
            builder.convolve(n, kernel_size + (2 if i == 0 else 0))
            builder.add(LocalResponseNormalization())
            builder.pool(3)
        elif i < len(channels) - 1:
            builder.convolve(n, kernel_size)
        else:
            builder.convolve_and_pool(n, kernel_size, size=3)


def _vgg(builder: _Builder, channels: tuple[int, ...], repeats: int, kernel_size: int) -> None:
    """Simonyan and Zisserman 2015: stacks of small kernels."""
    for n in channels:
        for _ in range(repeats - 1):
            builder.convolve(n, kernel_size)
        builder.convolve_and_pool(n, kernel_size)


def _image_inception(builder: _Builder, channels: tuple[int, ...], repeats: int, kernel_size: int) -> None:
    """Szegedy et al. 2015: parallel kernels of several sizes, after a plain convolution."""
    builder.convolve(channels[0], kernel_size)
    for i, n in enumerate(channels):
        if i:
            builder.pool()
        for _ in range(repeats):
            _image_inception_module(builder, n, kernel_size)


def _image_inception_module(builder: _Builder, n: int, kernel_size: int) -> None:
    """Channels as in GoogLeNet's first module: 1 x 1 a quarter, 3 x 3 half, 5 x 5 and pooled an eighth each."""
    active = Activation(builder.activation)
    wide, small = max(1, n // 2), max(1, n // 8)
    pointwise = max(1, n - wide - 2 * small)
    size = builder.fitting(3, "pooling")

    def reduced(n_reduced: int, n_out: int, kernel: int) -> Chain:
        first = builder.convolution(n_reduced, 1)
        return Chain(*first, active, *builder.convolution(n_out, kernel, channels_in=n_reduced), active)

    module = Branches(
        pixels=Chain(*builder.convolution(pointwise, 1), active),
        small=reduced(max(1, 3 * n // 8), wide, kernel_size),
        large=reduced(max(1, n // 16), small, kernel_size + 2),
        pooled=Chain(Pooling("max", size, (1, 1), "same"), *builder.convolution(small, 1), active),
        axis=1,
    )
    builder.add(module)
    builder.channels = pointwise + wide + 2 * small


def _image_resnet(builder: _Builder, channels: tuple[int, ...], repeats: int, kernel_size: int) -> None:
    """He et al. 2016: residual pairs of convolutions; each block but the first halves height and width."""
    builder.convolve(channels[0], kernel_size)
    for i, n in enumerate(channels):
        for j in range(repeats):
            _residual_block(builder, n, kernel_size, stride=2 if i and not j else 1)


def _residual_block(builder: _Builder, n: int, kernel_size: int, stride: int) -> None:
    active = Activation(builder.activation)
    shortcut = None
    if stride != 1 or n != builder.channels:
        shortcut = Chain(*builder.convolution(n, 1, stride))
    first = builder.convolution(n, kernel_size, stride)
    inner = Chain(*first, active, *builder.convolution(n, kernel_size, channels_in=n))
    builder.add(Residual(inner, shortcut), active)
    builder.move((kernel_size, kernel_size), (stride, stride), "same", n)


IMAGE_ARCHITECTURES: dict[str, Callable[[_Builder, tuple[int, ...], int, int], None]] = {
    "vgg": _vgg,
    "lenet": _lenet,
    "alexnet": _alexnet,
    "inception": _image_inception,
    "resnet": _image_resnet,
}
GLOBALLY_POOLED = ("inception", "resnet")
