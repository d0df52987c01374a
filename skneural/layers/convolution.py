"""Convolutions of images and series in the batch-last layout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np

from skneural.initializers import INITIALIZERS, transposed
from skneural.layers.layer import AnyShape, Backward, Context, Layer, rescale_linear
from skneural.ops.convolution import convolution, depthwise_convolution, transposed_convolution
from skneural.ops.dimension import Size
from skneural.ops.types import Array
from skneural.ops.window import ImageShape, Pair, Window, shape_behind
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class Convolution(Layer):
    """Convolve images. x: (height, channels_in, width, batch); y: (height', channels_out, width', batch).

    A series is an image of height one; padded series need a `Mask` before the convolution.

    Parameters
    ----------
    channels_in, channels_out : int
    kernel_size : pair of int, default=(3, 3)
        Height and width of the kernel.
    stride : pair of int, default=(1, 1)
        Rows and columns between neighbouring positions.
    dilation : pair of int, default=(1, 1)
        Rows and columns between neighbouring elements of the kernel.
    padding : {"same", "causal", "valid"}, default="same"
        Zero padding for ``ceil(n / stride)`` positions along each axis, or none with "valid". "causal" pads the width
        on the left only: a column of y depends on no later column of x.
    initializer : str, default="he_uniform"
        Name in `skneural.initializers.INITIALIZERS`.
    bias : bool, default=True
        False before a normalization, which would remove the bias.
    input_gradient : bool, default=True
        False in the first layer of a network, to skip dx.
    """

    channels_in: int
    channels_out: int
    kernel_size: Pair = (3, 3)
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: str = "same"
    initializer: str = "he_uniform"
    bias: bool = True
    input_gradient: bool = True

    def parameters(self) -> Tree:
        return _kernel_and_bias((*self.kernel_size, self.channels_in, self.channels_out), self.initializer, self.bias)

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        window = Window.over(x.shape, self.kernel_size, self.stride, self.dilation, self.padding)
        y, vjp = convolution(x, p["kernel"], window, p.get("bias"), input_gradient=self.input_gradient)
        return y, lambda dy, g: vjp(dy, g["kernel"], g.get("bias"))

    def output_bias(self, p: Tree) -> Array | None:
        return p.get("bias")

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        return rescale_linear(p, factor, shift, ("kernel",))

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return shape_behind(x_shape, self.channels_out, self.kernel_size, self.stride, self.dilation, self.padding)

    state_batch_axis: ClassVar[int] = -1

    def step(self, p: Tree, x: Array, state: Array | None = None) -> tuple[Array, Array]:
        """Compute one column. x: (height, channels_in, batch); the state holds the previous columns that are needed."""
        return _step(self, p, x, state)


@dataclass(frozen=True)
class DepthwiseConvolution(Layer):
    """Convolve each channel with a separate kernel. x: (height, channels, width, batch).

    Parameters
    ----------
    channels : int
    kernel_size, stride, dilation, padding, initializer, bias, input_gradient
        As in `Convolution`.
    """

    channels: int
    kernel_size: Pair = (3, 3)
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: str = "same"
    initializer: str = "he_uniform"
    bias: bool = True
    input_gradient: bool = True

    def parameters(self) -> Tree:
        return _kernel_and_bias((*self.kernel_size, 1, self.channels), self.initializer, self.bias)

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        window = Window.over(x.shape, self.kernel_size, self.stride, self.dilation, self.padding)
        y, vjp = depthwise_convolution(x, p["kernel"], window, p.get("bias"), input_gradient=self.input_gradient)
        return y, lambda dy, g: vjp(dy, g["kernel"], g.get("bias"))

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return shape_behind(x_shape, x_shape[1], self.kernel_size, self.stride, self.dilation, self.padding)

    state_batch_axis: ClassVar[int] = -1

    def step(self, p: Tree, x: Array, state: Array | None = None) -> tuple[Array, Array]:
        """Compute one column; see `Convolution.step`."""
        return _step(self, p, x, state)


@dataclass(frozen=True)
class TransposedConvolution(Layer):
    """Transposed convolution, the gradient of a strided convolution. x: (height, channels_in, width, batch).

    y: (height', channels_out, width', batch), in which each pixel of x adds a kernel. Compared with repeating pixels
    followed by a convolution, an autoencoder took half of the time to fit, and had an error 1 % greater
    (`benchmarks/autoencoder.py decoders`).

    Parameters
    ----------
    channels_in, channels_out : int
    image_size : pair of int or None, default=None
        Height and width of y: along each axis at most ``(n - 1) * stride + kernel_size`` for n pixels of x. Pixels
        beyond `image_size` are cut off at the end. None: as many as that, for images of any size.
    kernel_size : pair of int, default=(3, 3)
    stride : pair of int, default=(2, 2)
        Rows and columns of y between neighbouring pixels of x.
    initializer : str, default="he_uniform"
        Name in `skneural.initializers.INITIALIZERS`.
    bias : bool, default=True
    """

    channels_in: int
    channels_out: int
    image_size: Pair | None = None
    kernel_size: Pair = (3, 3)
    stride: Pair = (2, 2)
    initializer: str = "he_uniform"
    bias: bool = True

    def parameters(self) -> Tree:
        shape = (*self.kernel_size, self.channels_out, self.channels_in)
        start = transposed(INITIALIZERS[self.initializer], self.stride)
        kernel = Parameter(shape, start)
        return {"kernel": kernel} | ({"bias": Parameter((self.channels_out,), penalized=False)} if self.bias else {})

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        size = cast(Pair, self._image_size(x.shape))
        y, vjp = transposed_convolution(x, p["kernel"], self._window(x.shape), size, p.get("bias"))
        return y, lambda dy, g: vjp(dy, g["kernel"], g.get("bias"))

    def _window(self, shape: ImageShape) -> Window:
        """Window of the convolution from y to x."""
        full = cast(Pair, replace(self, image_size=None)._image_size(shape))
        more = [n - size for n, size in zip(full, self.image_size or full, strict=True)]
        if min(more) < 0:
            raise ValueError(f"{self} cannot fill {self.image_size} from {shape[0]} x {shape[2]} pixels.")
        return Window(self.kernel_size, self.stride, after=(more[0], more[1]))

    def _image_size(self, x_shape: AnyShape) -> tuple[Size, Size]:
        """Height and width of y."""
        if self.image_size is not None:
            return self.image_size
        height, width = (x_shape[2 * i] * self.stride[i] + (self.kernel_size[i] - self.stride[i]) for i in (0, 1))
        return height, width

    def shape(self, x_shape: AnyShape) -> AnyShape:
        height, width = self._image_size(x_shape)
        return height, self.channels_out, width, x_shape[3]


def _step(layer: Convolution | DepthwiseConvolution, p: Tree, x: Array, state: Array | None) -> tuple[Array, Array]:
    """Convolve the newest column, x, and the previous columns, which are the state."""
    (height, width), reach = layer.kernel_size, layer.dilation[1] * (layer.kernel_size[1] - 1)
    if height > 1 or layer.stride != (1, 1) or (width > 1 and layer.padding != "causal"):
        raise NotImplementedError(
            f"{layer} has no step: it takes padding='causal', strides of one, and a kernel of height one."
        )
    if state is None:
        state = np.zeros((*x.shape[:2], reach, x.shape[2]), x.dtype)
    columns = np.concatenate([state, x[:, :, np.newaxis]], axis=2)
    return replace(layer, padding="valid").predict(p, columns)[:, :, 0], columns[:, :, 1:]


def _kernel_and_bias(shape: ImageShape, initializer: str, bias: bool) -> Tree:
    parameters = {"kernel": Parameter(shape, INITIALIZERS[initializer])}
    if bias:
        parameters["bias"] = Parameter(shape[3:], penalized=False)
    return parameters
