"""Filters that are designed, not learned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.convolution import convolution
from skneural.ops.types import Array
from skneural.ops.window import Pair, Window
from skneural.parameters import Buffer, Tree

N_ORIENTATIONS = 8
N_SCALES = 3
LEAST_ENERGY = 1e-12  # under the square root, whose slope at zero is infinite


@dataclass(frozen=True)
class FilterBank(Layer):
    """Modulus of images behind pairs of fixed filters, of even and of odd phase, over the mean of the channels.

    The modulus tells how strong a texture is and forgets its phase, which makes it blind to small shifts.
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
            phase: Buffer(shape, partial(_bank, self.name, phase, self.size, self.channels))
            for phase in ("even", "odd")
        }

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        window = Window.over(x.shape, self.size, (1, 1), (1, 1), "same")
        even, even_vjp = convolution(x, p["even"], window)
        odd, odd_vjp = convolution(x, p["odd"], window)
        modulus = np.sqrt(even * even + odd * odd + LEAST_ENERGY)

        def backward(dy: Any, g: Tree) -> Any:
            share = dy / modulus
            return even_vjp(share * even) + odd_vjp(share * odd)

        return modulus, backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_filters, *x_shape[2:])


def _bank(name: str, phase: str, size: Pair, channels: int) -> Array:
    """Filters of one phase, of shape (height, width, channels, n_filters)."""
    make = _gabor if name == "gabor" else _morlet
    filters = [make(size, scale, turn) for scale in range(N_SCALES) for turn in range(N_ORIENTATIONS)]
    if name == "wavelet":
        filters.append(_low_pass(size))
    bank = np.stack(filters, axis=-1)
    one_phase = bank.real if phase == "even" else bank.imag
    return np.repeat(one_phase[:, :, np.newaxis], channels, axis=2) / channels


def _gabor(size: Pair, scale: int, turn: int) -> Array:
    """A wave under an elongated bell, without mean and of unit energy; half an octave from scale to scale."""
    wavelength = 3.0 * 2 ** (scale / 2)
    deviation = 0.56 * wavelength
    along, across = _turned(size, turn)
    bell = np.exp(-(along**2 + (0.5 * across) ** 2) / (2 * deviation**2))
    wave = bell * np.exp(2j * math.pi * along / wavelength)
    wave -= bell * (wave.sum() / bell.sum())
    return wave / max(float(np.sqrt(np.sum(np.abs(wave) ** 2))), 1e-9)


def _morlet(size: Pair, scale: int, turn: int) -> Array:
    """A wave under a bell, without mean; an octave from scale to scale."""
    deviation, frequency = 0.8 * 2**scale, 0.75 * math.pi / 2**scale
    along, across = _turned(size, turn)
    bell = np.exp(-(along**2 + (across / 2) ** 2) / (2 * deviation**2))
    wave = bell * np.exp(1j * frequency * along)
    wave -= bell * (wave.sum() / bell.sum())
    return wave / bell.sum()


def _low_pass(size: Pair) -> Array:
    along, across = _turned(size, 0)
    bell = np.exp(-(along**2 + across**2) / (2 * (0.8 * 2 ** (N_SCALES - 1)) ** 2))
    return bell / bell.sum() + 0j


def _turned(size: Pair, turn: int) -> tuple[Array, Array]:
    """Coordinates of the pixels along and across a direction, from the centre."""
    angle = math.pi * turn / N_ORIENTATIONS
    y, x = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in size), indexing="ij")
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
