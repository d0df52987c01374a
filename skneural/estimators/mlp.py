"""Multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from sklearn.utils.validation import check_is_fitted

from skneural.hyperparameters import BOOLEAN, Choice, Number, Sizes, declare, hyperparameter
from skneural.layers import Chain, Dense
from skneural.layers.traversal import find
from skneural.networks.mlp import mlp_network
from skneural.ops.pointwise import ACTIVATIONS
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import Mixin
from skneural.template.regressor import NeuralRegressor


@declare
class MLPFields(Mixin):
    """What `MLPClassifier` and `MLPRegressor` share."""

    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(mlp_network)

    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        (100,), Sizes(1), "Units of each hidden layer; () for a linear model.", positional=True
    )
    activation: str = hyperparameter("relu", Choice(*ACTIVATIONS), "Function after each hidden layer.", positional=True)
    dropout: float = hyperparameter(
        0.0, Number(0, 1, below=True), "Share of hidden activations dropped at each training step."
    )
    batch_norm: bool = hyperparameter(False, BOOLEAN, "Whether to normalize each hidden layer over the batch.")
    residual: bool = hyperparameter(
        False,
        BOOLEAN,
        "Whether to add each hidden layer's input to its output, through a linear projection where widths differ.",
    )

    early_stopping: bool | str = hyperparameter(
        "auto",
        Choice("auto") | BOOLEAN,
        """Whether training stops when the score of held-out data stops improving, instead of the training loss.
        "auto": if `X_val` is given, or from 20000 samples on unless the solver is lbfgs.""",
    )

    # The default MLP hardly overfits, and misses the samples: holding a tenth out lowered its score on all benchmark
    # sets of 700 to 10 000 rows that were tried, and on letter (18 000) from .955 to .950 (benchmarks/tabular.py).
    _early_stopping_from: ClassVar[float] = 20_000

    attributes_doc = {
        "coefs_": (
            "list of ndarrays of shape (n_in, n_out)",
            "Weight matrix of each layer: views into `weights_`, without the projections of `residual`.",
        ),
        "intercepts_": ("list of ndarrays of shape (n_out,)", "Bias of each layer: views into `weights_`."),
        "n_layers_": ("int", "Number of layers, counting input and output."),
    }

    @property
    def coefs_(self) -> list[Array]:
        return [p["weight"] for p in self._dense_parameters()]

    @property
    def intercepts_(self) -> list[Array]:
        return [p["bias"] for p in self._dense_parameters()]

    @property
    def n_layers_(self) -> int:
        return len(self.coefs_) + 1

    def _dense_parameters(self) -> list[Tree]:
        check_is_fitted(self)
        layers = find(self._network.layer, self._parameters(), Dense)
        return [p for layer, p in layers if layer.bias is not None]  # projections have no bias


@declare
class MLPClassifier(MLPFields, NeuralClassifier):
    """Multilayer perceptron classifier.

    Fully connected layers trained by backpropagation [1]_. It takes the place of scikit-learn's `MLPClassifier`:
    the same names mean the same. Beyond that it has class weights, dropout, batch normalization, residual
    connections, more activations, solvers and schedules, validation data of your own, and always keeps the best
    epoch. Two classes share one logistic output, several have a softmax, a multilabel y one logistic output each. X is
    (n_samples, n_features), and may be a sparse matrix, which stays sparse.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] Rumelhart, Hinton and Williams. "Learning representations by back-propagating errors".
       Nature 323, 1986.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skneural import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = make_pipeline(StandardScaler(), MLPClassifier((64,), dropout=0.2, random_state=0))
    >>> model.fit(X_train, y_train).score(X_test, y_test) > 0.96
    True
    """


@declare
class MLPRegressor(MLPFields, NeuralRegressor):
    """Multilayer perceptron regressor.

    Fully connected layers trained by backpropagation [1]_. It takes the place of scikit-learn's `MLPRegressor`:
    the same names mean the same. Beyond that it scales targets by itself, has more losses, activations, solvers and
    schedules, dropout, batch normalization, residual connections, validation data of your own, and always keeps
    the best epoch. X is (n_samples, n_features), and may be a sparse matrix, which stays sparse.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] Rumelhart, Hinton and Williams. "Learning representations by back-propagating errors".
       Nature 323, 1986.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skneural import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), MLPRegressor(32, activation="silu", max_iter=500, random_state=0))
    >>> model.fit(X, y).score(X, y) > 0.5
    True
    """
