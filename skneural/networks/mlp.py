"""Multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Sequence

from skneural.initializers import initializer_for
from skneural.layers import Activation, BatchNormalization, Chain, Dense, Dropout, Layer, Residual


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
        block: Layer = hidden_block(width, size, activation, dropout, batch_norm)
        if residual:
            # A projection in the first block also where widths agree: x may be sparse there.
            project = not blocks or width != size
            block = Residual(block, Dense(width, size, bias=None) if project else None)
        blocks.append(block)
        width = size
    return Chain((*blocks, Dense(width, n_out)))


def hidden_block(width: int, size: int, activation: str, dropout: float = 0.0, batch_norm: bool = False) -> Chain:
    """A dense layer with what belongs to it."""
    layers: list[Layer] = [Dense(width, size, initializer_for(activation), "uniform")]
    if batch_norm:
        layers.append(BatchNormalization(size))
    layers.append(Activation(activation))
    if dropout > 0:
        layers.append(Dropout(dropout))
    return Chain(tuple(layers))
