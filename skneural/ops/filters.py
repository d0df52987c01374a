"""Filters that are designed, not learned, and the modulus of their outputs."""

from __future__ import annotations

import math

import numpy as np

from skneural.ops.types import Array, Vjp
from skneural.ops.window import Pair

N_ORIENTATIONS = 8
N_SCALES = 3
LEAST_ENERGY = 1e-12  # under the square root, whose slope at zero is infinite


def modulus(even: Array, odd: Array) -> tuple[Array, Vjp]:
    """``y = sqrt(even^2 + odd^2)`` of each element; ``vjp(dy) -> (d_even, d_odd)``."""
    y = np.sqrt(even * even + odd * odd + LEAST_ENERGY)

    def vjp(dy: Array) -> tuple[Array, Array]:
        share = dy / y
        return share * even, share * odd

    return y, vjp


def filter_bank(name: str, phase: str, size: Pair, channels: int) -> Array:
    """Filters of one phase that take the mean over channels.

    Parameters
    ----------
    name : {"gabor", "wavelet"}
        "gabor": `N_ORIENTATIONS` at `N_SCALES` wavelengths. "wavelet": Morlet wavelets of as many orientations and
        octaves, and a low pass.
    phase : {"even", "odd"}
    size : pair of int
        Height and width.
    channels : int

    Returns
    -------
    filters : array of shape (height, width, channels, n_filters)
    """
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
