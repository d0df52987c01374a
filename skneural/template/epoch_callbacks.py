"""What is told to the user and to scikit-learn's callbacks while a model trains."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skneural.parameters import Snapshot
from skneural.targets import Given
from skneural.training.train import Observer, Watch


class EpochCallbacks(Observer):
    """The callbacks of one `fit`, a task of as many subtasks as there are epochs.

    Parameters
    ----------
    estimator : NeuralEstimator
        In the middle of `fit`.
    given : Given
        As it came.
    """

    def __init__(self, estimator: BaseEstimator, given: Given) -> None:
        self._estimator = self._trained = estimator
        self._has_callbacks = bool(getattr(estimator, "_skl_callbacks", None))
        metadata = {} if given.sample_weight is None else {"sample_weight": given.sample_weight}
        self._told = {"estimator": estimator, "X": given.X, "y": given.y, "metadata": metadata}
        self._fit = estimator._init_callback_context(max_subtasks=estimator._most_epochs())
        self._fit.call_on_fit_task_begin(**self._told)
        self._epoch: Any = None

    def about(self, estimator: BaseEstimator) -> EpochCallbacks:
        """The same callbacks, told of the estimator but shown the network of a copy that is trained instead."""
        other = copy.copy(self)
        other._trained = estimator
        return other

    def epoch_starts(self, watch: Watch) -> None:
        if self._has_callbacks:
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._told)

    def epoch_ends(self, watch: Watch) -> bool:
        """Print and call back; True if a callback wants training to stop."""
        history = watch.history
        if self._estimator.verbose:
            score = f", validation score = {history.scores[-1]:.8f}" if history.scores else ""
            print(f"Iteration {history.n_epochs}, loss = {history.losses[-1]:.8f}{score}")
        if self._epoch is None:
            return False

        def attributes() -> dict[str, Any]:  # copied only if asked for
            attributes = fitted_attributes(watch.weights.snapshot())
            if self._trained is not self._estimator:
                attributes |= {name: getattr(self._trained, name) for name in ("network_arguments_", "_network")}
            return attributes

        return bool(self._epoch.call_on_fit_task_end(**self._told, reconstruction_attributes=attributes))

    def end(self) -> None:
        self._fit.call_on_fit_task_end(**self._told, reconstruction_attributes={})


def fitted_attributes(snapshot: Snapshot) -> dict[str, np.ndarray]:
    """What a copy of the estimator needs in order to predict with these weights."""
    return {"weights_": snapshot.vector, "buffers_": snapshot.buffers}
