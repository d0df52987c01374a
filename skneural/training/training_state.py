"""State of a training between two epochs, from which it continues to the bit."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from skneural.ops.types import Array
from skneural.optimizers.optimizer import State
from skneural.parameters import Snapshot
from skneural.training.history import Curves
from skneural.training.train import TrainingMonitor


@dataclass(frozen=True)
class TrainingState:
    """Everything that changes during training; random numbers follow from the seed and the number of the epoch.

    Attributes
    ----------
    weights, buffers : array
        After the last epoch.
    optimizer_state : dict
    losses, scores : list of float
    curves : dict of str to list of float
        Records of all epochs.
    n_plateaus : int
        Plateaus that an adaptive learning rate has left.
    best_weights, best_buffers : array or None
        Of the best epoch.
    best_score, last_score : float
    n_waited : int
    rising : bool
        State of `EarlyStopping`.
    start_scores : list of float
        Of the initial weights, if they were a candidate.
    """

    weights: Array
    buffers: Array
    optimizer_state: State
    losses: list[float]
    scores: list[float]
    curves: Curves
    n_plateaus: int
    best_weights: Array | None
    best_buffers: Array | None
    best_score: float
    last_score: float
    n_waited: int
    rising: bool
    start_scores: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, monitor: TrainingMonitor, optimizer_state: State) -> TrainingState:
        """The state after an epoch, as copies."""
        weights, stopping, history = monitor.weights.snapshot(), monitor.stopping, monitor.history
        best_weights, best_buffers = stopping.best_snapshot or (None, None)  # never written into
        return cls(
            weights.vector,
            weights.buffers,
            copy.deepcopy(optimizer_state),
            list(history.losses),
            list(history.scores),
            {name: list(values) for name, values in history.curves.items()},
            monitor.n_plateaus,
            best_weights,
            best_buffers,
            stopping.best_score,
            stopping.last_score,
            stopping.n_waited,
            stopping.rising,
            list(history.start_scores),
        )

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(self.weights, self.buffers)

    def resume(self, monitor: TrainingMonitor) -> None:
        """Set the records and the early stopping of a monitor to this state."""
        stopping, history = monitor.stopping, monitor.history
        history.losses, history.scores = list(self.losses), list(self.scores)
        history.curves = {name: list(values) for name, values in self.curves.items()}
        monitor.started_at -= self.curves["seconds"][-1]
        history.n_epochs, history.start_scores = len(self.losses), list(self.start_scores)
        monitor.n_plateaus = self.n_plateaus
        if self.best_weights is not None and self.best_buffers is not None:
            stopping.best_snapshot = Snapshot(self.best_weights, self.best_buffers)
        stopping.best_score, stopping.last_score = self.best_score, self.last_score
        stopping.n_waited, stopping.rising = self.n_waited, self.rising
