"""Fixed filter banks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.convolution import convolution
from skneural.ops.filters import N_ORIENTATIONS, N_SCALES, filter_bank, modulus
from skneural.ops.types import Array
from skneural.ops.window import Pair, Window
from skneural.parameters import Buffer, Tree


@dataclass(frozen=True)
class FilterBank(Layer):
    """Modulus of the responses to pairs of fixed filters, of even and odd phase, on the mean of the channels.

    The modulus measures the strength of a texture independently of its phase, and so is invariant to small shifts.
    x: (height, channels, width, batch); y: (height, n_filters, width, batch).

    Parameters
    ----------
    name : {"gabor", "wavelet"}
        "gabor": 8 orientations at 3 wavelengths (Daugman 1985). "wavelet": Morlet wavelets of 8 orientations at 3
        octaves and a low pass, the first layer of a scattering transform (Bruna and Mallat 2013).
    channels : int
        Channels of x.
    size : pair of int, default=(11, 11)
        Height and width of the filters; odd.
    """

    name: str
    channels: int
    size: Pair = (11, 11)

    @property
    def n_filters(self) -> int:
        return N_ORIENTATIONS * N_SCALES + (self.name == "wavelet")

    def parameters(self) -> Tree:
        shape = (*self.size, self.channels, self.n_filters)
        return {
            phase: Buffer(shape, partial(filter_bank, self.name, phase, self.size, self.channels))
            for phase in ("even", "odd")
        }

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        window = Window.over(x.shape, self.size, (1, 1), (1, 1), "same")
        even, even_vjp = convolution(x, p["even"], window)
        odd, odd_vjp = convolution(x, p["odd"], window)
        y, vjp = modulus(even, odd)

        def backward(dy: Array, g: Tree) -> Any:
            d_even, d_odd = vjp(dy)
            return even_vjp(d_even) + odd_vjp(d_odd)

        return y, backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_filters, *x_shape[2:])
