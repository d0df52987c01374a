"""What is told to the user and to scikit-learn's callbacks while a model trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skneural.training.history import History


class EpochCallbacks:
    """The callbacks of one `fit`, a task of as many subtasks as there are epochs.

    Parameters
    ----------
    estimator : NeuralEstimator
        In the middle of `fit`.
    X, y, sample_weight : as given to `fit`

    Attributes
    ----------
    told_to_stop : bool
        Whether a callback wants training to stop.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, sample_weight: Any) -> None:
        self._estimator = estimator
        self._has_callbacks = bool(getattr(estimator, "_skl_callbacks", None))
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        self._told = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._fit = estimator._init_callback_context(max_subtasks=estimator._most_epochs())
        self._fit.call_on_fit_task_begin(**self._told)
        self._epoch: Any = None
        self.told_to_stop = False

    def epoch_starts(self) -> None:
        if self._has_callbacks:
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._told)

    def epoch_ends(self, history: History, fitted_attributes: Callable[[], dict[str, Any]]) -> bool:
        """Print and call back; True if a callback wants training to stop."""
        if self._estimator.verbose:
            score = f", validation score = {history.scores[-1]:.8f}" if history.scores else ""
            print(f"Iteration {history.n_epochs}, loss = {history.losses[-1]:.8f}{score}")
        if self._epoch is None:
            return False
        self.told_to_stop = bool(
            self._epoch.call_on_fit_task_end(**self._told, reconstruction_attributes=fitted_attributes)
        )
        return self.told_to_stop

    def end(self) -> None:
        self._fit.call_on_fit_task_end(**self._told, reconstruction_attributes={})
