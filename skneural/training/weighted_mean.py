"""Weighted means of networks that began with the same weights, and of the states of their optimizers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skneural.layers.layer import Layer
from skneural.layers.traversal import named
from skneural.ops.types import Array
from skneural.optimizers.optimizer import State
from skneural.parameters import Layout, Snapshot


def mean_snapshot(network: Layer, layout: Layout, snapshots: Sequence[Snapshot], shares: Sequence[float]) -> Snapshot:
    """Mean of the weights, and the buffers of the data of all of them together.

    Parameters
    ----------
    network : Layer
    layout : Layout
    snapshots : sequence of Snapshot
    shares : sequence of float
        Weight of each snapshot; their sum is one.

    Raises
    ------
    ValueError
        If buffers that are learned once differ.
    """
    mean = Snapshot(mean_vector([each.vector for each in snapshots], shares), snapshots[0].buffers.copy())
    trees = [layout.views(*each) for each in snapshots]
    layers = zip(*(named(network, tree) for tree in trees), strict=True)
    for (name, layer, p), others in zip(named(network, layout.views(*mean)), layers, strict=True):
        try:
            layer.average_buffers(p, [tree for _, _, tree in others], shares)
        except ValueError as error:
            raise ValueError(f"{error} in the layer {name!r}") from None
    return mean


def mean_vector(vectors: Sequence[Array], shares: Sequence[float]) -> Array:
    """Weighted mean, summed in float64."""
    total: Array = np.zeros(vectors[0].shape)
    for share, vector in zip(shares, vectors, strict=True):
        total += share * vector
    return total.astype(vectors[0].dtype)


def mean_state(states: Sequence[State], shares: Sequence[float]) -> State:
    """Mean of the states of optimizers; empty, so that it starts anew, if they are of different kinds."""
    if any(state.keys() != states[0].keys() for state in states):
        return {}
    mean = {}
    for name, value in states[0].items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            mean[name] = mean_vector([state[name] for state in states], shares)
        else:  # numbers of steps, and names
            mean[name] = max(state[name] for state in states) if isinstance(value, int) else value
    return mean
