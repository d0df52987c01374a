"""Hidden features of supervised estimators: methods that make them transformers to the outputs of a layer.

`SupervisedEstimator` takes the methods as attributes.
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils import TransformerTags
from sklearn.utils.validation import check_is_fitted

from skneural.layers import (
    Chain,
    Flatten,
    GlobalPooling,
    GraphPooling,
    Layer,
    PixelScores,
    RealSteps,
    RowsFirst,
    SelectNodes,
    StepPooling,
)
from skneural.layers.layer import PREDICTING, AnyShape, Context
from skneural.layers.traversal import find, named
from skneural.layers.truncation import before_output, up_to, without_joined_steps
from skneural.ops.types import Matrix
from skneural.parameters import Tree
from skneural.readers import steps_like
from skneural.sklearn_compat import SetOutputMixin, in_output_container
from skneural.template.estimator import NeuralEstimator
from skneural.template.summary import NamedShape, named_shapes, output_shape
from skneural.template.training import network_output

get_feature_names_out = ClassNamePrefixFeaturesOutMixin.get_feature_names_out
set_output = SetOutputMixin.__dict__["set_output"]
WRAPPED = frozenset({"transform"})  # methods whose output `set_output` decides


def transform(self, X, layer=None, *, per_step=None):
    """Hidden features of samples: what enters the output layer, or the output of another layer.

    Parameters
    ----------
    X : array-like of n_samples rows
    layer : str, default=None
        Name of a layer, as in `summary`, or a part of such a name in front of a dot. None: the input of the output
        layer; several networks (`n_members`, `n_cv`) have one each, side by side. The linear path of `linear_skip`
        does not belong to it.
    per_step : bool, default=None
        For series: whether each step has a row. If not, the steps are pooled as by the network: to the last real
        step or to the maximum, and otherwise to their mean. None: if the targets are those of steps.

    Returns
    -------
    features : ndarray of shape (n_samples, n_features_out), or (n_samples, steps, n_features_out), or list
        With several axes, such as those of feature maps, flattened. For each step, or each pixel of images with
        targets of pixels, in the form of `predict`: a list if X is a list. The precision is that of training.

    Raises
    ------
    ValueError
        If there is no such layer, or it has no steps.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skneural import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((16, 8), solver="lbfgs", random_state=0).fit(X, y)
    >>> model.transform(X).shape, model.transform(X, layer="hidden_1").shape
    ((150, 8), (150, 16))
    """
    check_is_fitted(self)
    of_steps = self._task.per_step if per_step is None else bool(per_step)
    network = _hidden_network(self, layer, of_steps)
    tree = {"layers": self._parameters(), "rows": network["rows"].parameters()}
    x = self._read(X)
    rows = network_output(network, tree, x, self._reader.rows_per_block(x), self.n_jobs)
    if not of_steps:
        return in_output_container(self, rows, X, _names_of_features(self, layer, rows.shape[1]))
    return self._task.like_input(rows, x, X) if _has_pixels(network) else steps_like(rows, x, X)


def fit_transform(self, X, y, **fit_params):
    """Fit the network, and return the hidden features of X.

    Parameters
    ----------
    X : array-like of n_samples rows
    y : array-like
        Targets, as in `fit`.
    **fit_params
        Further arguments of `fit`.

    Returns
    -------
    features : ndarray of shape (n_samples, n_features_out), or as in `transform`
    """
    return self.fit(X, y, **fit_params).transform(X)


def n_features_out(self) -> int:
    """Number of features of `transform` with its defaults."""
    network = _hidden_network(self, None, self._task.per_step)
    n = output_shape(network, self._input_shape)[-1]
    assert isinstance(n, int)
    return n


def tags_of_transformers() -> TransformerTags:
    """Tags of transformers whose output has the precision of X."""
    return TransformerTags(preserves_dtype=["float64", "float32"])


def _names_of_features(estimator: NeuralEstimator, layer: str | None, n: int) -> list[str]:
    prefix = type(estimator).__name__.lower() + ("" if layer is None else f"_{layer}_")
    return [f"{prefix}{i}" for i in range(n)]


def _hidden_network(estimator: NeuralEstimator, name: str | None, of_steps: bool) -> Chain:
    """The layers up to the named one, and what makes rows of its output."""
    network, x_shape = estimator._network.layer, estimator._input_shape
    layers = before_output(network) if name is None else up_to(network, _path(network, name))
    shape = output_shape(layers, x_shape)
    if _has_pixels(network):
        if not of_steps or shape[0] != output_shape(network, x_shape)[0]:
            raise ValueError(
                f"The layer {name or 'before the output'} has no row for each pixel: its maps have another size or "
                "order. Name one of the layers before the output, without per_step=False."
            )
        return Chain(layers=layers, rows=Chain())
    layers = without_joined_steps(layers)
    shape = output_shape(layers, x_shape)
    has_steps = any("steps" in str(n) for n in shape)
    if of_steps and not has_steps:
        having = [each for each, one in named_shapes(network, x_shape).items() if any("steps" in str(n) for n in one)]
        raise ValueError(
            f"per_step=True, but {'the last hidden layer' if name is None else name} has no steps. These layers have: "
            f"{', '.join(having) or 'none'}."
        )
    rows = _rows_of_steps(network, shape, of_steps) if has_steps else _rows_of_samples(network, layers, shape)
    return Chain(layers=layers, rows=Chain(rows))


def _path(network: Layer, name: str) -> list[str]:
    names = [each for each, _, _ in named(network, network.parameters()) if each]
    if name not in names:
        near = get_close_matches(str(name), names) or names
        raise ValueError(f"The network has no layer {name!r}; it has {', '.join(near)}.")
    return name.split(".")


def _rows_of_steps(network: Layer, shape: NamedShape, of_steps: bool) -> dict[str, Layer]:
    """Layers from an output with steps to a row for each step, or for each series."""
    axes: dict[str, Layer] = {} if shape[0] == "n" else {"axes": RowsFirst()}
    return axes | {"steps": RealSteps() if of_steps else StepPooling(_pooling(network))}


def _pooling(network: Layer) -> str:
    """The function by which a network pools steps: the last step and the maximum, or else the mean.

    Where the two directions of a network end at different steps, no single step has seen the whole series.
    """
    tree = network.parameters()
    functions = {layer.function for layer, _ in find(network, tree, StepPooling)}
    functions |= {layer.function for layer, _ in find(network, tree, GlobalPooling)}
    return functions.pop() if functions in ({"last"}, {"max"}) else "mean"


def _rows_of_samples(network: Layer, layers: Layer, shape: NamedShape) -> dict[str, Layer]:
    """Layers from any other output to a row for each sample."""
    if shape[-1] == "n" and len(shape) > 1:  # feature maps
        return {"flatten": Flatten()}
    rows: dict[str, Layer] = {}
    for name, kind in (("pooling", GraphPooling), ("nodes", SelectNodes)):
        there, done = (find(part, part.parameters(), kind) for part in (network, layers))
        if there and not done:
            rows[name] = there[0][0]
    return rows | {"flatten": _DenseRows()}


def _has_pixels(network: Layer) -> bool:
    return bool(find(network, network.parameters(), PixelScores))


@dataclass(frozen=True)
class _DenseRows(Layer):
    """Dense rows with a single axis of features, also of sparse ones."""

    def predict(self, p: Tree, x: Matrix, context: Context = PREDICTING) -> Any:
        return x.reshape(len(x), -1) if isinstance(x, np.ndarray) else x.toarray()

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[0], functools.reduce(operator.mul, x_shape[1:])
