"""What training recorded."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """One entry per epoch, in plain floats.

    Attributes
    ----------
    losses : list of float
        Mean training loss of each epoch, penalties included.
    scores : list of float
        Validation score after each epoch; greater is better. Empty without validation data.
    n_epochs : int
        Epochs of this training, as opposed to those it continued.
    converged : bool
        False if training ran out of epochs.
    n_evaluations : int
        How often lbfgs has evaluated the objective.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    n_epochs: int = 0
    converged: bool = False
    n_evaluations: int = 0
