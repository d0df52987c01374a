"""Records of training."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """Losses and scores of each epoch, as plain floats.

    Attributes
    ----------
    losses : list of float
        Mean training loss of each epoch, including penalties.
    scores : list of float
        Validation score after each epoch; greater is better. Empty without validation data.
    n_epochs : int
        Number of epochs of this training, without those of a training that it continues.
    converged : bool
        False if training reached the maximum number of epochs.
    n_evaluations : int
        Number of evaluations of the objective by L-BFGS.
    out_of_time : bool
        True if training reached its deadline before it ended otherwise.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    n_epochs: int = 0
    converged: bool = False
    n_evaluations: int = 0
    out_of_time: bool = False

    def record(self, loss: float, score: float | None) -> None:
        """Add an epoch. It counts last, so that `discard_unfinished` can tell whether all of it was recorded."""
        self.losses.append(loss)
        if score is not None:
            self.scores.append(score)
        self.n_epochs += 1

    def discard_unfinished(self) -> None:
        """Remove what was recorded of an epoch before an interrupt."""
        del self.losses[self.n_epochs :]
        del self.scores[self.n_epochs :]
