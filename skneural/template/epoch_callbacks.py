"""TrainingState reports of training: printed lines and scikit-learn's callbacks."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import reduce
from typing import Any

from sklearn.base import BaseEstimator

from skneural.sklearn_compat import callback_context, has_callbacks
from skneural.tasks import FitArguments
from skneural.template.problem import Problem
from skneural.template.state import plain_state
from skneural.template.training import Trained
from skneural.training.history import History
from skneural.training.train import Observer, TrainingMonitor
from skneural.training.training_state import TrainingState

# Seconds of a fit from which on its length is announced.
LONG = 5.0


class EpochCallbacks:
    """The callbacks of one `fit`: a task with one subtask per epoch.

    Parameters
    ----------
    estimator : NeuralEstimator
    arguments : FitArguments
        As passed by the user.
    n_epochs : int
        Maximum number of epochs, of all networks together.
    attributes : function
        Makes the fitted attributes of a model from a problem and the training of it so far.
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        arguments: FitArguments,
        n_epochs: int,
        attributes: Callable[[Problem, Trained], dict[str, Any]],
    ) -> None:
        weight = arguments.sample_weight
        self.arguments = {
            "estimator": estimator,
            "X": arguments.X,
            "y": arguments.y,
            "metadata": {} if weight is None else {"sample_weight": weight},
        }
        self.attributes = attributes
        self.registered = has_callbacks(estimator)
        self.context = callback_context(estimator, max_subtasks=n_epochs)
        self.context.call_on_fit_task_begin(**self.arguments)
        self._stages: list[History] = []

    def observer(self, problem: Problem) -> Observer:
        """An observer of training that reports its epochs."""
        return _EpochReports(self, problem)

    def history(self, monitor: TrainingMonitor) -> History:
        """Records of all epochs so far, with those of earlier stages."""
        if not monitor.epochs_before:
            self._stages = []
        if not any(stage is monitor.history for stage in self._stages):
            self._stages.append(monitor.history)
        return reduce(History.followed_by, self._stages, History())

    def end(self) -> None:
        """Report the end of `fit`."""
        self.context.call_on_fit_task_end(**self.arguments, reconstruction_attributes={})


class _EpochReports(Observer):
    """Observer that calls the callbacks with the current weights."""

    def __init__(self, callbacks: EpochCallbacks, problem: Problem) -> None:
        self._callbacks = callbacks
        self._problem = problem
        self._epoch: Any = None

    def epoch_starts(self, monitor: TrainingMonitor) -> None:
        if self._callbacks.registered:
            self._epoch = self._callbacks.context.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._callbacks.arguments)

    def epoch_ends(self, monitor: TrainingMonitor) -> bool:
        """Call the callbacks; True if one of them requests the end of training."""
        history = self._callbacks.history(monitor)

        def attributes() -> dict[str, Any]:
            progress = TrainingState.of(monitor, self._problem.optimizer_state)
            state = progress.optimizer_state
            trained = Trained(progress.snapshot, history, monitor.validation_decides, False, state)
            alone = self._problem.network_number is None  # of several networks, training cannot be resumed
            kept = {"_progress": plain_state(progress) if alone else None}
            return self._callbacks.attributes(self._problem, trained) | kept

        if self._epoch is None:
            return False
        return bool(self._epoch.call_on_fit_task_end(**self._callbacks.arguments, reconstruction_attributes=attributes))


class PrintedEpochs(Observer):
    """Observer that prints a line after epochs.

    Parameters
    ----------
    every : int
        Number of epochs after each of which a line is printed.
    n_epochs : int
        Maximum number of epochs.
    n_before : int, default=0
        Number of epochs before the first one.
    network_number : int or None, default=None
        Number of the network, if several are trained.
    """

    def __init__(self, every: int, n_epochs: int, n_before: int = 0, network_number: int | None = None) -> None:
        self._every, self._n_epochs, self._n_before = every, n_epochs, n_before
        self._network = "" if network_number is None else f"Network {network_number}: "
        self._started_at = time.perf_counter()

    def epoch_ends(self, monitor: TrainingMonitor) -> bool:
        seconds = time.perf_counter() - self._started_at
        number = monitor.epochs_before + monitor.history.n_epochs
        if number == 1 and seconds * self._n_epochs > LONG:
            print(
                f"{self._network}{monitor.weights.vector.size:_} weights, {monitor.n_steps:_} steps in each of at most "
                f"{self._n_epochs} epochs"
            )
        number += self._n_before
        if number % self._every == 0:
            last = self._n_before + self._n_epochs
            print(f"{self._network}Epoch {number} of {last}, {_values(monitor)}, {seconds:.3g} s")
        return False


def _values(monitor: TrainingMonitor) -> str:
    history = monitor.history
    score = f", validation score = {history.scores[-1]:.8f}" if history.scores else ""
    named = {name: values[-1] for name, values in history.curves.items() if name.startswith("validation_")}
    if len(named) > 1:
        score = "".join(f", {name.replace('_', ' ', 1)} = {value:.8f}" for name, value in named.items())
    rate = "" if monitor.learning_rate is None else f", learning rate = {monitor.learning_rate:.3g}"
    return f"loss = {history.losses[-1]:.8f}{score}{rate}"
