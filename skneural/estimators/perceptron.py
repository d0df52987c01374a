"""Perceptron classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skneural.hyperparameters import BOOLEAN, INFINITY, Choice, Integer, Number, declare, hyperparameter
from skneural.layers import Layer
from skneural.losses import Loss, MulticlassPerceptronLoss, PerceptronLoss, SoftmaxLogLoss
from skneural.networks.perceptron import perceptron_network
from skneural.ops.types import Array
from skneural.optimizers import Optimizer
from skneural.parameters import Tree
from skneural.tasks import Classes, ClassOptions, Task
from skneural.template.classifier import NeuralClassifier
from skneural.template.problem import Problem
from skneural.template.settings import TrainingSettings
from skneural.template.training import raw_scores
from skneural.template.values import solver_hyperparameter
from skneural.training.train import Observer, TrainingMonitor


class StopWithoutMistakes(Observer):
    """Stops training when the best weights make no mistake on the training samples."""

    def epoch_ends(self, monitor: TrainingMonitor) -> bool:
        return monitor.stopping.best_score >= 1.0


@dataclass(frozen=True)
class PerceptronOptions(ClassOptions):
    """Hyper-parameters of the task of perceptrons.

    Attributes
    ----------
    activation : str
        "logistic" or "step".
    """

    activation: str = "logistic"


@dataclass(frozen=True)
class PerceptronClasses(Classes):
    """Classification by log loss, or by Rosenblatt's rule."""

    options: PerceptronOptions

    def loss(self) -> tuple[Loss, int]:
        loss, n_outputs = super().loss()
        if self.options.activation == "logistic":
            return loss, n_outputs
        several = isinstance(loss, SoftmaxLogLoss)
        return (MulticlassPerceptronLoss(n_outputs) if several else PerceptronLoss()), n_outputs


@declare
class PerceptronClassifier(NeuralClassifier):
    """Perceptron classifier: a single layer of weights.

    With ``activation="logistic"``, the loss is convex, and the result equals
    ``LogisticRegression(C=1 / (alpha * n_samples))``. With ``activation="step"``, it is Rosenblatt's perceptron [1]_:
    the weights are updated by the misclassified samples of each batch only. Training stops when no sample is
    misclassified, which happens if the classes are linearly separable; otherwise the weights of the epoch with the
    fewest mistakes are kept (the pocket algorithm [2]_). For more than two classes, the updates are those of [3]_.

    X has shape (n_samples, n_features), a dense array or a sparse matrix. y is class labels, or a multilabel matrix of
    zeros and ones.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] Rosenblatt. "The perceptron: a probabilistic model for information storage and organization in the
       brain". Psychological Review 65, 1958.
    .. [2] Gallant. "Perceptron-based learning algorithms". IEEE Transactions on Neural Networks 1, 1990.
    .. [3] Crammer and Singer. "Ultraconservative online algorithms for multiclass problems". JMLR 3, 2003.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skneural import PerceptronClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = PerceptronClassifier(alpha=1e-3).fit(X, y)
    >>> model.coef_.shape
    (3, 4)
    >>> model.score(X, y) > 0.96
    True
    """

    _task_class: ClassVar[type[Task]] = PerceptronClasses
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(perceptron_network)

    activation: str = hyperparameter(
        default="logistic",
        constraint=Choice("logistic", "step"),
        doc='Output function: "logistic", with probabilities, or "step", Rosenblatt\'s rule without probabilities.',
        kw_only=False,
    )
    solver: str | Optimizer = solver_hyperparameter(
        "auto",
        """Optimizer, with ``activation="logistic"``. "auto": lbfgs in `fit`, and adam in `partial_fit`. Not used with
        ``activation="step"``.""",
        "auto",
    )
    alpha: float = hyperparameter(
        default=1e-4,
        constraint=Number(0),
        doc='Strength of the L2 penalty on the weights, added to the mean loss. Not used with ``activation="step"``.',
    )
    max_iter: int = hyperparameter(
        default=1000, constraint=Integer(1), doc="Maximum number of epochs, or of iterations of lbfgs."
    )
    tol: float = hyperparameter(
        default=1e-9,
        constraint=Number(0),
        doc="""lbfgs stops when all elements of the gradient are below `tol`. With other solvers, the score of an epoch
        must exceed the best by more than `tol` to count as an improvement.""",
    )
    n_iter_no_change: float = hyperparameter(
        default=100,
        constraint=Integer(1) | INFINITY,
        doc="""Training stops after more than this number of consecutive epochs without improvement: of the loss or,
        with ``activation="step"``, of the number of mistakes.""",
    )
    early_stopping: bool | str = hyperparameter(
        default=False,
        constraint=Choice("auto") | BOOLEAN,
        doc="Whether training stops when the score of held-out data stops improving; off: one layer hardly overfits.",
        automatic=1000,
    )

    attributes_doc = {
        "coef_": ("ndarray of shape (n_outputs_, n_features_in_)", "Weights, as a view into `weights_`."),
        "intercept_": ("ndarray of shape (n_outputs_,)", "Biases, as a view into `weights_`."),
    }

    @property
    def coef_(self) -> Array:
        return self._only_layer()["weight"].T

    @property
    def intercept_(self) -> Array:
        return self._only_layer()["bias"]

    def _only_layer(self) -> dict[str, Array]:
        check_is_fitted(self)
        return self._parameters()["output"]

    # --- hooks ------------------------------------------------------------------------------------------

    def _gives_probabilities(self) -> bool:
        fitted = self.__sklearn_is_fitted__()
        if (self._task.options if fitted else self).activation == "step":
            raise AttributeError('a perceptron with activation="step" has no probabilities; use activation="logistic"')
        return True

    def _task_options(self) -> PerceptronOptions:
        return PerceptronOptions(self.class_weight, self.activation)

    def _settings(self, one_pass: bool) -> TrainingSettings:
        settings = super()._settings(one_pass)
        if self.activation == "step":
            return replace(settings, solver="sgd", momentum=0.0, nesterovs_momentum=False, alpha=0.0)
        automatic = "adam" if one_pass else "lbfgs"
        return replace(
            settings,
            solver=automatic if self.solver == "auto" else self.solver,
            penalty_per_sample=False,
        )

    def _training_score(self, problem: Problem) -> Callable[[float, Tree], float]:
        if self.activation == "logistic":
            return super()._training_score(problem)
        return lambda loss, tree: _accuracy(problem, tree, self.n_jobs)

    def _observers(self, problem: Problem) -> Sequence[Observer]:
        return [StopWithoutMistakes()] if self.activation == "step" else []


def _accuracy(problem: Problem, tree: Tree, n_jobs: int | None) -> float:
    """Weighted accuracy on the training samples, by which the pocket algorithm selects weights."""
    y = problem.samples.y.values
    raw = raw_scores(problem, tree, problem.samples.x, n_jobs)
    correct = raw.argmax(axis=1) == y if y.ndim == 1 else ((raw > 0) == (y > 0)).all(axis=1)
    return float(np.average(correct, weights=problem.samples.target_weight))
