"""The perceptron: one layer."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skneural.hyperparameters import BOOLEAN, INFINITY, Choice, Integer, Number, declare, hyperparameter
from skneural.layers import Chain
from skneural.losses import Loss, MulticlassPerceptronLoss, PerceptronLoss, SoftmaxLogLoss
from skneural.networks.perceptron import perceptron_network
from skneural.ops.types import Array
from skneural.optimizers import SGD, SOLVERS, Optimizer
from skneural.template import solving
from skneural.template.classifier import NeuralClassifier
from skneural.template.run import Run
from skneural.training.train import Observer, Watch


class StopWithoutMistakes(Observer):
    """Stops the step rule when the pocket holds weights that make no mistake."""

    def epoch_ends(self, watch: Watch) -> bool:
        return watch.stopping.best_score >= 1.0


@declare
class PerceptronClassifier(NeuralClassifier):
    """Perceptron: one layer of weights.

    With ``activation="logistic"`` it is the sigmoid or softmax perceptron. Its loss is convex, and the result equals
    ``LogisticRegression(C=1 / (alpha * n_samples))``. With ``activation="step"`` it is Rosenblatt's perceptron [1]_:
    weights change only on mistakes, added up over a batch. It ends when there are no mistakes left, which happens
    if the classes are linearly separable; if not, the weights with the fewest mistakes after an epoch are kept (the
    pocket rule [2]_). Several classes compete as in [3]_. X is (n_samples, n_features), and may be a sparse matrix.

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

    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(perceptron_network)

    activation: str = hyperparameter(
        "logistic",
        Choice("logistic", "step"),
        'What turns scores into predictions: "logistic" (with probabilities) or "step" (Rosenblatt\'s rule).',
        positional=True,
    )
    solver: str = hyperparameter(
        "auto",
        Choice("auto", *SOLVERS, "lbfgs"),
        """Optimizer of the logistic perceptron; "auto" is lbfgs in `fit` and adam in `partial_fit`. The step
        perceptron has its own rule.""",
    )
    alpha: float = hyperparameter(
        1e-4, Number(0), "Strength of the L2 penalty on the weights beside the mean loss; the step rule has none."
    )
    max_iter: int = hyperparameter(1000, Integer(1), "Most epochs, or iterations of lbfgs.")
    tol: float = hyperparameter(
        1e-9,
        Number(0),
        """lbfgs stops when no element of the gradient exceeds this. In other solvers, an epoch improves if its score
        exceeds the best by more than this.""",
    )
    n_iter_no_change: float = hyperparameter(
        100,
        Integer(1) | INFINITY,
        """Training stops after more epochs in a row than this without improvement, which for the step rule means
        fewer mistakes.""",
    )
    early_stopping: bool | str = hyperparameter(
        False, Choice("auto") | BOOLEAN, "As in the other estimators, but off: a single layer hardly overfits."
    )

    attributes_doc = {
        "coef_": ("ndarray of shape (n_outputs_, n_features_in_)", "Weights: a view into `weights_`."),
        "intercept_": ("ndarray of shape (n_outputs_,)", "Biases: a view into `weights_`."),
    }

    @property
    def coef_(self) -> Array:
        return self._only_layer()["weight"].T

    @property
    def intercept_(self) -> Array:
        return self._only_layer()["bias"]

    def _only_layer(self) -> dict[str, Array]:
        check_is_fitted(self)
        return self._parameters()[0]

    # --- what is otherwise than in other families -----------------------------------------------------

    def _gives_probabilities(self) -> bool:
        step = self.out_activation_ == "identity" if self.__sklearn_is_fitted__() else self.activation == "step"
        if step:
            raise AttributeError('a perceptron with activation="step" has no probabilities; use activation="logistic"')
        return True

    def _loss(self) -> tuple[Loss, int]:
        loss, n_outputs = self._targets.loss(self)
        if self.activation == "logistic":
            return loss, n_outputs
        compete = isinstance(loss, SoftmaxLogLoss)
        return (MulticlassPerceptronLoss(n_outputs) if compete else PerceptronLoss()), n_outputs

    def _penalty(self, weight_of_batch: float) -> float:
        return self.alpha if self.activation == "logistic" and self.solver != "adamw" else 0.0

    def _solver(self, one_pass: bool) -> str:
        if self.activation == "step":
            return "sgd"
        if self.solver == "auto":
            return "adam" if one_pass else "lbfgs"
        return self.solver

    def _optimizer(self, solver: str, n_penalized: int) -> Optimizer:
        if self.activation == "step":
            return SGD(momentum=0.0, nesterov=False)
        return solving.optimizer(self, solver, n_penalized)

    def _training_score(self, run: Run) -> Callable[[float], float]:
        if self.activation == "logistic":
            return operator.neg
        return lambda loss_value: self._share_right(run)

    def _observers(self, run: Run) -> Sequence[Observer]:
        return [StopWithoutMistakes()] if self.activation == "step" else []

    def _share_right(self, run: Run) -> float:
        """Share of samples, by weight, without a mistake: what the pocket rule goes by."""
        y = run.samples.y.values
        raw = self._raw(run.weights.tree, run.samples.x)
        right = raw.argmax(axis=1) == y if y.ndim == 1 else ((raw > 0) == (y > 0)).all(axis=1)
        return float(np.average(right, weights=run.samples.sample_weight))
