"""Noise that comes over data, and how to go back.

Our names and those of the papers (Ho, Jain and Abbeel 2020; Nichol and Dhariwal 2021; Song, Meng and Ermon 2021;
Salimans and Ho 2022): `clean` x₀, `noise` ε, `noisy` x_t, `time` t / T, `signal_level` √ᾱ_t, `noise_level` √(1 - ᾱ_t),
`velocity` v, `eta` η.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from skneural.ops.types import Array

OFFSET = 0.008  # s of Nichol and Dhariwal, which keeps the first steps from being too small to notice

# At the end the signal is gone. Noise alone does not tell what was there: a predicted noise is divided by this then.
LEAST_SIGNAL = 1e-3


def levels(time: Any) -> tuple[Any, Any]:
    """How much signal and how much noise there is, along the cosine schedule; their squares add up to one.

    Parameters
    ----------
    time : array or number
        Between 0, where all is signal, and 1, where all is noise.

    Returns
    -------
    signal_level, noise_level : arrays or numbers like time
    """
    quarter = 0.5 * math.pi / (1 + OFFSET)
    signal_level = np.cos((time + OFFSET) * quarter) / math.cos(OFFSET * quarter)
    signal_level = np.clip(signal_level, LEAST_SIGNAL, 1.0)
    return signal_level, np.sqrt(1.0 - signal_level * signal_level)


def add_noise(clean: Array, noise: Array, signal_level: Any, noise_level: Any) -> Array:
    """Noisy data: a walk from the data to noise along a quarter of a circle."""
    return signal_level * clean + noise_level * noise


def to_be_found(prediction: str, clean: Array, noise: Array, signal_level: Any, noise_level: Any) -> Array:
    """The noise, or the "velocity" of that walk: where it is heading, which is as hard to tell early as late."""
    return noise if prediction == "noise" else signal_level * noise - noise_level * clean


def clean_and_noise(
    noisy: Array, predicted: Array, prediction: str, signal_level: float, noise_level: float
) -> tuple[Array, Array]:
    """What was predicted as clean data and noise, whose walk passes through the noisy data."""
    if prediction == "noise":
        return (noisy - noise_level * predicted) * (1 / signal_level), predicted
    return signal_level * noisy - noise_level * predicted, noise_level * noisy + signal_level * predicted


def back_to_data(
    noisy: Array,
    predict: Callable[[Array, float], Array],
    times: Array,
    prediction: str,
    bounds: tuple[Array, Array],
    eta: float,
    rng: np.random.RandomState,
) -> Iterator[Array]:
    """Walk from noise to data: by DDIM (Song, Meng and Ermon 2021), or with fresh noise at each step.

    Parameters
    ----------
    noisy : array of shape (rows, features)
        Noise at the first of the times.
    predict : callable
        From noisy data and the time to what the network finds.
    times : array
        From 1 down to 0.
    prediction : {"velocity", "noise"}
    bounds : pair of arrays of shape (features,)
        Between which clean data lies.
    eta : float
        Share of the noise that is drawn anew: 0 for none, as DDIM does, 1 for all, as Ho et al. do.
    rng : RandomState

    Yields
    ------
    noisy : array of shape (rows, features)
        At each time but the first; clean data at the last.
    """
    dtype = noisy.dtype
    signal_levels, noise_levels = (levels.tolist() for levels in levels(times))
    for i in range(len(times) - 1):
        at, before = (signal_levels[i], noise_levels[i]), (signal_levels[i + 1], noise_levels[i + 1])
        clean, _ = clean_and_noise(noisy, predict(noisy, float(times[i])), prediction, *at)
        np.clip(clean, *bounds, out=clean)
        noise = (noisy - at[0] * clean) * (1 / at[1])
        fresh = eta * before[1] / at[1] * math.sqrt(max(0.0, 1 - (at[0] / before[0]) ** 2))
        noisy = before[0] * clean + math.sqrt(max(0.0, before[1] ** 2 - fresh**2)) * noise
        if fresh:
            noisy += fresh * rng.standard_normal(noisy.shape).astype(dtype)
        yield noisy
