"""Held-out data: which samples, and the score by which training stops."""

from __future__ import annotations

import copy
import inspect
import math
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split

from skneural.losses.loss import Value
from skneural.parameters import Snapshot
from skneural.template.epoch_callbacks import fitted_attributes
from skneural.template.run import Data, Run
from skneural.template.step_scores import StepsAsSamples
from skneural.training.seeds import Seeds
from skneural.training.train import DivergenceError

# Held-out data is scored so many blocks of predictions at a time: enough to share among threads, and few enough that
# the raw scores of all words for all steps of a text, 16 MB a block, need not lie in memory at once.
BLOCKS_PER_PART = 16


def split(n_samples: int, fraction: float, classes: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split sample numbers at random into those for training and those for validation, both in ascending order.

    Parameters
    ----------
    n_samples : int
    fraction : float
        Share of validation samples.
    classes : array of shape (n_samples,) or None
        Classes whose shares the split keeps. A class of one sample stays in training; with more classes than
        validation samples the split is not stratified.
    seed : int

    Raises
    ------
    ValueError
        If either part would be empty.
    """
    n_held_out = math.ceil(fraction * n_samples)
    if not 0 < n_held_out < n_samples:
        raise ValueError(
            f"validation_fraction={fraction} of {n_samples} samples leaves {n_samples - n_held_out} for training. "
            "Give more samples, change validation_fraction, or set early_stopping=False."
        )
    rows = np.arange(n_samples)
    alone = np.empty(0, dtype=rows.dtype)
    if classes is not None:
        _, number, counts = np.unique(classes, return_inverse=True, return_counts=True)
        is_alone = counts[number] == 1
        n_classes = int(np.sum(counts > 1))
        if n_classes <= min(n_held_out, n_samples - is_alone.sum() - n_held_out):
            rows, alone, classes = rows[~is_alone], rows[is_alone], number[~is_alone]
        else:
            classes = None
    train, held_out = train_test_split(rows, test_size=n_held_out, stratify=classes, random_state=seed)
    return np.sort(np.concatenate([alone, train])), np.sort(held_out)


@contextmanager
def naming_validation_data() -> Iterator[None]:
    """Errors about validation data call them as they are called in `fit`."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        message, n_named = _NAMES.subn(r"\1_val", str(error))
        raise kind(message if n_named else f"Of X_val, y_val and sample_weight_val: {message}") from error


_NAMES = re.compile(r"(?<!['\"])\b(X|y|sample_weight)\b(?!['\"])")  # not where they are labels


def warn_of_idle_scoring(estimator: BaseEstimator, n_samples: int) -> None:
    """Warn that a given `scoring` decides nothing, because "auto" holds nothing out."""
    scoring = estimator.scoring
    if estimator.early_stopping != "auto" or (isinstance(scoring, str) and scoring == "loss"):
        return
    by_lbfgs = estimator._solver(one_pass=False) == "lbfgs"
    least = estimator._early_stopping_from
    since = f" for {n_samples} samples (it is on from {least} on)" if math.isfinite(least) else ""
    off = " with lbfgs" if by_lbfgs else since
    warnings.warn(
        f"scoring={scoring!r} has no effect: it scores held-out data, and early_stopping='auto' is off{off}. "
        "Set early_stopping=True, or give X_val and y_val.",
        stacklevel=2,
    )


def validation_score(estimator: BaseEstimator, run: Run, held_out: Data) -> Callable[[], tuple[float, float]]:
    """What scores the present weights of a run on held-out data: as it decides, and as it is recorded."""
    if estimator.scoring == "loss":
        return _negative_loss(estimator, run, held_out)
    samples = held_out.samples
    model = copy.copy(estimator)
    snapshot = Snapshot(run.weights.vector, run.weights.buffers)
    model.__dict__.update(fitted_attributes(snapshot))  # the vectors themselves: the model follows the training
    y, weight = held_out.y, samples.sample_weight
    if y is not None and estimator._targets.stepwise and isinstance(estimator.scoring, str):
        model, y, weight = StepsAsSamples(model), np.concatenate(y), samples.target_weight
    scorer = check_scoring(model, estimator.scoring)
    takes_weights = "sample_weight" in inspect.signature(getattr(scorer, "_score_func", scorer)).parameters
    weighted = {"sample_weight": weight} if takes_weights else {}

    def score() -> tuple[float, float]:
        try:
            value = float(scorer(model, samples.x.original, y, **weighted))
        except ValueError as error:  # metrics refuse predictions that are not finite
            if np.isfinite(estimator._raw(run.weights.tree, samples.x)).all():
                raise
            raise DivergenceError(
                f"Training diverged: predictions for the held-out data overflow ({error})."
            ) from error
        return value, value

    return score


def _negative_loss(estimator: BaseEstimator, run: Run, held_out: Data) -> Callable[[], tuple[float, float]]:
    # Drawn once: scores of epochs are compared.
    samples = held_out.samples.resample(Seeds(estimator._seed).generator("held-out draws"))
    weight = samples.target_weight
    unit = estimator._targets.unit(estimator, run.loss)
    total = float(len(samples.y.values) if weight is None else weight.sum())
    rows = BLOCKS_PER_PART * estimator._input_kind.rows_per_block(samples.x)
    parts = [samples.part(slice(start, start + rows)) for start in range(0, len(samples), rows)]
    n_threads = estimator._n_threads()  # asked now: while training, BLAS may be held to one

    def score() -> tuple[float, float]:
        value: Value = 0.0
        for part in parts:
            raw = estimator._raw(run.weights.tree, part.x, n_threads)
            value = value + run.loss.value(part.y.values, raw, part.target_weight, total)
        return -float(np.mean(value)), -float(np.mean(value * unit))

    return score
