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

    The first hidden layer starts as Glorot's, those behind it as suits their activation (He's for the ReLU family), and
    output weights start at zero, so that the first prediction is the best constant.

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
        block: Layer = hidden_block(width, size, activation, dropout, batch_norm, from_features=not blocks)
        if residual:
            # A projection in the first block also where widths agree: x may be sparse there.
            project = not blocks or width != size
            block = Residual(block, Dense(width, size, bias=None) if project else None)
        blocks.append(block)
        width = size
    return Chain((*blocks, output_layer(width, n_out)))


def hidden_block(
    width: int,
    size: int,
    activation: str,
    dropout: float = 0.0,
    batch_norm: bool = False,
    from_features: bool = False,
) -> Chain:
    """A dense layer with what belongs to it; `from_features` if it reads the features themselves, of whatever scale."""
    # He's bound counts inputs only, and is 5 times Glorot's from 4 features to 100 units: accuracy .83 against .90 on
    # six unscaled tables, R^2 .91 against .96 on yacht. Behind the first layer He's is better, the more so the deeper:
    # on digits .92 against .89 with twenty hidden layers (benchmarks/starts.py).
    small = from_features and activation != "selu"  # that one keeps activations normal only if all layers do
    initializer = "glorot_uniform" if small else initializer_for(activation)
    layers: list[Layer] = [Dense(width, size, initializer, "uniform")]
    if batch_norm:
        layers.append(BatchNormalization(size))
    layers.append(Activation(activation))
    if dropout > 0:
        layers.append(Dropout(dropout))
    return Chain(tuple(layers))


def output_layer(width: int, n_out: int) -> Dense:
    """The output layer behind hidden dense layers: its weights start at zero, its bias will at the best constant."""
    # With Glorot's weights there, first losses on unscaled features are up to a hundred times the best constant's, and
    # take most of 200 epochs to fall: accuracy .85 on six unscaled tables, from zero .90 (scikit-learn's MLP .85).
    # LeNet and VGG on digits after six epochs: .51 and .67, from zero .76 and .85 (benchmarks/starts.py).
    return Dense(width, n_out, "zeros")
