"""Learning rate schedules, as functions of the progress of training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

SMALLEST_RATE = 1e-6  # at which "adaptive" stops training, as in scikit-learn
END_OF_TRAINING = 0.01  # share of the rate in the middle of training below which it has decayed to almost zero


@dataclass(frozen=True)
class Progress:
    """Progress of training.

    Parameters
    ----------
    fraction : float, default=0.0
        Fraction of the planned steps that have been taken.
    n_seen : int, default=0
        Number of training rows in the completed epochs.
    n_plateaus : int, default=0
        Number of times that the score has stopped improving.
    power_t : float, default=0.5
        Exponent of "invscaling".
    """

    fraction: float = 0.0
    n_seen: int = 0
    n_plateaus: int = 0
    power_t: float = 0.5


def constant(progress: Progress) -> float:
    """Factor of one throughout training."""
    return 1.0


def invscaling(progress: Progress) -> float:
    """Inverse of a power of the number of rows seen, as in scikit-learn's MLP."""
    return 1 / (progress.n_seen + 1) ** progress.power_t


def adaptive(progress: Progress) -> float:
    """Factor that is divided by five after every plateau."""
    return 0.2**progress.n_plateaus


def linear_decay(progress: Progress) -> float:
    """Straight line from one to zero."""
    return 1 - progress.fraction


def cosine(progress: Progress) -> float:
    """Half a cosine wave, from one to zero (Loshchilov and Hutter 2017)."""
    return 0.5 * (1 + math.cos(math.pi * progress.fraction))


def one_cycle(progress: Progress) -> float:
    """Cosine from 1/25 up to one over the first 30 %, then cosine down to 1e-5 (Smith 2018)."""
    low, peak, end = 1 / 25, 0.3, 1e-5
    if progress.fraction < peak:
        return low + (1 - low) * 0.5 * (1 - math.cos(math.pi * progress.fraction / peak))
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * (progress.fraction - peak) / (1 - peak)))


SCHEDULES: dict[str, Callable[[Progress], float]] = {
    "constant": constant,
    "invscaling": invscaling,
    "adaptive": adaptive,
    "linear": linear_decay,
    "cosine": cosine,
    "one_cycle": one_cycle,
}


ScheduleFunction = Callable[[Progress], float]


@dataclass(frozen=True)
class Schedule:
    """The learning rate at each moment of training.

    Parameters
    ----------
    name : str or function
        A key of `SCHEDULES`, or a function from `Progress` to a factor.
    initial : float
        Initial learning rate, which is multiplied by the factor of the schedule.
    power_t : float, default=0.5
        Exponent of "invscaling".
    warmup : float, default=0.0
        Fraction of training with linear warm-up to the rate of the schedule.
    """

    name: str | ScheduleFunction
    initial: float
    power_t: float = 0.5
    warmup: float = 0.0

    @property
    def ends_with_training(self) -> bool:
        """True if the rate decays to almost zero at the last planned step, so that training ends there as planned."""
        if callable(self.name):
            return self.name(Progress(1.0)) < END_OF_TRAINING * self.name(Progress(0.5))
        return self.name in ("linear", "cosine", "one_cycle")

    @property
    def changes_within_epoch(self) -> bool:
        """True if the rate changes from step to step, and not only from epoch to epoch."""
        return callable(self.name) or self.ends_with_training or self.warmup > 0

    def rate(self, fraction: float, n_seen: int, n_plateaus: int) -> float:
        """Learning rate at a given progress of training; see `Progress`."""
        factor = self.name if callable(self.name) else SCHEDULES[self.name]
        rate = self.initial * float(factor(Progress(fraction, n_seen, n_plateaus, self.power_t)))
        return rate * min(1.0, fraction / self.warmup) if self.warmup else rate

    def outlives_plateau(self, n_plateaus: int) -> bool:
        """True if training continues at a smaller rate when the score stops improving."""
        return self.name == "adaptive" and self.rate(1.0, 0, n_plateaus) > SMALLEST_RATE
