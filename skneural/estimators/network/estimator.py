"""Estimators of networks that users bring."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from sklearn.utils import Tags

from skneural.data import Samples
from skneural.estimators.network.network import (
    PREFIX,
    AnyNetwork,
    arguments_of_function,
    function_name,
    in_words,
    network_of_function,
)
from skneural.estimators.network.reader import READER_OF_KIND, KindOptions, ReaderOfKind
from skneural.hyperparameters import CALLABLE, Choice, declare, hyperparameter
from skneural.layers import Layer
from skneural.parameters import Tree
from skneural.readers import IMAGE_SHAPE, Reader, vocabulary_size_hyperparameter
from skneural.tasks import Task
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import Mixin
from skneural.template.frozen_layers import with_frozen_names
from skneural.template.problem import Network
from skneural.template.regressor import NeuralRegressor
from skneural.template.training import network_output

_Class = TypeVar("_Class", bound=type)


def takes_arguments_of_network(cls: _Class) -> _Class:
    """Class decorator: the constructor also takes hyper-parameters that begin with "network__".

    The signature does not have them, because they depend on the function.
    """
    construct = cls.__init__  # type: ignore[misc]

    @functools.wraps(construct)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        nested = {name: kwargs.pop(name) for name in list(kwargs) if name.startswith(PREFIX)}
        construct(self, *args, **kwargs)
        self._arguments_of_network = _without_prefix(nested)

    cls.__init__ = __init__  # type: ignore[misc]
    return cls


@declare
class NetworkFields(Mixin):
    """Hyper-parameters of `NetworkClassifier` and `NetworkRegressor`."""

    _reader_class: ClassVar[type[Reader]] = ReaderOfKind
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(network_of_function)

    if TYPE_CHECKING:
        _arguments_of_network: dict[str, Any]

    network: AnyNetwork = hyperparameter(
        constraint=CALLABLE,
        doc="""Function that returns a network: a layer of `skneural.layers`, such as a `Chain`. It is given those
        shapes of the table above that it has parameters for. Its further parameters are hyper-parameters with the
        prefix ``network__``, such as ``network__width=64``, in the constructor, `set_params` and searches; without
        them, the defaults of the function apply.""",
        kw_only=False,
    )
    kind: str = hyperparameter(
        default="table", constraint=Choice(*READER_OF_KIND), doc="Kind of X, which determines the shapes and the input."
    )
    image_shape: str | Sequence[int] = hyperparameter(
        default="auto",
        constraint=IMAGE_SHAPE,
        doc="""Shape of an image, (height, width) or (height, width, channels), with ``kind="images"``. "auto": from X
        if it has three or four axes; rows with a square number of features are square grey images, other rows are
        images of height one.""",
    )
    vocabulary_size: int | str | None = vocabulary_size_hyperparameter()

    shared_doc = {
        "any_network": """
        Everything else is as in other estimators: early stopping, solvers, schedules, callbacks, partial_fit, files,
        `skneural.streaming.fit`. The guide `docs/how_to/own_network.md` builds three networks, and a layer.

        ============  ==================================  ==================================================
        `kind`        shapes that the function may take   input of the network
        ============  ==================================  ==================================================
        "table"       n_features_in, n_out                (n, n_features_in), dense, or a sparse matrix
        "images"      height, width, channels,            (n, height, width, channels)
                      n_features_in, n_out
        "series"      n_features, n_features_in, n_out    (n, steps, n_features), padded if lengths differ
        "tokens"      vocabulary_size, n_out              (n, steps), integers, padded if lengths differ
        ============  ==================================  ==================================================

        The output of the network is raw scores of shape (n, n_out), without a softmax or a logistic function: `n_out`
        is one for two classes, the number of classes for more, and the number of labels or targets. Nothing is done to
        X before: begin with a layer `Standardization` if pixels or sensors are not scaled. Images are ordered as above,
        and convolutions take them from `BatchLast` on; recurrent layers take series from `StepsFirst` on.

        A model is pickled with the name of the function, which must therefore be defined at the top of a module.
        """,
        "any_X": """
        X is what `kind` says: a table, dense or a sparse matrix; images (n_samples, height, width, channels), or rows
        of pixels; series (n_samples, steps, features), (n_samples, steps), or a list of arrays whose lengths may
        differ; or sequences of integer tokens.
        """,
    }

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the hyper-parameters, with those of the function that were set.

        Parameters
        ----------
        deep : bool, default=True
            As in scikit-learn.

        Returns
        -------
        params : dict of str to object
        """
        return super().get_params(deep) | {
            PREFIX + name: value for name, value in sorted(self._arguments_of_network.items())
        }

    def set_params(self, **params: Any) -> Self:
        """Set hyper-parameters, also those of the function.

        Parameters
        ----------
        **params : object
            By name.

        Returns
        -------
        self : object
        """
        nested = {name: params.pop(name) for name in list(params) if name.startswith(PREFIX)}
        super().set_params(**params)
        self._arguments_of_network = self._arguments_of_network | _without_prefix(nested)
        return self

    def _check_together(self) -> None:
        if (self.kind == "tokens") != (self.vocabulary_size is not None):
            raise ValueError(
                f"vocabulary_size is the number of tokens with kind='tokens', and None with other kinds; got "
                f"{self.vocabulary_size} with kind={self.kind!r}."
            )
        if self.kind != "images" and not isinstance(self.image_shape, str):
            raise ValueError(f"image_shape={self.image_shape} is for kind='images'; kind is {self.kind!r}.")

    def _reader_options(self) -> KindOptions:
        return KindOptions(self.kind, self.image_shape, self.vocabulary_size)

    def _network_arguments(self, shapes: dict[str, Any]) -> dict[str, Any]:
        shapes = dict(shapes)
        x_shape = shapes.pop("x_shape")
        arguments = arguments_of_function(self.network, shapes, self._arguments_of_network)
        whole = {"network": self.network, "x_shape": x_shape, "n_out": shapes["n_out"], "arguments": arguments}
        return with_frozen_names(network_of_function, whole, self._hyperparameters())

    def _initialize(self, network: Network, tree: Tree, samples: Samples, task: Task, reader: Reader) -> None:
        self._try(network, tree, samples)
        super()._initialize(network, tree, samples, task, reader)

    def _try(self, network: Network, tree: Tree, samples: Samples) -> None:
        """Raise if the network cannot compute two samples, or its output is not what its layers declare."""
        x, owner = samples.x[:2], function_name(self.network)
        try:
            output = network_output(network.layer, tree, x, len(x), 1)
        except (ValueError, TypeError, IndexError, KeyError, AttributeError, AssertionError) as error:
            shape = getattr(x.as_batch()[0], "shape", ())
            raise ValueError(
                f"The network that {owner} returns cannot compute X of shape {in_words(shape)}: "
                f"{type(error).__name__}: {error}"
            ) from error
        expected = (len(x), network.arguments["n_out"])
        if output.shape != expected:
            raise ValueError(
                f"The network that {owner} returns has an output of shape {in_words(output.shape)} for {len(x)} "
                f"samples of X, and its layers declare {in_words(expected)}: the method shape of a layer is wrong, "
                "which skneural.testing.check_layer shows."
            )

    def __sklearn_tags__(self) -> Tags:
        tags = cast(Tags, super().__sklearn_tags__())
        if self.kind in READER_OF_KIND:  # otherwise `fit` says so
            READER_OF_KIND[self.kind].set_tags(tags)
        return tags


def _without_prefix(nested: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(PREFIX): value for name, value in nested.items()}


@takes_arguments_of_network
@declare
class NetworkClassifier(NetworkFields, NeuralClassifier):
    """Classifier by a network that the user brings.

    {any_X}

    y is class labels, or a multilabel matrix of zeros and ones.

    {any_network}

    {parameters}

    {attributes}

    See Also
    --------
    skneural.testing.check_layer : Check that a layer follows the protocol of layers.
    skneural.testing.check_gradients : Check the gradients of a layer or network.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skneural import NetworkClassifier
    >>> from skneural.layers import Activation, Chain, Dense
    >>> def two_layers(n_features_in, n_out, width=16, function="tanh"):
    ...     return Chain(Dense(n_features_in, width), Activation(function), Dense(width, n_out))
    >>> X, y = load_iris(return_X_y=True)
    >>> model = NetworkClassifier(two_layers, network__function="relu", solver="lbfgs", random_state=0)
    >>> search = GridSearchCV(model, {"network__width": [4, 16]}, cv=3).fit(X, y)
    >>> search.score(X, y) > 0.95
    True
    """

    if TYPE_CHECKING:  # the signature of the generated constructor has no hyper-parameters of the function

        def __init__(self, network: AnyNetwork, **hyperparameters: Any) -> None: ...


@takes_arguments_of_network
@declare
class NetworkRegressor(NetworkFields, NeuralRegressor):
    """Regressor by a network that the user brings.

    {any_X}

    y has shape (n_samples,) or (n_samples, n_outputs); there are no targets for each step of a series, which
    `RNNSequenceRegressor` and others have. With several quantiles, `n_out` is their number times that of the targets,
    and with ``loss="gaussian"`` twice that of the targets: the means, then the logarithms of the variances.

    {any_network}

    `partial_fit` scales y by its mean and deviation so far, for which the output layer is rescaled: it must be `Dense`
    or another layer that defines `rescale_output`, or ``normalize_y=False``.

    {parameters}

    {attributes}

    See Also
    --------
    skneural.testing.check_layer : Check that a layer follows the protocol of layers.
    skneural.testing.check_gradients : Check the gradients of a layer or network.

    Examples
    --------
    A linear map beside hidden layers, whose outputs are added:

    >>> from sklearn.datasets import load_diabetes
    >>> from skneural import NetworkRegressor
    >>> from skneural.layers import Activation, Chain, Dense, Residual
    >>> def wide_and_deep(n_features_in, n_out, width=16):
    ...     deep = Chain(Dense(n_features_in, width), Activation("silu"), Dense(width, n_out))
    ...     return Residual(deep, shortcut=Dense(n_features_in, n_out, "zeros", bias=None))
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = NetworkRegressor(wide_and_deep, network__width=8, solver="lbfgs", random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.5
    True
    """

    if TYPE_CHECKING:  # the signature of the generated constructor has no hyper-parameters of the function

        def __init__(self, network: AnyNetwork, **hyperparameters: Any) -> None: ...
