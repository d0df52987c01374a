"""Models in the middle of their training, and training that continues from their files."""

from __future__ import annotations

import copy
import os
import pickle
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from skneural.parameters import Snapshot
from skneural.tasks import FitArguments
from skneural.template.model_files import read_model
from skneural.template.problem import Problem, Specification, pose
from skneural.template.settings import TrainingSettings
from skneural.template.state import value_of
from skneural.training.training_state import TrainingState

# Hyper-parameters that may differ when a training is resumed. The file has the seed that `random_state` gave, and a
# training may be longer than planned.
MAY_DIFFER = {"max_iter", "max_time", "n_jobs", "random_state", "verbose"}


class CheckpointData(NamedTuple):
    """Content of a checkpoint: a training that was broken off.

    Attributes
    ----------
    progress : TrainingState
    seed : int
    network_arguments : dict
    n_samples : int
        Number of training samples.
    """

    progress: TrainingState
    seed: int
    network_arguments: dict[str, Any]
    n_samples: int


def with_best_weights(model: Any) -> Any:
    """A copy of a model that callbacks are given, with the weights of the best epoch instead of the last one."""
    model, progress = copy.copy(model), model._progress
    if progress is not None and progress["best_weights"] is not None:
        model.weights_, model.buffers_ = Snapshot(progress["best_weights"], progress["best_buffers"])
    return model


def read_checkpoint(
    path: str | os.PathLike[str], kind: type[Any], hyperparameters: Mapping[str, Any]
) -> CheckpointData:
    """Read the file of `skneural.callbacks.Checkpoint`.

    Raises
    ------
    ValueError
        If it was not written during a training from random weights, or with other hyper-parameters.
    """
    model = read_model(path, kind)
    if getattr(model, "_progress", None) is None:
        raise ValueError(
            f"{path} holds a model without the state of its training: it is not the file of a checkpoint, or several "
            "networks were trained, which cannot be resumed."
        )
    progress = value_of(TrainingState, model._progress)
    if len(progress.losses) != len(model.loss_curve_):
        raise ValueError(
            f"{path} is of a training that continued another one, or had several stages, and cannot be resumed "
            "exactly. Load the model and continue with warm_start=True."
        )
    saved = model._hyperparameters()
    changed = [name for name in saved if name not in MAY_DIFFER and not _equal(saved[name], hyperparameters[name])]
    if changed:
        listed = ", ".join(f"{name}={saved[name]!r} (now {hyperparameters[name]!r})" for name in changed)
        raise ValueError(f"{path} is of a training with other hyper-parameters: {listed}. Set them to the same values.")
    n_samples = model.t_ // len(model.loss_curve_)
    return CheckpointData(progress, model._seed, model.network_arguments_, n_samples)


def resumed_problem(
    specification: Specification,
    settings: TrainingSettings,
    arguments: FitArguments,
    validation: FitArguments,
    saved: CheckpointData,
) -> Problem:
    """The problem of a training that was broken off, from its data."""
    if settings.solver == "lbfgs":
        raise ValueError(
            "resume_from continues training in epochs; solver='lbfgs' estimates the curvature from past steps, which a "
            "checkpoint does not hold. Load the model and continue with warm_start=True."
        )
    return pose(specification, settings, arguments, validation, seed=saved.seed).resumed(saved.progress)


def ensure_same_data(problem: Problem, saved: CheckpointData) -> None:
    """Raise a ValueError if the data are not those of a training that was broken off, as far as that shows."""
    n_samples = len(problem.source)
    if n_samples != saved.n_samples or problem.network.arguments != saved.network_arguments:
        raise ValueError(
            f"The data are not those of the checkpoint, which has {saved.n_samples} training samples and a network of "
            f"{saved.network_arguments}; now there are {n_samples} and {problem.network.arguments}."
        )


def _equal(saved: Any, present: Any) -> bool:
    """Compare hyper-parameters; arrays and objects without a comparison of their own, such as splitters, by content."""
    if isinstance(saved, np.ndarray) or isinstance(present, np.ndarray):
        return np.array_equal(np.asarray(saved), np.asarray(present))
    if hasattr(saved, "weights_") and hasattr(present, "weights_"):  # models, whose pickles depend on their past
        parts = ((saved.weights_, present.weights_), (saved.buffers_, present.buffers_))
        return type(saved) is type(present) and all(np.array_equal(*each, equal_nan=True) for each in parts)
    return bool(saved == present) or pickle.dumps(saved) == pickle.dumps(present)
