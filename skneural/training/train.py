"""The training loop."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from skneural.data import Samples
from skneural.losses.loss import Value
from skneural.ops.memory import recycling
from skneural.ops.types import Array
from skneural.optimizers import Optimizer, Schedule
from skneural.optimizers.optimizer import State
from skneural.parameters import Weights
from skneural.training.early_stopping import EarlyStopping
from skneural.training.history import History
from skneural.training.interrupts import Interrupts
from skneural.training.objective import Objective
from skneural.training.seeds import Seeds


class DivergenceError(ValueError):
    """The loss is no longer a finite number."""


class Observer:
    """What wants to know of epochs, such as callbacks; members override what they need."""

    def epoch_starts(self, watch: Watch) -> None:
        """Before the first batch."""

    def epoch_ends(self, watch: Watch) -> bool:
        """After the last batch; training stops if one observer returns True."""
        return False


@dataclass
class Watch:
    """What happens between epochs.

    Parameters
    ----------
    weights : Weights
    stopping : EarlyStopping
    unit : float or array of shape (n_outputs,), default=1.0
        What a loss is multiplied by to be recorded in the units of y.
    validate : callable, optional
        Returns the validation score of the present weights twice: as it decides, and as it is recorded.
    validation_decides : bool, default=True
        Whether that score decides when to stop and what to keep, if there is one, or the training loss.
    training_score : callable, default=negative
        From the training loss to the score that decides if no validation score does.
    observers : sequence of Observer, default=()
    interrupts : Interrupts, default=none is noted
        Asked after each batch.
    epochs_before : int, default=0
        Epochs of the stages of the same fit before this one.

    Attributes
    ----------
    history : History
        What happened so far.
    told_to_stop : bool
        Whether an observer or an interrupt has stopped training, with all of its stages.
    """

    weights: Weights
    stopping: EarlyStopping
    unit: float | Array = 1.0
    validate: Callable[[], tuple[float, float]] | None = None
    validation_decides: bool = True
    training_score: Callable[[float], float] = operator.neg
    observers: Sequence[Observer] = ()
    interrupts: Interrupts = field(default_factory=Interrupts)
    epochs_before: int = 0
    history: History = field(default_factory=History)
    told_to_stop: bool = False

    @property
    def has_validated(self) -> bool:
        """Whether held-out data has chosen an epoch."""
        decides = self.validate is not None and self.validation_decides
        return decides and self.stopping.kept is not None and math.isfinite(self.stopping.best_score)

    def epoch_starts(self) -> None:
        for observer in self.observers:
            observer.epoch_starts(self)

    def epoch_ends(self, loss: Value) -> bool:
        """Record the epoch and say whether training should stop."""
        decisive = None
        if self.validate is not None:
            decisive, recorded = self.validate()  # may find that training has diverged: then there was no such epoch
            self.history.scores.append(recorded)
        self.history.n_epochs += 1
        self.history.losses.append(float(np.mean(loss * self.unit)))
        if decisive is None or not self.validation_decides:
            decisive = self.training_score(float(np.mean(loss)))
        self.stopping.see(decisive, self.weights.snapshot)
        answers = [observer.epoch_ends(self) for observer in self.observers]  # all are asked
        self.told_to_stop = any(answers)
        self.history.converged = self.told_to_stop or self.stopping.satisfied
        return self.history.converged


class Method(Protocol):
    """A way to train: `Descent`, or `skneural.training.lbfgs.LBFGS`."""

    def run(self, samples: Samples, watch: Watch) -> None: ...


@dataclass
class Descent:
    """Training by steps along the gradients of batches.

    Parameters
    ----------
    objective : Objective
    optimizer : Optimizer
    state : dict
        State of the optimizer; changed in place.
    schedule : Schedule
    seeds : Seeds
    batch_size : int
    max_epochs : int
    shuffle : bool, default=True
    max_grad_norm : float or None, default=None
        Longer gradients are cut to this length.
    epochs_before, rows_before : int, default=0
        Epochs and rows already seen by the training that this one continues: they give each epoch its own
        random numbers, and "invscaling" its place.
    """

    objective: Objective
    optimizer: Optimizer
    state: State
    schedule: Schedule
    seeds: Seeds
    batch_size: int
    max_epochs: int
    shuffle: bool = True
    max_grad_norm: float | None = None
    epochs_before: int = 0
    rows_before: int = 0

    def run(self, samples: Samples, watch: Watch) -> None:
        """Pass over the samples until `watch` says stop or the epochs are used up."""
        n_plateaus = 0
        vector = self.objective.weights.vector
        for epoch in range(self.max_epochs):
            watch.epoch_starts()
            self.optimizer.exchange(vector, self.state)
            try:
                loss = self._one_epoch(samples, epoch, n_plateaus, watch.interrupts)
            finally:  # an interrupted training may go on
                self.optimizer.exchange(vector, self.state)
            _ensure_finite_state(self.state, self.epochs_before + epoch + 1)
            if watch.epoch_ends(loss):
                if watch.told_to_stop or not self.schedule.outlives_plateau(n_plateaus):
                    return
                watch.history.converged = False
                n_plateaus += 1
                watch.stopping.wait_again()
        watch.history.converged = self.schedule.ends_with_training

    def _one_epoch(self, samples: Samples, epoch: int, n_plateaus: int, interrupts: Interrupts) -> Value:
        """One pass; returns the mean loss over its batches."""
        objective, weights = self.objective, self.objective.weights
        number = self.epochs_before + epoch
        order = self.seeds.generator("batches", number) if self.shuffle else None
        objective.start_epoch([self.seeds.generator("dropout", number) for _ in range(objective.shards.n_shards)])
        draws = self.seeds.generator("draws", number)
        n_steps = math.ceil(len(samples) / self.batch_size)
        n_seen = self.rows_before + epoch * len(samples)
        rate = self.schedule.rate(0.0, n_seen, n_plateaus)
        total: Value = 0.0
        for step, batch in enumerate(samples.batches(self.batch_size, order)):
            if self.schedule.changes_within_epoch:
                fraction = (epoch * n_steps + step + 1) / (self.max_epochs * n_steps)
                rate = self.schedule.rate(fraction, n_seen, n_plateaus)
            value = objective(batch.resample(draws))
            ensure_finite(value, number + 1, rate)
            if self.max_grad_norm is not None:
                _clip(weights.gradient, self.max_grad_norm)
            self.optimizer.update(weights.vector, weights.gradient, self.state, rate)
            weights.keep_limits()
            total = total + value * len(batch)
            interrupts.check()
        return total / len(samples)


def train(method: Method, samples: Samples, watch: Watch) -> History:
    """Train, then put the best epoch's weights back.

    Ctrl-C ends training with a warning and keeps the best weights so far; see `skneural.training.interrupts`. So does
    divergence, if held-out data has chosen an epoch before; without held-out data, that training diverged is all that
    is known.
    """
    try:
        # Overflow needs no warnings of NumPy's: a loss that is not finite ends training with an error.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"), recycling():
            watch.interrupts.check()  # it may have come since the last batch of the stage before
            method.run(samples, watch)
            watch.interrupts.check()
    except KeyboardInterrupt:
        if watch.stopping.kept is None or watch.interrupts.final:
            raise
        n_epochs = watch.epochs_before + watch.history.n_epochs
        warnings.warn(
            f"Training was interrupted after {n_epochs} epochs; the best weights so far are kept.", stacklevel=2
        )
        watch.history.converged = watch.told_to_stop = watch.interrupts.ended_training = True
    except DivergenceError as error:
        if not watch.has_validated:
            raise
        warnings.warn(
            f"{error} The best epoch by held-out data, of {watch.history.n_epochs}, is kept.",
            stacklevel=2,
        )
        watch.history.converged = True
    if watch.stopping.kept is not None:
        watch.weights.restore(watch.stopping.kept)
    return watch.history


def ensure_finite(value: Value, epoch: int, rate: float | None = None) -> None:
    """Raise a `DivergenceError` that says what happened and what to try."""
    if math.isfinite(value) if isinstance(value, float) else np.isfinite(value).all():
        return
    at_rate = "" if rate is None else f", at a learning rate of {rate:.3g}"
    raise DivergenceError(
        f"Training diverged: the loss was no longer finite in epoch {epoch}{at_rate}. Try a smaller "
        "learning_rate_init, scale X (sklearn.preprocessing.StandardScaler), or limit the gradients "
        "with max_grad_norm=1.0."
    )


def _ensure_finite_state(state: State, epoch: int) -> None:
    """Raise a `DivergenceError` if squares of gradients overflowed: their weights would never move again, unnoticed."""
    if not all(np.isfinite(array).all() for array in state.values() if isinstance(array, np.ndarray)):
        raise DivergenceError(
            f"Training diverged: gradients were too large for their squares in epoch {epoch}. Scale X "
            "(sklearn.preprocessing.StandardScaler), or limit the gradients with max_grad_norm=1.0."
        )


def _clip(gradient: Array, max_norm: float) -> None:
    norm = math.sqrt(float(gradient @ gradient))
    if math.isinf(norm):  # the squares overflow float32 from 1e19 on
        norm = float(np.linalg.norm(gradient.astype(np.float64)))
    if norm > max_norm:
        gradient *= max_norm / norm
