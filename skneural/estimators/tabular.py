"""Networks for tables of numbers and categories, strong by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from skneural.hyperparameters import INFINITY, NONE, Choice, Integer, Number, Sizes, declare, hyperparameter
from skneural.inputs import InputKind, MixedTable, MixedTableFields
from skneural.layers import Chain
from skneural.losses import BinaryLogLoss, Loss, MemberLoss, SoftmaxLogLoss
from skneural.networks.tabular import EMBEDDINGS, tabular_network
from skneural.ops.pointwise import ACTIVATIONS
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import Mixin
from skneural.template.regressor import NeuralRegressor


@declare
class TabularFields(MixedTableFields, Mixin):
    """What `TabularMLPClassifier` and `TabularMLPRegressor` share."""

    _input_kind: ClassVar[InputKind] = MixedTable()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(tabular_network)

    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        (256, 256, 256), Sizes(1), "Units of each hidden layer; () for a linear model of the embedded features."
    )
    activation: str = hyperparameter("mish", Choice(*ACTIVATIONS), "Function after each hidden layer.")
    dropout: float = hyperparameter(
        0.15, Number(0, 1, below=True), "Share of hidden activations dropped at each training step."
    )
    embedding: str | None = hyperparameter(
        "periodic",
        Choice(*EMBEDDINGS) | NONE,
        """What becomes of each number before the first hidden layer: "periodic" for sums of learned waves,
        "piecewise_linear" for learned curves that bend at quantiles, each beside the number itself; None for the number
        alone.""",
    )
    embedding_size: int = hyperparameter(4, Integer(2), "Features that each number becomes, itself being one of them.")
    n_members: int = hyperparameter(
        1,
        Integer(1),
        """Members of an ensemble that share their hidden layers in one network; their predictions are averaged.""",
    )
    solver: str = hyperparameter("adamw", Choice("sgd", "adam", "adamw", "rmsprop", "lbfgs"), "Optimizer.")
    learning_rate_init: float = hyperparameter(2e-3, Number(0, above=True), "Step size; lbfgs finds its own.")
    learning_rate: str = hyperparameter(
        "cosine", Choice("constant", "invscaling", "adaptive", "cosine", "one_cycle"), "x"
    )
    max_iter: int = hyperparameter(60, Integer(1), "Most epochs (passes over the data), or iterations of lbfgs.")
    n_iter_no_change: float = hyperparameter(
        float("inf"), Integer(1) | INFINITY, "Training stops after more epochs in a row than this without improvement."
    )
    alpha: float = hyperparameter(1e-2, Number(0), "Weight decay.")

    @property
    def link(self) -> str:
        """Name of what turns raw scores into predictions."""
        return self._loss()[0].link_name

    def _loss(self) -> tuple[Loss, int]:
        loss, n_outputs = super()._loss()
        return MemberLoss(loss), n_outputs


@declare
class TabularMLPClassifier(TabularFields, NeuralClassifier):
    """Classifier for tables."""

    label_smoothing: float = hyperparameter(
        0.0, Number(0, 1, below=True), "Share of each sample that training gives to all classes alike."
    )

    def _loss(self) -> tuple[Loss, int]:
        loss, n_outputs = NeuralClassifier._loss(self)
        assert isinstance(loss, BinaryLogLoss | SoftmaxLogLoss)
        return MemberLoss(replace(loss, smoothing=self.label_smoothing)), n_outputs


@declare
class TabularMLPRegressor(TabularFields, NeuralRegressor):
    """Regressor for tables."""
