"""Time limits of training."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Deadline:
    """The moment at which a training should end.

    Attributes
    ----------
    at : float, default=inf
        Of `time.monotonic`, which all processes of a machine share.
    """

    at: float = math.inf

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """The moment after this number of seconds from now; None for no limit."""
        return cls() if seconds is None else cls(time.monotonic() + seconds)

    @property
    def reached(self) -> bool:
        """True from this moment on."""
        return time.monotonic() >= self.at

    def of_next(self, n_trainings: int) -> Deadline:
        """The deadline of the next of several trainings that follow each other: it has an equal share of the time left.

        Time that it does not use is shared by those behind it.
        """
        now = time.monotonic()
        return Deadline(now + max(0.0, self.at - now) / max(1, n_trainings))


NO_DEADLINE = Deadline()
