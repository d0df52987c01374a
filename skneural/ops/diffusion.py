"""Forward noising process and reverse sampling of diffusion models.

Our names and those of the papers (Ho, Jain and Abbeel 2020; Nichol and Dhariwal 2021; Salimans and Ho 2022; Lu et al.
2022; Xu, Tong and Jaakkola 2023):

    clean           data without noise                             x₀
    noise           standard normal noise                          ε
    noisy           mixture of data and noise                      x_t
    time            diffusion time, from 0 to 1                    t / T
    signal_level    factor of the data in the mixture              √ᾱ_t = α_t
    noise_level     factor of the noise in the mixture             √(1 - ᾱ_t) = σ_t
    "velocity"      derivative of the mixture along its path       v
    eta             share of fresh noise while sampling            η
    step            difference in log(signal / noise)              h = λ_s - λ_t of log(α / σ)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from skneural.ops.types import Array

OFFSET = 0.008  # s of Nichol and Dhariwal, which keeps the noise of the first steps from being negligible

# Largest number of rows that are candidates for each other: memory and time grow with its square.
MOST_CANDIDATES = 512

# At the end of the schedule the signal vanishes. The estimate of clean data from a predicted noise is divided by the
# signal level, which is therefore bounded below.
LEAST_SIGNAL = 1e-3


def levels(time: float | Array) -> tuple[Any, Any]:
    """Signal level and noise level of the cosine schedule; their squares add up to one.

    Parameters
    ----------
    time : array or number
        Between 0 (no noise) and 1 (no signal).

    Returns
    -------
    signal_level, noise_level : arrays or numbers like time
    """
    quarter = 0.5 * math.pi / (1 + OFFSET)
    signal_level = np.cos((time + OFFSET) * quarter) / math.cos(OFFSET * quarter)
    signal_level = np.clip(signal_level, LEAST_SIGNAL, 1.0)
    return signal_level, np.sqrt(1.0 - signal_level * signal_level)


def add_noise(clean: Array, noise: Array, signal_level: float | Array, noise_level: float | Array) -> Array:
    """Noisy data at the given levels, on a path from data to noise along a quarter of a circle."""
    return signal_level * clean + noise_level * noise


def prediction_target(
    prediction: str, clean: Array, noise: Array, signal_level: float | Array, noise_level: float | Array
) -> Array:
    """Target of the network: the noise, or the "velocity", whose difficulty is about the same at all times."""
    return noise if prediction == "noise" else signal_level * noise - noise_level * clean


def expected_clean(
    noisy: Array, clean: Array, signal_level: Array, noise_level: Array, candidate: Array | None, weight: Array | None
) -> Array:
    """Posterior mean of the clean data of each noisy row, over all rows of the batch that it may have come from.

    A noisy row may have come from any clean row of the batch. The clean row to which noise was added has this mean as
    its expectation, and a larger variance (Rao and Blackwell; "stable target" of Xu et al.). Both targets lead to the
    same network, because the mean over batches of the mean within a batch is the overall mean.

    Parameters
    ----------
    noisy, clean : arrays of shape (rows, features)
        Noisy row i is clean row i with noise.
    signal_level, noise_level : arrays of shape (rows, 1)
        Levels of the noisy rows; noise levels are positive.
    candidate : bool array of shape (rows, rows) or None
        Entry (i, j) is True if noisy row i may have come from clean row j; the diagonal is True. None: all may.
    weight : array of shape (rows,) or None
        Sample weights of the clean rows. If all candidates of a noisy row have weight zero, its mean is its clean row.

    Returns
    -------
    mean : array of shape (rows, features)
    """
    ratio = signal_level / noise_level
    logit = (noisy * (ratio / noise_level)) @ clean.T
    logit -= (0.5 * ratio * ratio) * np.square(clean).sum(axis=1)
    excluded = None if candidate is None else ~candidate
    if weight is not None:
        weightless = weight <= 0
        logit += np.log(np.where(weightless, 1.0, weight)).astype(clean.dtype)
        off_diagonal = ~np.eye(len(clean), dtype=bool)
        excluded = weightless & off_diagonal if excluded is None else (weightless & off_diagonal) | excluded
    if excluded is not None:
        logit[excluded] = -np.inf
    logit -= logit.max(axis=1, keepdims=True)
    share = np.exp(logit, out=logit)
    share /= share.sum(axis=1, keepdims=True)
    mean: Array = share @ clean
    return mean


def linear_estimate(
    noisy: Array, moments: tuple[Array, Array], signal_level: float | Array, noise_level: float | Array
) -> Array:
    """Best linear estimate of each clean feature from the noisy feature, given its mean and its variance.

    A network that predicts the residual need not reproduce the noise of features that vary little, such as rare
    categories (the skip connection of Karras et al. 2022, "Elucidating the design space", feature by feature). With
    mean zero and variance one, the estimate corresponds to a velocity of zero.
    """
    mean, variance = moments
    total = signal_level * signal_level * variance + noise_level * noise_level
    gain = signal_level * variance / total
    estimate: Array = mean + gain * (noisy - signal_level * mean)
    return estimate


def predict_clean(noisy: Array, predicted: Array, prediction: str, signal_level: float, noise_level: float) -> Array:
    """Estimate of the clean data from the noisy data and the predicted noise or velocity."""
    if prediction == "noise":
        return (noisy - noise_level * predicted) * (1 / signal_level)
    return signal_level * noisy - noise_level * predicted


def times_back(n_steps: int) -> Array:
    """Times of the sampling steps, from 1 (noise) to 0 (data), closer together towards the data.

    The last changes are small, but fine details need as many steps as all the rest. For a mixture of eight narrow
    Gaussians, 50 equal steps kept .90 of the standard deviation of each, these steps .97, as do 1000 equal ones.
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
    """Sample from noise to data by second-order steps, which extrapolate the change of the predicted clean data.

    This is DPM-Solver++(2M) if eta is zero, and its stochastic variant otherwise (Lu et al. 2022). Without the
    extrapolation it would be DDIM (Song, Meng and Ermon 2021), which needs more steps for the same accuracy.

    Parameters
    ----------
    noisy : array of shape (rows, features)
        Standard normal noise.
    predict : callable
        Maps noisy data and the time to the prediction of the network.
    times : array
        Decreasing from 1 to 0.
    prediction : {"velocity", "noise"}
    bounds : pair of arrays of shape (features,)
        Lower and upper bounds of clean data, to which it is clipped.
    eta : float
        Share of fresh noise in each step: 0 for a deterministic sampler, 1 for the ancestral sampling of Ho et al.
    rng : RandomState

    Yields
    ------
    noisy : array of shape (rows, features)
        The sample at each time but the first; clean data at the last.
    """
    dtype, before, last_step = noisy.dtype, None, 0.0
    path = list(zip(*(level.tolist() for level in levels(times)), strict=True))
    for time, (signal, noise), (next_signal, next_noise) in zip(times.tolist(), path, path[1:], strict=False):
        clean = predict_clean(noisy, predict(noisy, time), prediction, signal, noise)
        np.clip(clean, *bounds, out=clean)
        if not next_noise:
            yield clean
            return
        step = math.log(next_signal / next_noise) - math.log(signal / noise)
        extrapolated = clean if before is None else clean + 0.5 * step / last_step * (clean - before)
        kept = math.exp(-eta * step) * next_noise / noise
        noisy = kept * noisy - math.expm1(-(1 + eta) * step) * next_signal * extrapolated
        if eta:
            fresh = next_noise * math.sqrt(-math.expm1(-2 * eta * step))
            noisy += fresh * rng.standard_normal(noisy.shape).astype(dtype)
        before, last_step = clean, step
        yield noisy
