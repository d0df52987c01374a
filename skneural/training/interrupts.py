"""Handling of Ctrl-C in training: KeyboardInterrupt ends a fit with the best model so far, or is raised."""

from __future__ import annotations

import math
import multiprocessing
import time
from typing import ClassVar

# An interrupt within so many seconds of another one is meant for the search around a fit.
RECENT = 2.0


class Interrupts:
    """Decision, in `except KeyboardInterrupt`, between ending one fit and raising the interrupt.

    Attributes
    ----------
    ended_training : bool
        Whether an interrupt has ended the training of this fit.
    """

    _latest: ClassVar[float] = -math.inf  # in the whole process: the fits of a search follow each other

    def __init__(self) -> None:
        self.ended_training = False

    @property
    def final(self) -> bool:
        """True if an interrupt must be raised, as a search would otherwise continue with the next fit.

        This is the case shortly after another interrupt, and in worker processes.
        """
        recent = time.monotonic() < Interrupts._latest + RECENT
        return recent or multiprocessing.parent_process() is not None

    def end_training(self) -> None:
        """End this fit only, or raise the interrupt again if it is final; for `except KeyboardInterrupt`."""
        if self.final:
            raise
        Interrupts._latest = time.monotonic()
        self.ended_training = True
