"""The score of held-out data, by which training stops."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring

from skneural.losses import Loss
from skneural.parameters import Snapshot, Weights
from skneural.training.batches import Samples


def held_out_score(
    estimator: Any, loss: Loss, weights: Weights, samples: Samples, y: np.ndarray
) -> Callable[[], tuple[float, float]]:
    """What scores the present weights on held-out data: as it decides, and as it is recorded.

    Parameters
    ----------
    estimator : NeuralEstimator
        In the middle of `fit`.
    loss : Loss
    weights : Weights
        Those in training.
    samples : Samples
        Held out.
    y : array
        Their targets as they were given, for scorers.
    """
    unit = estimator._loss_unit(loss)
    targets, weight = samples.targets()
    total = None if weight is None else float(weight.sum())
    n_threads = estimator._n_threads()  # asked now: while training, BLAS may be held to one

    def negative_loss() -> tuple[float, float]:
        raw = estimator._raw(weights.tree, samples.x, n_threads)
        value = loss.value(targets, raw, weight, total)
        return -float(np.mean(value)), -float(np.mean(value * unit))

    if estimator.scoring == "loss":
        return negative_loss
    model = copy.copy(estimator)
    model.__dict__.update(fitted_attributes(Snapshot(weights.vector, weights.buffers)))  # follows the training
    scorer = check_scoring(model, estimator.scoring)
    takes_weights = "sample_weight" in inspect.signature(getattr(scorer, "_score_func", scorer)).parameters
    weighted = {"sample_weight": samples.sample_weight} if takes_weights else {}

    def score() -> tuple[float, float]:
        value = float(scorer(model, samples.x, y, **weighted))
        return value, value

    return score


def fitted_attributes(snapshot: Snapshot) -> dict[str, np.ndarray]:
    """What a copy of the estimator needs in order to predict with these weights."""
    return {"weights_": snapshot.vector, "buffers_": snapshot.buffers}
