"""Multilayer perceptrons."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from skneural.initializers import initializer_for
from skneural.layers import (
    Activation,
    BatchNormalization,
    Chain,
    Dense,
    Dropout,
    Layer,
    Limit,
    Residual,
    Standardization,
)
from skneural.ops.pointwise import AnyActivation

# Standardized features are clipped at this number of standard deviations from the mean. A pixel that is nearly always
# white has a tiny deviation: in images where it was black, its value of 40 deviations distorted all other features of
# an autoencoder, and the error of one fold of digits was 1.36 times that of PCA. With this limit it is .76 times.
MOST_DEVIATIONS = 5.0


def mlp_network(
    n_in: int,
    n_out: int,
    hidden_layer_sizes: Sequence[int],
    activation: AnyActivation,
    dropout: float,
    batch_norm: bool,
    residual: bool,
    linear_skip: bool = False,
    standardize: bool = False,
) -> Chain | Residual:
    """Build hidden blocks and an output layer.

    The first hidden layer has Glorot's initialization, the others that of their activation (He's for the ReLU family).
    Output weights start at zero, so that the first prediction is the best constant.

    Parameters
    ----------
    n_in, n_out : int
        Features in, raw scores out.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; without hidden layers, a linear model.
    activation : str or ActivationFunction
        Name in `skneural.ops.pointwise.ACTIVATIONS`, or a function with its derivative.
    dropout : float
        Rate after each hidden activation.
    batch_norm : bool
        Add batch normalization before each hidden activation.
    residual : bool
        Add each hidden block's input to its output, through a linear projection where widths differ.
    linear_skip : bool, default=False
        Add a linear map from the features to the raw scores, which starts at zero.
    standardize : bool, default=False
        Centre and scale the features, and clip them, in the first layers, as autoencoders do.
    """
    parts: dict[str, Layer] = {}
    if standardize:
        parts = {"standardization": Standardization(n_in), "limit": Limit(MOST_DEVIATIONS)}
    width = n_in
    for i, size in enumerate(hidden_layer_sizes, 1):
        block: Layer = hidden_block(width, size, activation, dropout, batch_norm, from_features=i == 1)
        if residual:
            # The first block has a projection even for equal widths, because its input may be sparse.
            project = i == 1 or width != size
            block = Residual(block, Dense(width, size, bias=None) if project else None)
        parts[f"hidden_{i}"] = block
        width = size
    network = Chain(**parts, output=output_layer(width, n_out))
    return Residual(network, Dense(n_in, n_out, "zeros", bias=None)) if linear_skip else network


def hidden_blocks(widths: Sequence[int], activation: AnyActivation, dropout: float = 0.0) -> dict[str, Layer]:
    """A `hidden_block` from each width to the next, by name."""
    pairs = enumerate(itertools.pairwise(widths), 1)
    return {f"hidden_{i}": hidden_block(*pair, activation, dropout) for i, pair in pairs}


def hidden_block(
    width: int,
    size: int,
    activation: AnyActivation,
    dropout: float = 0.0,
    batch_norm: bool = False,
    from_features: bool = False,
) -> Chain:
    """Dense layer, batch normalization, activation and dropout; `from_features` for the first, on unscaled features."""
    # He's bound counts inputs only, and is 5 times Glorot's from 4 features to 100 units: accuracy .83 against .90 on
    # six unscaled tables, R^2 .91 against .96 on yacht. In the other layers He's is better, the more so the deeper:
    # on digits .92 against .89 with twenty hidden layers (benchmarks/starts.py).
    small = from_features and activation != "selu"  # selu keeps activations normalized only if all layers do
    initializer = "glorot_uniform" if small else initializer_for(activation)
    parts: dict[str, Layer] = {"dense": Dense(width, size, initializer, "uniform")}
    if batch_norm:
        parts["normalization"] = BatchNormalization(size)
    parts["activation"] = Activation(activation)
    if dropout > 0:
        parts["dropout"] = Dropout(dropout)
    return Chain(**parts)


def output_layer(width: int, n_out: int) -> Dense:
    """Output layer after dense hidden layers: weights start at zero, the bias at the best constant prediction."""
    # With Glorot's initialization, first losses on unscaled features are up to a hundred times the best constant's, and
    # take most of 200 epochs to fall: accuracy .85 on six unscaled tables, from zero .90 (scikit-learn's MLP .85).
    # LeNet and VGG on digits after six epochs: .51 and .67, from zero .76 and .85 (benchmarks/starts.py).
    return Dense(width, n_out, "zeros")
