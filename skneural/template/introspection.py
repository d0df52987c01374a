"""Access to the network of a fitted estimator, for `skneural.inspection`."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skneural.layers import PREDICTING
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.template.estimator import NeuralEstimator
from skneural.template.problem import built


def checked_array(estimator: NeuralEstimator, X: object) -> Array:
    """Input of the network of a fitted estimator for X."""
    check_is_fitted(estimator)
    x: Array = estimator._read(X).as_batch()[0]
    return x


def raw_scores_of_array(estimator: NeuralEstimator, X: object) -> Array:
    """Raw scores of the network for X, of shape (n_samples, n_outputs)."""
    return estimator._scored(X)[1]


def parameters_of(estimator: NeuralEstimator) -> Tree:
    """The parameters and buffers of the fitted network, layer by layer."""
    check_is_fitted(estimator)
    return estimator._parameters()


def input_gradient(estimator: NeuralEstimator, x: Array, output: int) -> Array:
    """Gradient of one raw score with respect to each element of x.

    Parameters
    ----------
    estimator : NeuralEstimator
        Fitted.
    x : array
        From `checked_array`.
    output : int
        Number of the raw score.
    """
    network = built(type(estimator)._network_builder, estimator.network_arguments_)
    raw, backward = network.forward(estimator._parameters(), x, PREDICTING)
    d_raw = np.zeros_like(raw)
    d_raw[:, output] = 1
    gradient: Array = backward(d_raw, estimator._network.layout.views(np.empty_like(estimator.weights_)))
    return gradient
