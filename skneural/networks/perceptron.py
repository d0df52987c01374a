"""Perceptrons: a single layer."""

from __future__ import annotations

from skneural.layers import Chain, Dense


def perceptron_network(n_in: int, n_out: int) -> Chain:
    """Build a dense layer that starts at zero: the loss is convex, so the result needs no random start."""
    return Chain(output=Dense(n_in, n_out, "zeros"))
