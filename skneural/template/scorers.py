"""Scores of held-out data by the scorers of scikit-learn, and by other callables."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.metrics import average_precision_score, check_scoring, get_scorer, roc_auc_score

from skneural.ops.types import Array
from skneural.readers import Reader
from skneural.sklearn_compat import (
    compares_predictions,
    metric_of,
    metric_parameters,
    num_samples,
    response_methods,
    scorer_with,
)
from skneural.tasks import FitArguments
from skneural.template.problem import Data
from skneural.template.step_scores import StepsAsSamples, step_by_step
from skneural.training.train import DivergenceError

Scorer = Callable[..., float]


class RawScoresOnce:
    """Raw scores of the same X by a model whose weights change, computed once for several scorers.

    Parameters
    ----------
    model : estimator
    X : object
        In the form in which scorers are given it.
    """

    def __init__(self, model: Any, X: object) -> None:
        self._compute = model._scored
        self._X = X
        self._kept: Any = None

    def __call__(self, X: object) -> Any:
        if X is not self._X:
            return self._compute(X)
        if self._kept is None:
            self._kept = self._compute(X)
        return self._kept

    def forget(self) -> None:
        """Compute them again next time, because the weights have changed."""
        self._kept = None


def scores_by(
    model: Any, metrics: Mapping[str, str | Scorer], data: Data, reader: Reader, per_step: bool, words: str
) -> Callable[[], dict[str, float]]:
    """A function that scores data by several metrics with the current weights of a model.

    Scorers of scikit-learn are given checked targets, each step as a sample if steps have targets. Other callables are
    given X and y in the form in which the user passed them.

    Parameters
    ----------
    model : estimator
        Its weights are the vectors that training updates.
    metrics : mapping of str to str or callable
        As in scikit-learn. Sample weights are used if the scorer takes them.
    data : Data
    reader : Reader
        Restores X where its rows are not the samples.
    per_step : bool
        Whether each step has a target.
    words : str
        The data in words, for messages.
    """
    X = reader.restore(data.samples.x) if data.X is None else data.X
    once, quick = RawScoresOnce(model, X), copy.copy(model)
    quick._scored = once
    # Only scorers of scikit-learn are known to do nothing with a model but let it predict.
    each = {
        name: _score_by(quick if metric_of(get_scorer(metric)) else model, metric, X, data, per_step, words)
        for name, metric in metrics.items()
    }

    def scores() -> dict[str, float]:
        once.forget()
        return {name: score() for name, score in each.items()}

    return scores


def _score_by(
    model: BaseEstimator, scoring: str | Scorer, X: Any, data: Data, per_step: bool, words: str
) -> Callable[[], float]:
    scorer = check_scoring(model, scoring)
    methods = response_methods(scorer)
    if methods and not any(hasattr(model, method) for method in methods):
        raise ValueError(f"scoring={scoring!r} calls {' or '.join(methods)}, which {type(model).__name__} lacks.")
    y, weight = data.y, data.samples.sample_weight
    if metric_of(scorer) is not None and data.targets is not None:
        y = data.targets
        if per_step:
            model, y, weight = _with_targets(model, np.concatenate(y), data.samples.target_weight)
        scorer = with_all_classes(scorer, y, getattr(model, "classes_", None))
    weighted = {"sample_weight": weight} if takes_weights(scorer) else {}

    def score() -> float:
        try:
            value = float(scorer(model, X, y, **weighted))
        except (TypeError, ValueError) as error:
            if not methods or isinstance(error, DivergenceError):
                raise
            raise ValueError(f"scoring={scoring!r} cannot score the {words} data: {error}") from error
        if value == -math.inf:
            raise DivergenceError(f"Training diverged: scoring={scoring!r} gives {value} for the {words} data.")
        if not math.isfinite(value):
            raise ValueError(
                f"scoring={scoring!r} gives {value} for the {words} data{_reason(y)}. Give X_val and y_val for which "
                "the score is defined, or choose another scoring."
            )
        return value

    return score


def _with_targets(model: BaseEstimator, y: Array, weight: Array | None) -> tuple[BaseEstimator, Array, Array | None]:
    """A model of steps as samples, with the targets and weights of these; without those that have no target."""
    if weight is None or weight.all():
        return StepsAsSamples(model), y, weight
    kept = np.flatnonzero(weight)
    return StepsAsSamples(model, kept), y[kept], weight[kept]


def step_scorer(scoring: str | Scorer) -> Scorer:
    """Make a scorer in which each step is a sample, for models of steps in searches and cross-validation.

    In `fit`, `scoring` needs no such conversion. In searches, scikit-learn passes y to its metrics unchanged, and these
    reject sequences of labels, or take their steps for outputs.

    Parameters
    ----------
    scoring : str or scorer
        Name of a scorer of scikit-learn, or what `sklearn.metrics.make_scorer` returns.

    Returns
    -------
    scorer : callable
        Called as ``scorer(estimator, X, y, sample_weight=None)``, where each step has the weight of its series.

    Examples
    --------
    >>> from sklearn.model_selection import cross_val_score
    >>> from skneural import RNNSequenceTagger, step_scorer
    >>> X = [[0.0, 1.0, 2.0], [2.0, 0.0], [1.0, 2.0, 0.0, 0.0]] * 4
    >>> y = [[0, 0, 1], [1, 0], [0, 1, 0, 0]] * 4
    >>> model = RNNSequenceTagger(hidden_size=4, max_iter=50, tol=0, learning_rate_init=0.1, random_state=0)
    >>> cross_val_score(model, X, y, scoring=step_scorer("f1_macro"), cv=2)
    array([1., 1.])
    """
    return partial(_score_of_steps, get_scorer(scoring))


def _score_of_steps(
    scorer: Scorer, estimator: BaseEstimator, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None
) -> float:
    n_steps = np.array([len(piece) for piece in (y.to_numpy() if hasattr(y, "to_numpy") else y)])
    steps, (true, weight) = StepsAsSamples(estimator), step_by_step(FitArguments(X, y, sample_weight), n_steps)
    scorer = with_all_classes(scorer, true, getattr(estimator, "classes_", None))
    weighted = {"sample_weight": weight} if weight is not None and takes_weights(scorer) else {}
    return float(scorer(steps, X, true, **weighted))


def takes_weights(scorer: Scorer) -> bool:
    """Return True if a scorer has the parameter `sample_weight`."""
    return "sample_weight" in inspect.signature(metric_of(scorer) or scorer).parameters


def with_all_classes(scorer: Scorer, y: Any, classes: Array | None) -> Scorer:
    """The scorer for probabilities of all classes, some of which do not occur in y.

    Parameters
    ----------
    scorer : scorer of scikit-learn
    y : array
        Checked targets.
    classes : array of shape (n_classes,) or None
        None if the model is no classifier.
    """
    metric, given = metric_of(scorer), metric_parameters(scorer)
    if metric is None or classes is None or y.ndim != 1 or compares_predictions(scorer) or np.isin(classes, y).all():
        return scorer
    one_vs_rest = metric is average_precision_score or (metric is roc_auc_score and given.get("multi_class") == "ovr")
    average = given.get("average", "macro")
    if one_vs_rest and average in ("macro", "weighted") and len(classes) > 2:
        return scorer_with(scorer, partial(_mean_over_classes, metric, classes, average == "weighted"), {})
    takes_labels = "labels" in inspect.signature(metric).parameters
    return scorer_with(scorer, metric, {"labels": classes, **given}) if takes_labels else scorer


def _mean_over_classes(
    metric: Callable[..., float],
    classes: Array,
    weighted: bool,
    y: Array,
    scores: Array,
    sample_weight: Array | None = None,
) -> float:
    """Mean of a metric over those classes that occur in y, each against the rest, and weighted by its size if asked."""
    present = np.flatnonzero(np.isin(classes, y))
    each = [metric(y == classes[k], scores[:, k], sample_weight=sample_weight) for k in present]
    sizes = [np.average(y == classes[k], weights=sample_weight) for k in present]
    return float(np.average(each, weights=sizes if weighted else None))


def _reason(y: Any) -> str:
    """A likely reason for a score that is not defined, after a colon; empty if there is none."""
    if y is not None and num_samples(y) == 1:
        return ": they are a single sample"
    alike = isinstance(y, np.ndarray) and y.ndim == 1 and len(y) > 0 and bool((y == y[0]).all())
    return f": all {len(y)} targets are {y[0]!r}" if alike else ""
