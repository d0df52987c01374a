"""When to stop, and what to keep."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from skneural.parameters import Snapshot


@dataclass
class EarlyStopping:
    """Sees a score after every epoch, keeps the best weights, and says when to stop.

    It does not say so while the score still rises, though it may be below the best.

    Parameters
    ----------
    tol : float
        A score must exceed the best by more than this to count as an improvement.
    patience : float
        Training may go on for this many epochs in a row without improvement; infinity: for ever.

    Attributes
    ----------
    best_score : float
        Greatest score so far.
    kept : Snapshot or None
        The weights that reached it; of several equal scores the latest, which has trained longest. A later stage of
        training may begin with those of the stage before.
    waited : int
        Epochs in a row without improvement.
    rising : bool
        Whether the last score exceeds the one before by more than `tol`.
    last_score : float
    """

    tol: float
    patience: float
    best_score: float = -math.inf
    kept: Snapshot | None = None
    waited: int = 0
    rising: bool = False
    last_score: float = -math.inf

    def see(self, score: float, snapshot: Callable[[], Snapshot]) -> None:
        self.waited = 0 if score > self.best_score + self.tol else self.waited + 1
        self.rising = score > self.last_score + self.tol
        self.last_score = score
        if score >= self.best_score:
            self.best_score = score
            self.kept = snapshot()

    @property
    def satisfied(self) -> bool:
        # With one step an epoch, momentum carries the loss past its minimum and back, for more than 10 epochs: 3 of 20
        # MLPs on unscaled iris stopped on the way back, at an accuracy of 0.47 to 0.67 where the others reach 0.97.
        return self.waited > self.patience and not self.rising

    def wait_again(self) -> None:
        """Start counting anew, as when the learning rate has just been lowered."""
        self.waited = 0
