"""Records of training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Curves = dict[str, list[float]]


class HeldOutScores(NamedTuple):
    """Scores of held-out data after an epoch; greater is better.

    Attributes
    ----------
    decisive : float
        For early stopping: a loss is in the units of training.
    recorded : float
        The same score in the units of y.
    curves : mapping of str to float
        Values of all metrics, by the names of their curves.
    """

    decisive: float
    recorded: float
    curves: Mapping[str, float] = {}


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
    start_scores : list of float
        Validation score before the first epoch, if the initial weights were a candidate; otherwise empty.
    out_of_time : bool
        True if training reached its deadline before it ended otherwise.
    curves : dict of str to list of float
        Further values of each epoch by name, among them "seconds", which no two trainings have in common.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    n_epochs: int = 0
    converged: bool = False
    n_evaluations: int = 0
    out_of_time: bool = False
    curves: Curves = field(default_factory=dict, compare=False)
    start_scores: list[float] = field(default_factory=list)

    @property
    def best_score(self) -> float | None:
        """Greatest validation score, also that of the start; None without validation data."""
        return max(self.scores + self.start_scores, default=None)

    def record(self, loss: float, score: float | None, values: Mapping[str, float]) -> None:
        """Add an epoch. It counts last, so that `discard_unfinished` can tell whether all of it was recorded."""
        self.losses.append(loss)
        if score is not None:
            self.scores.append(score)
        for name, value in values.items():
            self.curves.setdefault(name, []).append(value)
        self.n_epochs += 1

    def discard_unfinished(self) -> None:
        """Remove what was recorded of an epoch before an interrupt."""
        for values in (self.losses, self.scores, *self.curves.values()):
            del values[self.n_epochs :]

    def all_curves(self) -> Curves:
        """The losses and all further curves, as copies."""
        return {"loss": list(self.losses)} | {name: list(values) for name, values in self.curves.items()}

    def followed_by(self, later: History) -> History:
        """The records of this training and of a later stage of it."""
        curves = joined_curves(self.all_curves(), later.all_curves())
        return History(
            curves.pop("loss"),
            self.scores + later.scores,
            self.n_epochs + later.n_epochs,
            later.converged,
            later.n_evaluations,
            later.out_of_time,
            curves,
            self.start_scores,
        )


def joined_curves(before: Mapping[str, list[float]], after: Mapping[str, list[float]]) -> Curves:
    """The curves of two trainings, the second of which continues the first; both have "loss".

    Values that one of them did not record are NaN.
    """
    n_before, n_after = len(before["loss"]), len(after["loss"])
    return {
        name: [*before.get(name, [math.nan] * n_before), *after.get(name, [math.nan] * n_after)]
        for name in dict.fromkeys([*before, *after])
    }


def continued_curves(before: Mapping[str, list[float]], after: Mapping[str, list[float]]) -> Curves:
    """The curves of a training that continues an earlier one; its seconds are added to those of the earlier one."""
    seconds = before["seconds"][-1]
    return joined_curves(before, {**after, "seconds": [seconds + value for value in after["seconds"]]})
