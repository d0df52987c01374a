"""Callbacks for `set_callbacks` of estimators, in addition to those of `sklearn.callback`."""

from __future__ import annotations

import os
from typing import Any

from sklearn.base import BaseEstimator

from skneural.hyperparameters import Integer
from skneural.template.checkpoints import with_best_weights
from skneural.template.model_files import remove_unfinished, write_model
from skneural.user_warnings import warn_user

__all__ = ["Checkpoint"]


class Checkpoint:
    """Callback that writes the model into a file while it is being trained.

    The file holds the model as `fit` would return it if it ended now, with the weights of the best epoch, and the state
    of training after the last epoch. It can be loaded and used; and ``fit(X, y, resume_from=path)`` with the same data
    and hyper-parameters continues after that epoch, and ends with the same weights as a `fit` that was never broken
    off, to the bit on the same machine with the same number of threads. `skneural.streaming.fit` takes `resume_from`,
    too. After `fit`, the file holds the final model.

    A file is replaced in one step, so that there is a whole model at any time. If it cannot be written, such as on a
    full disk, a warning says so, training goes on, and the last file stays.

    A model keeps its callbacks, in its files, too; ``model.set_callbacks()`` removes them.

    Parameters
    ----------
    path : str or path-like
        File to write. A name that ends in ".skops" is written for skops, which must be installed, and can be loaded
        without executing code of the file; others are pickles. Models that are trained at the same time, as in a grid
        search, need files of their own.
    every : int, default=1
        Number of epochs after each of which the file is written.

    Raises
    ------
    ValueError
        If `every` is not a positive integer, or the folder of the file does not exist.

    Examples
    --------
    >>> import pickle, tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from skneural import MLPClassifier
    >>> from skneural.callbacks import Checkpoint
    >>> X, y = load_iris(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "model.pickle"
    ...     model = MLPClassifier(16, learning_rate_init=0.01, random_state=0)
    ...     model = model.set_callbacks(Checkpoint(path, every=5)).fit(X, y)
    ...     saved = pickle.loads(path.read_bytes())
    >>> bool((saved.predict_proba(X) == model.predict_proba(X)).all())
    True
    """

    def __init__(self, path: str | os.PathLike[str], *, every: int = 1) -> None:
        if not Integer(1).allows(every):
            raise ValueError(f"every must be a positive integer, the epochs between two files; got {every!r}.")
        folder = os.path.dirname(os.path.abspath(path))
        if not os.path.isdir(folder):
            raise ValueError(f"The folder {folder} of the checkpoint does not exist.")
        self.path = os.fspath(path)  # plain, so that skops asks for no type of paths
        self.every = every
        self._progress: dict[str, Any] | None = None

    def setup(self, estimator: BaseEstimator, context: Any) -> None:
        """Forget an earlier training, and remove what it left if it was killed while it wrote."""
        self._progress = None
        remove_unfinished(self.path)

    def teardown(self, estimator: BaseEstimator, context: Any) -> None:
        """Forget the state of training, which the file holds."""
        self._progress = None

    def on_fit_task_begin(self, estimator: BaseEstimator, context: Any) -> None:
        """Do nothing: there is nothing to write before an epoch."""

    def on_fit_task_end(self, estimator: BaseEstimator, context: Any, *, fitted_estimator: Any = None) -> bool:
        """Write the file after an epoch whose number is a multiple of `every`, and after the last one."""
        if context.task_name == "epoch":
            self._progress = fitted_estimator._progress
            if (context.task_id + 1) % self.every == 0:
                self._write(with_best_weights(fitted_estimator))
        else:
            fitted_estimator._progress = self._progress
            self._write(fitted_estimator)
        return False

    def _write(self, model: BaseEstimator) -> None:
        try:
            write_model(model, self.path)
        except OSError as error:
            warn_user(f"The checkpoint {self.path} could not be written, and training goes on: {error}")
