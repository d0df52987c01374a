"""Noise that comes over data, and how to go back.

Our names and those of the papers (Ho, Jain and Abbeel 2020; Nichol and Dhariwal 2021; Salimans and Ho 2022; Lu et al.
2022; Xu, Tong and Jaakkola 2023): `clean` x₀, `noise` ε, `noisy` x_t, `time` t / T, `signal_level` √ᾱ_t = α_t,
`noise_level` √(1 - ᾱ_t) = σ_t, "velocity" v, `eta` η, `step` h = λ_s - λ_t of log(α / σ).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from skneural.ops.types import Array

OFFSET = 0.008  # s of Nichol and Dhariwal, which keeps the first steps from being too small to notice

# Rows that are candidates for each other: memory and time grow with their square.
MOST_CANDIDATES = 512

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


def prediction_target(prediction: str, clean: Array, noise: Array, signal_level: Any, noise_level: Any) -> Array:
    """The noise, or the "velocity" of that walk: where it is heading, which is as hard to tell early as late."""
    return noise if prediction == "noise" else signal_level * noise - noise_level * clean


def expected_clean(
    noisy: Array, clean: Array, signal_level: Array, noise_level: Array, candidate: Array | None, weight: Array | None
) -> Array:
    """The mean of the clean data that each noisy row may have come from, by how likely it is to have.

    Noisy data may come from any row of the batch. What came by chance from one of them says, on average over batches,
    what this mean says, and has more variance (Rao and Blackwell; "stable target" of Xu et al.). Both lead to the same
    network: the mean over batches of the mean within a batch is the mean.

    Parameters
    ----------
    noisy, clean : arrays of shape (rows, features)
        The noisy rows, in any order, are made of the clean ones, one of each.
    signal_level, noise_level : arrays of shape (rows, 1)
        Of the noisy rows; no noise level is zero.
    candidate : bool array of shape (rows, rows) or None
        Whether a noisy row (down) may come from a clean one (across); None if all may. Each may come from its own.
    weight : array of shape (rows,) or None
        Of the clean rows. Where all candidates have none, the noisy row counts for nothing, and its mean is its own.

    Returns
    -------
    mean : array of shape (rows, features)
    """
    ratio = signal_level / noise_level
    logit = (noisy * (ratio / noise_level)) @ clean.T
    logit -= (0.5 * ratio * ratio) * np.square(clean).sum(axis=1)
    excluded = None if candidate is None else ~candidate
    if weight is not None:
        lost = weight <= 0
        logit += np.log(np.where(lost, 1.0, weight)).astype(clean.dtype)
        others = ~np.eye(len(clean), dtype=bool)
        excluded = lost & others if excluded is None else (lost & others) | excluded
    if excluded is not None:
        logit[excluded] = -np.inf
    logit -= logit.max(axis=1, keepdims=True)
    share = np.exp(logit, out=logit)
    share /= share.sum(axis=1, keepdims=True)
    mean: Array = share @ clean
    return mean


def linear_estimate(noisy: Array, moments: tuple[Array, Array], signal_level: Any, noise_level: Any) -> Array:
    """The best guess of clean data that is linear in each noisy feature, by its mean and its variance.

    A network that finds what is left need not pass on the noise of features that vary little, such as rare categories
    (the skip connection of Karras et al. 2022, "Elucidating the design space", feature by feature). With mean zero and
    variance one, nothing is guessed of the velocity.
    """
    mean, variance = moments
    total = signal_level * signal_level * variance + noise_level * noise_level
    gain = signal_level * variance / total
    guess: Array = mean + gain * (noisy - signal_level * mean)
    return guess


def predict_clean(noisy: Array, found: Array, prediction: str, signal_level: float, noise_level: float) -> Array:
    """The clean data whose walk passes through the noisy data, by what was found."""
    if prediction == "noise":
        return (noisy - noise_level * found) * (1 / signal_level)
    return signal_level * noisy - noise_level * found


def times_back(n_steps: int) -> Array:
    """The times at which to stop on the way from noise to data: 1 first, 0 last, closer together towards the data.

    What is left to do where data is almost clean is small, but takes as many steps for the finest of it as the rest. On
    eight small Gaussians, 50 equal steps left .90 of the deviation within each, these .97, as do 1000 equal ones.
    """
    times: Array = np.linspace(1, 0, n_steps + 1) ** 1.5
    return times


def back_to_data(
    noisy: Array,
    predict: Callable[[Array, float], Array],
    times: Array,
    prediction: str,
    bounds: tuple[Array, Array],
    eta: float,
    rng: np.random.RandomState,
) -> Iterator[Array]:
    """Walk from noise to data, by steps of second order: each continues how clean data has changed since the last.

    DPM-Solver++(2M) without fresh noise, and its stochastic form with it (Lu et al. 2022). Without that change it would
    be DDIM (Song, Meng and Ermon 2021), which takes more steps to come as near to the data.

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
        Share of the noise that is drawn anew: 0 for none, 1 for all, as Ho et al. do.
    rng : RandomState

    Yields
    ------
    noisy : array of shape (rows, features)
        At each time but the first; clean data at the last.
    """
    dtype, before, last_step = noisy.dtype, None, 0.0
    walk = list(zip(*(level.tolist() for level in levels(times)), strict=True))
    for time, (signal, noise), (next_signal, next_noise) in zip(times.tolist(), walk, walk[1:], strict=False):
        clean = predict_clean(noisy, predict(noisy, time), prediction, signal, noise)
        np.clip(clean, *bounds, out=clean)
        if not next_noise:
            yield clean
            return
        step = math.log(next_signal / next_noise) - math.log(signal / noise)
        aim = clean if before is None else clean + 0.5 * step / last_step * (clean - before)
        kept = math.exp(-eta * step) * next_noise / noise
        noisy = kept * noisy - math.expm1(-(1 + eta) * step) * next_signal * aim
        if eta:
            fresh = next_noise * math.sqrt(-math.expm1(-2 * eta * step))
            noisy += fresh * rng.standard_normal(noisy.shape).astype(dtype)
        before, last_step = clean, step
        yield noisy
