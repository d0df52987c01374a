"""Multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Sequence

from skneural.layers import Activation, BatchNormalization, Chain, Dense, Dropout, Layer, Residual

# What keeps the variance of activations from layer to layer; Glorot's serves the sigmoid-like rest.
INITIALIZERS = {
    "relu": "he_uniform",
    "leaky_relu": "he_uniform",
    "elu": "he_uniform",
    "gelu": "he_uniform",
    "silu": "he_uniform",
    "mish": "he_uniform",
    "softplus": "he_uniform",
    "selu": "lecun_uniform",
}


def mlp_network(
    n_in: int,
    n_out: int,
    hidden_layer_sizes: Sequence[int] = (),
    activation: str = "relu",
    dropout: float = 0.0,
    batch_norm: bool = False,
    residual: bool = False,
) -> Chain:
    """Hidden blocks, then the output layer.

    Parameters
    ----------
    n_in, n_out : int
        Features in, raw scores out.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; none of them makes a linear model.
    activation : str
        Name in `skneural.ops.pointwise.ACTIVATIONS`.
    dropout : float
        Rate after each hidden activation.
    batch_norm : bool
        Normalize before each hidden activation.
    residual : bool
        Add each hidden block's input to its output, through a linear projection where widths differ.
    """
    blocks: list[Layer] = []
    width = n_in
    for size in hidden_layer_sizes:
        first = not blocks
        block: Layer = hidden_block(width, size, activation, dropout, batch_norm, first=first)
        if residual:
            # A projection in the first block also where widths agree: x may be sparse there.
            projection = Dense(width, size, bias=None, input_gradient=not first)
            block = Residual(block, projection if first or width != size else None)
        blocks.append(block)
        width = size
    output = Dense(width, n_out, input_gradient=bool(blocks))
    return Chain((*blocks, output))


def hidden_block(
    width: int, size: int, activation: str, dropout: float = 0.0, batch_norm: bool = False, *, first: bool = False
) -> Chain:
    """A dense layer with what belongs to it; the `first` layer of a network skips dx."""
    initializer = INITIALIZERS.get(activation, "glorot_uniform")
    layers: list[Layer] = [Dense(width, size, initializer, "uniform", input_gradient=not first)]
    if batch_norm:
        layers.append(BatchNormalization(size))
    layers.append(Activation(activation))
    if dropout > 0:
        layers.append(Dropout(dropout))
    return Chain(tuple(layers))
