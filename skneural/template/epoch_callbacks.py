"""Progress reports of training: printed lines and scikit-learn's callbacks."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator

from skneural.sklearn_compat import callback_context, has_callbacks
from skneural.tasks import FitArguments
from skneural.template.problem import Problem, fitted_attributes
from skneural.training.train import Observer, TrainingMonitor


class EpochCallbacks:
    """The callbacks of one `fit`: a task with one subtask per epoch.

    Parameters
    ----------
    estimator : NeuralEstimator
    arguments : FitArguments
        As the user gave them.
    """

    def __init__(self, estimator: BaseEstimator, arguments: FitArguments, n_epochs: int, verbose: bool) -> None:
        weight = arguments.sample_weight
        self.arguments = {
            "estimator": estimator,
            "X": arguments.X,
            "y": arguments.y,
            "metadata": {} if weight is None else {"sample_weight": weight},
        }
        self.verbose = verbose
        self.registered = has_callbacks(estimator)
        self.context = callback_context(estimator, max_subtasks=n_epochs)
        self.context.call_on_fit_task_begin(**self.arguments)

    def observer(self, problem: Problem) -> Observer:
        """An observer of training that reports its epochs."""
        return _EpochReports(self, problem)

    def end(self) -> None:
        """Report the end of `fit`."""
        self.context.call_on_fit_task_end(**self.arguments, reconstruction_attributes={})


class _EpochReports(Observer):
    """Observer that prints a line per epoch and calls the callbacks with the current weights."""

    def __init__(self, callbacks: EpochCallbacks, problem: Problem) -> None:
        self._callbacks = callbacks
        self._problem = problem
        self._epoch: Any = None

    def epoch_starts(self, monitor: TrainingMonitor) -> None:
        if self._callbacks.registered:
            self._epoch = self._callbacks.context.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._callbacks.arguments)

    def epoch_ends(self, monitor: TrainingMonitor) -> bool:
        """Print a line and call the callbacks; True if one of them requests the end of training."""
        history = monitor.history
        if self._callbacks.verbose:
            score = f", validation score = {history.scores[-1]:.8f}" if history.scores else ""
            print(f"Iteration {history.n_epochs}, loss = {history.losses[-1]:.8f}{score}")
        if self._epoch is None:
            return False
        return bool(
            self._epoch.call_on_fit_task_end(
                **self._callbacks.arguments,
                reconstruction_attributes=lambda: fitted_attributes(self._problem, monitor.weights.snapshot()),
            )
        )
