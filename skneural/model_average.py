"""Mean of the weights of several models."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from skneural.parameters import Snapshot
from skneural.template.estimator import NeuralEstimator
from skneural.template.side_by_side import mean_history
from skneural.template.state import plain_state
from skneural.training.history import History
from skneural.training.weighted_mean import mean_snapshot, mean_state

_Estimator = TypeVar("_Estimator", bound=NeuralEstimator)

# Relative difference of units of equal data: their sums over other parts of it differ by rounding.
UNIT_ROUNDING = 1e-5


def average(models: Sequence[_Estimator], weights: npt.ArrayLike | None = None) -> _Estimator:
    """Make a model whose weights are the mean of those of several models.

    Models that began with the same weights and were trained on different parts of the data can be averaged, again and
    again, as in federated averaging [1]_; so can those of the last epochs of one training [2]_. Means of models that
    began with different weights predict nothing: average their predictions instead. Training that continues follows the
    units of further data, which differ between parts of it: for regressors, set ``normalize_y=False`` and scale y
    before, and for estimators that standardize X, ``standardize=False``.

    Parameters
    ----------
    models : sequence of fitted estimators
        Of one class, with the same network, units and classes.
    weights : array-like of shape (n_models,), optional
        Weight of each model, such as the number of samples that it was trained on. By default, all are equal.

    Returns
    -------
    model : estimator
        A new model with the hyper-parameters of the first one. Running statistics of batch normalization are those of
        all data together. `loss_curve_`, `validation_scores_` and the curves of `history_` are means, its seconds those
        of the last model, and `t_` is the sum. Its optimizer continues from the mean of the states, if all models have
        one.

    Raises
    ------
    ValueError
        If networks, units, classes or categories differ.
    TypeError
        If the models are not of one class of skneural.

    References
    ----------
    .. [1] McMahan et al. (2017). Communication-efficient learning of deep networks from decentralized data. AISTATS.
    .. [2] Izmailov et al. (2018). Averaging weights leads to wider optima and better generalization. UAI.

    Examples
    --------
    >>> from copy import deepcopy
    >>> from sklearn.datasets import load_iris
    >>> from skneural import MLPClassifier, average
    >>> X, y = load_iris(return_X_y=True)
    >>> start = MLPClassifier(16, random_state=0, warm_start=True, early_stopping=False, max_iter=1).fit(X, y)
    >>> halves = [deepcopy(start).set_params(max_iter=20).fit(X[k::2], y[k::2]) for k in (0, 1)]
    >>> average(halves).score(X, y) > 0.5
    True
    """
    models = list(models)
    _ensure_alike(models)
    shares = _shares(weights, len(models))
    first = models[0]
    model = copy.deepcopy(first)
    snapshots = [Snapshot(each.weights_, each.buffers_) for each in models]
    try:
        model.weights_, model.buffers_ = mean_snapshot(first.network_, first._network.layout, snapshots, shares)
    except ValueError as error:
        raise ValueError(
            f"The models learned different units or statistics: {error}. Begin with copies of one fitted model."
        ) from None
    for attribute, value in _course(models, shares).items():
        setattr(model, attribute, value)
    return model


def _ensure_alike(models: Sequence[Any]) -> None:
    """Raise if models cannot be averaged."""
    if not models:
        raise ValueError("average needs at least one model.")
    first = models[0]
    for number, model in enumerate(models):
        if not isinstance(model, NeuralEstimator) or type(model) is not type(first):
            raise TypeError(
                f"average takes fitted estimators of one class of skneural; model {number} is a "
                f"{type(model).__name__}, the first a {type(first).__name__}."
            )
        check_is_fitted(model)
        for what in ("network_arguments_", "_reader", "_task", "out_activation_"):
            ours, theirs = (plain_state(getattr(each, what)) for each in (first, model))
            for path in _differences(ours, theirs, what.strip("_")):
                raise ValueError(
                    f"Model {number} differs from the first one in {path}: they learned different units or classes, or "
                    "have other networks. Begin with copies of one fitted model."
                )


def _differences(a: Any, b: Any, path: str) -> Iterator[str]:
    """Paths at which plain states differ by more than rounding."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for name in a:
            yield from _differences(a[name], b[name], f"{path}.{name}")
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        for number, (ours, theirs) in enumerate(zip(a, b, strict=True)):
            yield from _differences(ours, theirs, f"{path}[{number}]")
    elif not _agree(a, b):
        yield path


def _agree(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    if a.dtype.kind == b.dtype.kind == "f":
        return bool(np.allclose(a, b, rtol=UNIT_ROUNDING, atol=0, equal_nan=True))
    return bool(np.array_equal(a, b))


def _shares(weights: npt.ArrayLike | None, n_models: int) -> list[float]:
    given = np.ones(n_models) if weights is None else np.asarray(weights, dtype=np.float64)
    if given.shape != (n_models,) or not (given >= 0).all() or not 0 < given.sum() < np.inf:
        raise ValueError(
            f"weights must be one number >= 0 for each of {n_models} models, not all zero; got {weights!r}."
        )
    shares: list[float] = (given / given.sum()).tolist()
    return shares


def _course(models: Sequence[Any], shares: Sequence[float]) -> dict[str, Any]:
    """Attributes about the course of training, and the state of the optimizer."""
    histories = [
        History(
            list(each.loss_curve_),
            list(each.validation_scores_ or []),
            len(each.loss_curve_),
            curves={name: values for name, values in each.history_.items() if name != "loss"},
        )
        for each in models
    ]
    together = mean_history(histories)
    scores = together.scores or None
    states = [each._optimizer_state for each in models]
    return {
        "loss_curve_": together.losses,
        "loss_": together.losses[-1],
        "best_loss_": None if models[0].best_loss_ is None else min(together.losses),
        "validation_scores_": scores,
        "best_validation_score_": None if scores is None else max(scores),
        "history_": together.all_curves(),
        "t_": sum(each.t_ for each in models),
        "_optimizer_state": mean_state(states, shares),
    }
