"""Which edges and units of a Kolmogorov-Arnold network matter, and the network without the others."""

from __future__ import annotations

import itertools

import numpy as np

from skneural.layers import Chain, SplineEdges
from skneural.networks.kan import edges_of
from skneural.ops.types import Array
from skneural.parameters import Tree


def kept_edges(edges: list[Array], threshold: float, named: list[tuple[tuple[int, int, str], ...]]) -> list[Array]:
    """Which edges stay: those at or above the threshold, those with names, and the best path to each output."""
    kept = [own >= threshold for own in edges]
    for stay, names in zip(kept, named, strict=True):
        for source, target, _ in names:
            stay[source, target] = True
    for output in range(edges[-1].shape[1]):
        unit = output
        for own, importance in zip(kept[::-1], edges[::-1], strict=True):
            source = int(importance[:, unit].argmax())
            own[source, unit] = True
            unit = source
    return kept


def kept_units(kept: list[Array]) -> list[Array]:
    """Inputs, hidden units and outputs that stay; clears the edges of hidden units without a way in or out."""
    changed = True
    while changed:
        changed = False
        for before, after in itertools.pairwise(kept):
            alive = before.any(axis=0) & after.any(axis=1)
            stray = before[:, ~alive].any() or after[~alive].any()
            before[:, ~alive], after[~alive] = False, False
            changed |= bool(stray)
    inner = [np.flatnonzero(own.any(axis=0)) for own in kept[:-1]]
    return [np.arange(len(kept[0])), *inner, np.arange(kept[-1].shape[1])]


def kept_names(layer: SplineEdges, rows: Array, columns: Array) -> list[tuple[int, int, int]]:
    """Of each edge with a name between units that stay: its number among them, and where it comes from and leads to."""
    sources, targets = ({int(old): new for new, old in enumerate(stay)} for stay in (rows, columns))
    places = [(k, i, j) for k, (i, j, _) in enumerate(layer.named) if i in sources and j in targets]
    return [(k, sources[i], targets[j]) for k, i, j in places]


def pruned(network: Chain, tree: Tree, kept: list[Array], units: list[Array]) -> Tree:
    """Parameters of the network of the given units alone.

    Parameters
    ----------
    network : Chain
    tree : tree of arrays
    kept : list of bool arrays of shape (n_in, n_out)
        Which edges of each layer stay.
    units : list of int arrays
        Which inputs, units of each hidden layer, and outputs stay.
    """
    layers = []
    ends = itertools.pairwise(units)
    for (layer, p), own, (rows, columns) in zip(edges_of(network, tree), kept, ends, strict=True):
        coefficients = p["coefficients"].reshape(layer.n_in, layer.n_basis, layer.n_out)[rows][:, :, columns]
        layers.append({
            "base": p["base"][np.ix_(rows, columns)],
            "coefficients": coefficients.reshape(-1, len(columns)),
            "grid": p["grid"][rows],
            "present": (p["present"] * own)[np.ix_(rows, columns)],
        })  # fmt: skip
        if layer.named:
            layers[-1]["constants"] = p["constants"][[k for k, _, _ in kept_names(layer, rows, columns)]]
    return (tree[0], *layers, tree[-1])
