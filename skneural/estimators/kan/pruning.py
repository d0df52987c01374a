"""Selection of the edges and units that pruning keeps."""

from __future__ import annotations

import itertools

import numpy as np

from skneural.layers import SplineEdges
from skneural.ops.types import Array
from skneural.parameters import Tree


def kept_edges(edges: list[Array], threshold: float, named: list[tuple[tuple[int, int, str], ...]]) -> list[Array]:
    """Masks of the kept edges: those at or above the threshold, named edges, and the best path to each output."""
    kept = [importance >= threshold for importance in edges]
    for mask, names in zip(kept, named, strict=True):
        for source, target, _ in names:
            mask[source, target] = True
    for output in range(edges[-1].shape[1]):
        unit = output
        for mask, importance in zip(kept[::-1], edges[::-1], strict=True):
            source = int(importance[:, unit].argmax())
            mask[source, unit] = True
            unit = source
    return kept


def kept_units(kept: list[Array]) -> list[Array]:
    """Kept inputs, hidden units and outputs; clears the edges of hidden units without incoming or outgoing edges."""
    changed = True
    while changed:
        changed = False
        for before, after in itertools.pairwise(kept):
            alive = before.any(axis=0) & after.any(axis=1)
            stray = before[:, ~alive].any() or after[~alive].any()
            before[:, ~alive], after[~alive] = False, False
            changed |= bool(stray)
    inner = [np.flatnonzero(present.any(axis=0)) for present in kept[:-1]]
    return [np.arange(len(kept[0])), *inner, np.arange(kept[-1].shape[1])]


def kept_names(layer: SplineEdges, rows: Array, columns: Array) -> list[tuple[int, int, int]]:
    """Number, new source and new target of each named edge between kept units."""
    sources, targets = ({int(old): new for new, old in enumerate(units)} for units in (rows, columns))
    places = [(k, i, j) for k, (i, j, _) in enumerate(layer.named) if i in sources and j in targets]
    return [(k, sources[i], targets[j]) for k, i, j in places]


def pruned_edges(edges: list[tuple[SplineEdges, Tree]], kept: list[Array], units: list[Array]) -> list[Tree]:
    """Parameters of the layers of edges, restricted to the kept units.

    Parameters
    ----------
    edges : list of layers and their parameters
    kept : list of bool arrays of shape (n_in, n_out)
        Kept edges of each layer.
    units : list of int arrays
        Kept inputs, units of each hidden layer, and outputs.
    """
    pruned = []
    ends = itertools.pairwise(units)
    for (layer, p), present, (rows, columns) in zip(edges, kept, ends, strict=True):
        coefficients = p["coefficients"].reshape(layer.n_in, layer.n_basis, layer.n_out)[rows][:, :, columns]
        parameters = {
            "base": p["base"][np.ix_(rows, columns)],
            "coefficients": coefficients.reshape(-1, len(columns)),
            "grid": p["grid"][rows],
            "present": (p["present"] * present)[np.ix_(rows, columns)],
        }
        if layer.named:
            parameters["constants"] = p["constants"][[k for k, _, _ in kept_names(layer, rows, columns)]]
        pruned.append(parameters)
    return pruned
