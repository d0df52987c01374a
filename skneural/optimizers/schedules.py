"""How the learning rate changes: functions of training progress."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

SMALLEST_RATE = 1e-6  # where "adaptive" gives up, as in scikit-learn


@dataclass(frozen=True)
class Progress:
    """How far training has come.

    `fraction` of all planned steps; `n_seen` training rows seen in finished epochs; `n_plateaus` how often
    the score stopped improving; `power_t` the exponent of "invscaling".
    """

    fraction: float = 0.0
    n_seen: int = 0
    n_plateaus: int = 0
    power_t: float = 0.5


def constant(progress: Progress) -> float:
    return 1.0


def invscaling(progress: Progress) -> float:
    """One over a power of the rows seen, as in scikit-learn's MLP."""
    return 1 / (progress.n_seen + 1) ** progress.power_t


def adaptive(progress: Progress) -> float:
    """A fifth after every plateau."""
    return 0.2**progress.n_plateaus


def cosine(progress: Progress) -> float:
    """Half a cosine wave from one to zero (Loshchilov and Hutter 2017)."""
    return 0.5 * (1 + math.cos(math.pi * progress.fraction))


def one_cycle(progress: Progress) -> float:
    """From 1/25 up to one over the first 30 %, then down to 1e-5, both along cosines (Smith 2018)."""
    low, peak, end = 1 / 25, 0.3, 1e-5
    if progress.fraction < peak:
        return low + (1 - low) * 0.5 * (1 - math.cos(math.pi * progress.fraction / peak))
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * (progress.fraction - peak) / (1 - peak)))


SCHEDULES: dict[str, Callable[[Progress], float]] = {
    function.__name__: function for function in (constant, invscaling, adaptive, cosine, one_cycle)
}


@dataclass(frozen=True)
class Schedule:
    """The learning rate at each moment of training.

    Parameters
    ----------
    name : str
        A key of `SCHEDULES`.
    initial : float
        What the schedule's factor is multiplied by.
    power_t : float, default=0.5
        Exponent of "invscaling".
    warmup : float, default=0.0
        Share of training during which the rate rises to the schedule's along a straight line.
    """

    name: str
    initial: float
    power_t: float = 0.5
    warmup: float = 0.0

    @property
    def ends_with_training(self) -> bool:
        """Whether the rate falls to nothing at the last planned step: training is then done, not cut short."""
        return self.name in ("cosine", "one_cycle")

    @property
    def changes_within_epoch(self) -> bool:
        return self.ends_with_training or self.warmup > 0

    def rate(self, fraction: float, n_seen: int, n_plateaus: int) -> float:
        rate = self.initial * SCHEDULES[self.name](Progress(fraction, n_seen, n_plateaus, self.power_t))
        return rate * min(1.0, fraction / self.warmup) if self.warmup else rate

    def outlives_plateau(self, n_plateaus: int) -> bool:
        """Whether training goes on, at a smaller rate, when the score stops improving."""
        return self.name == "adaptive" and self.rate(1.0, 0, n_plateaus) > SMALLEST_RATE
