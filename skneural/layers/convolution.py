"""Convolutions of images and series that lie with their batch last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skneural.initializers import INITIALIZERS
from skneural.layers.layer import Backward, Context, Layer
from skneural.ops.convolution import convolution, depthwise_convolution
from skneural.ops.window import Pair, Shape, Window
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class Convolution(Layer):
    """Slide kernels over images. x: (height, channels_in, width, batch); y: (height', channels_out, width', batch).

    A series is an image of height one; put a `Mask` before it where lengths differ.

    Parameters
    ----------
    channels_in, channels_out : int
    kernel_size : pair of int, default=(3, 3)
        Height and width of the kernel.
    stride : pair of int, default=(1, 1)
        Rows and columns from one position to the next.
    dilation : pair of int, default=(1, 1)
        Rows and columns from one element of the kernel to the next.
    padding : {"same", "valid"}, default="same"
        With zeros, so that there are ``ceil(n / stride)`` positions along each axis, or none.
    initializer : str, default="he_uniform"
        Name in `skneural.initializers.INITIALIZERS`.
    bias : bool, default=True
        False where a normalization follows, which would take the bias out again.
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

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        window = Window.over(x.shape, self.kernel_size, self.stride, self.dilation, self.padding)
        y, vjp = convolution(x, p["kernel"], window, p.get("bias"), input_gradient=self.input_gradient)
        return y, lambda dy, g: vjp(dy, g["kernel"], g.get("bias"))


@dataclass(frozen=True)
class DepthwiseConvolution(Layer):
    """Slide a kernel of its own over each channel. x: (height, channels, width, batch).

    Parameters
    ----------
    channels : int
    kernel_size, stride, dilation, padding, initializer, bias
        As in `Convolution`.
    """

    channels: int
    kernel_size: Pair = (3, 3)
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: str = "same"
    initializer: str = "he_uniform"
    bias: bool = True

    def parameters(self) -> Tree:
        return _kernel_and_bias((*self.kernel_size, 1, self.channels), self.initializer, self.bias)

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        window = Window.over(x.shape, self.kernel_size, self.stride, self.dilation, self.padding)
        y, vjp = depthwise_convolution(x, p["kernel"], window, p.get("bias"))
        return y, lambda dy, g: vjp(dy, g["kernel"], g.get("bias"))


def _kernel_and_bias(shape: Shape, initializer: str, bias: bool) -> Tree:
    parameters = {"kernel": Parameter(shape, INITIALIZERS[initializer])}
    if bias:
        parameters["bias"] = Parameter(shape[3:], penalized=False)
    return parameters
