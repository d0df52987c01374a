"""Multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from sklearn.utils.validation import check_is_fitted

from skneural.hyperparameters import BOOLEAN, Number, Sizes, declare, hyperparameter
from skneural.layers import Dense, Layer
from skneural.layers.traversal import find
from skneural.networks.mlp import mlp_network
from skneural.ops.pointwise import AnyActivation
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.template.automatic import early_stopping_hyperparameter
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import Mixin
from skneural.template.regressor import NeuralRegressor
from skneural.template.values import ACTIVATION, OTHER_ACTIVATIONS


@declare
class MLPFields(Mixin):
    """Hyper-parameters of `MLPClassifier` and `MLPRegressor`."""

    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(mlp_network)

    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        default=(100,),
        constraint=Sizes(1),
        doc="Number of units of each hidden layer; () for a linear model.",
        kw_only=False,
    )
    activation: AnyActivation = hyperparameter(
        default="relu",
        constraint=ACTIVATION,
        doc=f"Activation function of the hidden layers. {OTHER_ACTIVATIONS}",
        kw_only=False,
    )
    dropout: float = hyperparameter(
        default=0.0,
        constraint=Number(0, 1, below=True),
        doc="Fraction of hidden activations dropped at each training step.",
    )
    batch_norm: bool = hyperparameter(
        default=False, constraint=BOOLEAN, doc="Whether to add batch normalization to each hidden layer."
    )
    residual: bool = hyperparameter(
        default=False,
        constraint=BOOLEAN,
        doc="Whether to add each hidden layer's input to its output, through a linear projection where widths differ.",
    )
    linear_skip: bool = hyperparameter(
        default=False,
        constraint=BOOLEAN,
        doc="""Whether to add a linear map from the features to the raw scores, trained with the hidden layers, which
        then learn what is not linear.""",
    )

    # The default MLP hardly overfits, and held-out samples are missing in training: holding out a tenth lowered the
    # score on all benchmark sets of 700 to 10 000 rows, on letter (18 000) from .955 to .950 (benchmarks/tabular.py).
    early_stopping: bool | str = early_stopping_hyperparameter(20_000)

    attributes_doc = {
        "coefs_": (
            "list of ndarrays of shape (n_in, n_out)",
            """Weight matrices of the layers, as views into `weights_`; without the projections of `residual` and the
            map of `linear_skip`.""",
        ),
        "intercepts_": ("list of ndarrays of shape (n_out,)", "Biases of the layers, as views into `weights_`."),
        "n_layers_": ("int", "Number of layers, including the input and output layers."),
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

    Fully connected layers trained by backpropagation [1]_. A replacement for
    `sklearn.neural_network.MLPClassifier`, with the same names for the same hyper-parameters. It adds class weights,
    dropout, batch normalization, residual connections, more activations, solvers and schedules, user-supplied
    validation data, and keeps the weights of the best epoch.

    X has shape (n_samples, n_features), a dense array or a sparse matrix, which is not made dense. y is class
    labels, or a multilabel matrix of zeros and ones. The output is logistic for two classes, a softmax for more,
    and logistic for each label of a multilabel y. Scale the features, for instance with `StandardScaler`.

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

    Fully connected layers trained by backpropagation [1]_. A replacement for
    `sklearn.neural_network.MLPRegressor`, with the same names for the same hyper-parameters. It adds more losses,
    activations, solvers and schedules, dropout, batch normalization, residual connections, user-supplied validation
    data, and keeps the weights of the best epoch.

    X has shape (n_samples, n_features), a dense array or a sparse matrix, which is not made dense. y has shape
    (n_samples,) or (n_samples, n_outputs), and is standardized internally. Scale the features, for instance with
    `StandardScaler`.

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
