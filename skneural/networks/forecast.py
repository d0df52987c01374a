"""Networks for forecasting: members of an ensemble that read windows of different lengths."""

from __future__ import annotations

from collections.abc import Sequence

from skneural.layers import Branches, Chain, Columns, MemberMean
from skneural.networks.mlp import mlp_network
from skneural.ops.pointwise import AnyActivation


def forecast_network(
    window_sizes: Sequence[int],
    step_size: int,
    n_future: int,
    n_out: int,
    hidden_layer_sizes: Sequence[int] = (256, 256),
    activation: AnyActivation = "relu",
    dropout: float = 0.0,
) -> Chain:
    """Build an ensemble of perceptrons with a linear skip, each of which reads the last steps of a window.

    Rows consist of the steps of the longest window, the last step last, and of what is known of the future.

    Parameters
    ----------
    window_sizes : sequence of int
        Steps that each member reads.
    step_size : int
        Numbers of each step.
    n_future : int
        Numbers known of the future.
    n_out : int
        Raw scores.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer of each member.
    activation : str or ActivationFunction
        Name in `skneural.ops.pointwise.ACTIVATIONS`, or a function with its derivative.
    dropout : float
        Rate after each hidden activation.
    """
    width = max(window_sizes) * step_size + n_future
    members = {}
    for i, size in enumerate(window_sizes, 1):
        n_in = size * step_size + n_future
        perceptron = mlp_network(n_in, n_out, hidden_layer_sizes, activation, dropout, False, False, linear_skip=True)
        members[f"member_{i}"] = Chain(window=Columns(range(width - n_in, width)), perceptron=perceptron)
    return Chain(members=Branches(members), mean=MemberMean(len(window_sizes), n_out))
