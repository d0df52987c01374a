"""The training loop."""

from __future__ import annotations

import math
import operator
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, cast

import numpy as np

from skneural.data import Samples, SampleSource
from skneural.losses.loss import Value
from skneural.ops.memory import recycling
from skneural.ops.types import Array
from skneural.optimizers import Optimizer, Schedule
from skneural.optimizers.optimizer import State
from skneural.parameters import Weights
from skneural.training.communicator import ALONE, Communicator, any_member, communicating, failing_together, from_first
from skneural.training.deadline import NO_DEADLINE, Deadline
from skneural.training.early_stopping import EarlyStopping
from skneural.training.history import HeldOutScores, History
from skneural.training.interrupts import Interrupts, deliver_interrupt, undeferred_interrupts
from skneural.training.objective import Objective
from skneural.training.seeds import Seeds
from skneural.training.updates import Updates, updates_of
from skneural.user_warnings import warn_user


class DivergenceError(ValueError):
    """Error of a training whose loss, or score of held-out data, is no longer finite."""


class Observer:
    """Base class of observers of epochs, such as callbacks; subclasses override what they need."""

    def epoch_starts(self, monitor: TrainingMonitor) -> None:
        """Called before the first batch of an epoch."""

    def epoch_ends(self, monitor: TrainingMonitor) -> bool:
        """Called after the last batch of an epoch; training stops if an observer returns True."""
        return False


@dataclass
class TrainingMonitor:
    """Recording, validation, early stopping and observers, between epochs.

    Parameters
    ----------
    weights : Weights
    stopping : EarlyStopping
    loss_scale : float or array of shape (n_outputs,), default=1.0
        Factor that converts a loss to the units of y, in which it is recorded.
    validate : callable, optional
        Function that returns the validation scores of the current weights, as `HeldOutScores`.
    validation_decides : bool, default=True
        If True, early stopping uses the validation score, if there is one; if False, the training loss.
    training_score : callable, default=negative
        Function from the training loss to the score for early stopping, if the validation score is not used.
    rescore : callable, optional
        Function that returns metrics of the training data with the current weights, by the names of their curves.
    observers : sequence of Observer, default=()
    interrupts : Interrupts, optional
        Decides whether an interrupt ends training or is raised.
    deadline : Deadline, default=none
        Training ends after the step that reaches it.
    started_at : float, default=now
        Moment of `time.monotonic` from which seconds are counted.
    epochs_before : int, default=0
        Number of epochs in earlier stages of the same fit.
    divergence_advice : str, default=""
        Sentence about what to try, which ends the message if training diverges.
    communicator : Communicator, default=ALONE
        Processes that train together: each calls its observers, and a request of one of them is a request of all.

    Attributes
    ----------
    history : History
        Records of the epochs so far.
    stop_requested : bool
        True if an observer, an interrupt or the deadline has stopped training, including all subsequent stages.
    learning_rate : float or None
        Of the last step; None if the method has none.
    n_steps : int
        Number of steps of an epoch.
    n_plateaus : int
        Plateaus that an adaptive learning rate has left.
    """

    weights: Weights
    stopping: EarlyStopping
    loss_scale: float | Array = 1.0
    validate: Callable[[], HeldOutScores] | None = None
    validation_decides: bool = True
    training_score: Callable[[float], float] = operator.neg
    rescore: Callable[[], Mapping[str, float]] | None = None
    observers: Sequence[Observer] = ()
    interrupts: Interrupts = field(default_factory=Interrupts)
    deadline: Deadline = NO_DEADLINE
    started_at: float = field(default_factory=time.monotonic)
    epochs_before: int = 0
    divergence_advice: str = ""
    communicator: Communicator = ALONE
    history: History = field(default_factory=History)
    stop_requested: bool = False
    learning_rate: float | None = None
    n_steps: int = 1
    n_plateaus: int = 0

    @property
    def has_validated(self) -> bool:
        """True if validation data have determined a best epoch."""
        decides = self.validate is not None and self.validation_decides
        has_epoch = self.history.n_epochs > 0 and self.stopping.best_snapshot is not None
        return decides and has_epoch and math.isfinite(self.stopping.best_score)

    def score_start(self) -> None:
        """Make the initial weights a candidate, if validation data decide: they are kept if no epoch is better."""
        if self.validate is not None and self.validation_decides and not self.history.n_epochs:
            scores = self.validate()
            self.history.start_scores = [scores.recorded]
            self.stopping.update(scores.decisive, self.weights.snapshot)

    def epoch_starts(self) -> None:
        """Notify all observers."""
        with self._calling_observers():
            for observer in self.observers:
                observer.epoch_starts(self)

    def epoch_ends(self, loss: Value) -> bool:
        """Record the epoch, and return True if training should stop."""
        self._take_weights_of_first()
        decisive: float | None = None
        recorded: float | None = None
        curves: Mapping[str, float] = {}
        if self.validate is not None:
            decisive, recorded, curves = self.validate()  # raises if training has diverged, before it is recorded
        curves = {**curves, **(self.rescore() if self.rescore is not None else {})}
        self.history.record(float(np.mean(loss * self.loss_scale)), recorded, {**self._pace(), **curves})
        if decisive is None or not self.validation_decides:
            decisive = self.training_score(float(np.mean(loss)))
        self.stopping.update(decisive, self.weights.snapshot)
        with self._calling_observers():
            requests = [observer.epoch_ends(self) for observer in self.observers]  # a list: all must be called
        self.stop_requested = any_member(self.communicator, any(requests))
        self.history.converged = self.stop_requested or self.stopping.should_stop
        return self.history.converged

    def _pace(self) -> dict[str, float]:
        """Seconds since the start, of the first process, and the learning rate."""
        seconds = from_first(self.communicator, lambda: time.monotonic() - self.started_at)
        return {"seconds": seconds, "learning_rate": math.nan if self.learning_rate is None else self.learning_rate}

    def _calling_observers(self) -> AbstractContextManager[None]:
        return undeferred_interrupts() if self.communicator.size == 1 else self._calling_observers_jointly()

    @contextmanager
    def _calling_observers_jointly(self) -> Iterator[None]:
        with failing_together(self.communicator), communicating(ALONE), undeferred_interrupts():
            yield

    def _take_weights_of_first(self) -> None:
        """Let all processes continue with the same bits, also if their processors round differently.

        Buffers are written by one shard of all.
        """
        if self.communicator.size > 1:
            self.weights.restore(self.communicator.broadcast(self.weights.snapshot()))

    @property
    def is_out_of_time(self) -> bool:
        """True if the deadline of the first process is reached."""
        if self.communicator.size == 1 or math.isinf(self.deadline.at):
            return self.deadline.reached
        return self.communicator.broadcast(self.deadline.reached)

    def run_out_of_time(self) -> None:
        """Record that the deadline ends training."""
        self.history.out_of_time = self.history.converged = self.stop_requested = True


class DescentStep(NamedTuple):
    """A step of training: its loss, its number of samples, and its learning rate."""

    loss: Value
    n_samples: int
    learning_rate: float


@dataclass(frozen=True)
class PartOfEpoch:
    """The place of consecutive steps in training, on which learning rates and random numbers depend.

    Attributes
    ----------
    epoch : int
        Number of the epoch, without those of earlier trainings.
    n_steps : int
        Number of steps of a whole epoch.
    n_before : int
        Number of samples in all epochs before.
    n_plateaus : int, default=0
        Plateaus that an adaptive learning rate has left.
    first_step : int, default=0
        Number of the first of these steps in the epoch.
    """

    epoch: int
    n_steps: int
    n_before: int
    n_plateaus: int = 0
    first_step: int = 0


class RemoteSamples(ABC):
    """Samples that other processes hold, and on which these train."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def n_steps(self, batch_size: int) -> int:
        """Number of steps of an epoch."""

    @abstractmethod
    def train_epoch(self, descent: Descent, epoch: int, monitor: TrainingMonitor) -> tuple[Value, bool]:
        """Train the weights of `descent` for an epoch.

        Returns
        -------
        loss : float or array
            Mean loss of the epoch.
        is_whole : bool
            False if the deadline came before its end.
        """


class Method(Protocol):
    """Training method: `Descent`, or `skneural.training.lbfgs.LBFGS`."""

    def run(self, samples: Any, monitor: TrainingMonitor) -> None: ...


@dataclass
class Descent:
    """Mini-batch gradient descent.

    Parameters
    ----------
    objective : Objective
    optimizer : Optimizer
    state : dict
        State of the optimizer, updated in place.
    schedule : Schedule
    seeds : Seeds
    batch_size : int
    max_epochs : int
    shuffle : bool, default=True
    max_grad_norm : float or None, default=None
        Maximum norm of the gradient; longer gradients are scaled down to it.
    epochs_before, rows_before : int, default=0
        Number of epochs and rows of the training that this one continues, on which the random numbers of each epoch and
        the learning rate of "invscaling" depend.
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

    def run(self, samples: SampleSource | RemoteSamples, monitor: TrainingMonitor) -> None:
        """Train until a request of `monitor` to stop, or the maximum number of epochs.

        Epochs that the monitor has recorded are those of a training that is resumed.
        """
        vector = self.objective.weights.vector
        updates = updates_of(self.objective, self.optimizer, self.state)
        monitor.n_steps = self.n_steps(samples)
        first = monitor.history.n_epochs
        if first and monitor.stopping.should_stop and not self._leaves_plateau(monitor):
            return
        for epoch in range(first, self.max_epochs):
            if epoch > first and monitor.is_out_of_time:
                return monitor.run_out_of_time()
            monitor.epoch_starts()
            self.optimizer.exchange(vector, self.state)
            try:
                loss, is_whole = self._one_epoch(samples, updates, epoch, monitor)
            finally:  # an interrupted training may be continued
                updates.finish()
                self.optimizer.exchange(vector, self.state)
            ensure_finite(vector, self.epochs_before + epoch + 1, self.schedule.initial, "weights were")
            _ensure_finite_state(self.state, self.epochs_before + epoch + 1)
            if not is_whole:  # the first epoch counts nevertheless, because there is no other
                if epoch == first:
                    monitor.epoch_ends(loss)
                return monitor.run_out_of_time()
            if monitor.epoch_ends(loss) and not self._leaves_plateau(monitor):
                return
        monitor.history.converged = self.schedule.ends_with_training

    def _leaves_plateau(self, monitor: TrainingMonitor) -> bool:
        """Continue with a smaller learning rate where training would stop, if the schedule has one."""
        if monitor.stop_requested or not self.schedule.outlives_plateau(monitor.n_plateaus):
            monitor.history.converged = True
            return False
        monitor.history.converged = False
        monitor.n_plateaus += 1
        monitor.stopping.reset_patience()
        return True

    def _one_epoch(
        self, samples: SampleSource | RemoteSamples, updates: Updates, epoch: int, monitor: TrainingMonitor
    ) -> tuple[Value, bool]:
        """Train for one epoch, and return its mean loss, and False if the deadline came before its end."""
        if isinstance(samples, RemoteSamples):
            return samples.train_epoch(self, epoch, monitor)
        number = self.epochs_before + epoch
        order = self.seeds.generator("batches", number) if self.shuffle else None
        n_before = self.rows_before + epoch * len(samples)
        part = PartOfEpoch(epoch, self.n_steps(samples), n_before, monitor.n_plateaus)
        total, n_seen = cast(Value, 0.0), 0
        copied = self.objective.communicator.size == 1  # otherwise, each process copies its part of a batch alone
        for step in self.steps(samples.batches(self.batch_size, order, copied=copied), updates, part):
            total, n_seen = total + step.loss * step.n_samples, n_seen + step.n_samples
            monitor.learning_rate = step.learning_rate
            if n_seen < len(samples) and monitor.is_out_of_time:
                return total / n_seen, False
        return total / n_seen, True

    def n_steps(self, samples: SampleSource | RemoteSamples) -> int:
        """Number of steps of an epoch."""
        if isinstance(samples, RemoteSamples):
            return samples.n_steps(self.batch_size)
        return math.ceil(len(samples) / self.batch_size)

    def steps(self, batches: Iterable[Samples], updates: Updates, part: PartOfEpoch) -> Iterator[DescentStep]:
        """Take a step for each batch of an epoch, or of a part of one."""
        objective, number = self.objective, self.epochs_before + part.epoch
        objective.start_epoch([self.seeds.generator("dropout", number) for _ in range(objective.shards.n_shards)])
        draws = self.seeds.generator("draws", number)
        rate = self.schedule.rate(0.0, part.n_before, part.n_plateaus)
        for step, batch in enumerate(batches, part.first_step):
            if self.schedule.changes_within_epoch:
                fraction = (part.epoch * part.n_steps + step + 1) / (self.max_epochs * part.n_steps)
                rate = self.schedule.rate(fraction, part.n_before, part.n_plateaus)
            value = updates.value(batch.resample(draws))
            ensure_finite(value, number + 1, rate)
            if self.max_grad_norm is not None:
                _clip(objective.gradient, self.max_grad_norm)
            updates.update(rate)
            objective.weights.keep_limits()
            deliver_interrupt()
            yield DescentStep(value, len(batch), rate)


def train(method: Method, samples: SampleSource | RemoteSamples, monitor: TrainingMonitor) -> History:
    """Train, and restore the weights of the best epoch.

    Ctrl-C ends training with a warning and keeps the best weights so far; see `skneural.training.interrupts`. So does
    divergence, if validation data have determined a best epoch before; without them, divergence is an error.
    """
    try:
        # Warnings of overflow are redundant: a loss that is not finite ends training with an error.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"), recycling():
            method.run(samples, monitor)
    except KeyboardInterrupt:
        if monitor.stopping.best_snapshot is None or not monitor.epochs_before + monitor.history.n_epochs:
            raise
        monitor.interrupts.end_training()
        monitor.history.discard_unfinished()
        n_epochs = monitor.epochs_before + monitor.history.n_epochs
        warn_user(f"Training was interrupted after {n_epochs} epochs; the best weights so far are kept.")
        monitor.history.converged = monitor.stop_requested = True
    except DivergenceError as error:
        message = f"{error} {monitor.divergence_advice}"
        if not monitor.has_validated:
            raise DivergenceError(message) from error
        warn_user(f"{message} The best of {monitor.history.n_epochs} epochs on the validation data is kept.")
        monitor.history.converged = True
    if monitor.stopping.best_snapshot is not None:
        monitor.weights.restore(monitor.stopping.best_snapshot)
    return monitor.history


def ensure_finite(value: Value, epoch: int, rate: float | None = None, name: str = "loss was") -> None:
    """Raise a `DivergenceError` if the loss, or the quantity of another name, is not finite."""
    if math.isfinite(value) if isinstance(value, float) else np.isfinite(value).all():
        return
    at_rate = "" if rate is None else f", at a learning rate of {rate:.3g}"
    raise DivergenceError(f"Training diverged: the {name} no longer finite in epoch {epoch}{at_rate}.")


def _ensure_finite_state(state: State, epoch: int) -> None:
    """Raise a `DivergenceError` if squared gradients overflowed, because their weights would never change again."""
    if not all(np.isfinite(array).all() for array in state.values() if isinstance(array, np.ndarray)):
        raise DivergenceError(f"Training diverged: squared gradients overflowed in epoch {epoch}.")


def _clip(gradient: Array, max_norm: float) -> None:
    norm = math.sqrt(float(gradient @ gradient))
    if math.isinf(norm):  # squares of elements above 1e19 overflow float32
        norm = float(np.linalg.norm(gradient.astype(np.float64)))
    if norm > max_norm:
        gradient *= max_norm / norm
