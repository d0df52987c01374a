"""All parameters of a network in one flat vector.

A network declares its parameters as a tree: a dictionary from names to `Parameter`, `Buffer`, or the tree of a layer
inside. A `Layout` assigns every parameter a slice of one vector and creates trees of views into such vectors, so that
the optimizer, the L2 penalty, clipping, the copy of the best epoch, L-BFGS and pickling are each one line on one array.
The path through the tree is the name of a parameter, such as ``"encoder.dense_1.weight"``.

Penalized parameters come first, so that the L2 penalty reads and writes one slice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skneural.initializers import zeros
from skneural.ops.types import Array

# Arrays or declarations, and the trees of the layers inside, by name. mypy cannot index a recursive type by two names.
Tree = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """Declaration of a trainable array.

    L2 penalty and weight decay apply to it if `penalized`. A limit keeps its elements in [-limit, limit].
    """

    shape: tuple[int, ...]
    initializer: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray] = zeros
    penalized: bool = True
    limit: float | None = None


@dataclass(frozen=True)
class Buffer:
    """Declaration of an array without gradient, such as a running mean that a layer updates, or a constant.

    `fill` is the initial value of all elements, or a function that returns the whole array.
    """

    shape: tuple[int, ...]
    fill: float | Callable[[], np.ndarray] = 0.0


class Snapshot(NamedTuple):
    """Copy of the parameters and buffers at one point of training."""

    vector: np.ndarray
    buffers: np.ndarray


class Layout:
    """Positions of the parameters and buffers of a network in their vectors.

    Parameters
    ----------
    declared : tree of Parameter and Buffer
        What ``network.parameters()`` returns.

    Attributes
    ----------
    size, buffer_size : int
        Number of elements of the parameter vector and of the buffer vector.
    n_penalized : int
        The first `n_penalized` elements of the parameter vector are penalized.
    names : list of str
        Path of each parameter in the order of the vector, such as ``"encoder.dense_1.weight"``.
    limits : list of (slice, float)
        Slices of the vector with the parameters that have a limit.
    """

    def __init__(self, declared: Tree) -> None:
        self.declared = declared
        declarations = list(leaves(declared))
        parameters = [leaf for leaf in declarations if isinstance(leaf[1], Parameter)]
        parameters.sort(key=lambda leaf: not leaf[1].penalized)  # a stable sort: the order is otherwise unchanged
        buffers = [leaf for leaf in declarations if isinstance(leaf[1], Buffer)]
        self._places, self.size = _places(parameters)
        self._buffer_places, self.buffer_size = _places(buffers)
        self.n_penalized = sum(math.prod(leaf.shape) for _, leaf in parameters if leaf.penalized)
        self.names = [path for path, _ in parameters]
        self.limits = [
            (slice(start, stop), leaf.limit)
            for (_, leaf), (_, start, stop, _) in zip(parameters, self._places, strict=True)
            if leaf.limit is not None
        ]

    def initial(self, rng: np.random.Generator, dtype: npt.DTypeLike) -> Snapshot:
        """Initialize parameters and buffers, in the order in which the layers declare them."""
        start = Snapshot(np.zeros(self.size, dtype), np.zeros(self.buffer_size, dtype))
        views = dict(leaves(self.views(*start)))
        for path, leaf in leaves(self.declared):
            if isinstance(leaf, Parameter):
                views[path][...] = leaf.initializer(rng, leaf.shape)
            else:
                views[path][...] = leaf.fill() if callable(leaf.fill) else leaf.fill
        return start

    def views(self, vector: np.ndarray, buffers: np.ndarray | None = None) -> Tree:
        """Tree of views into `vector`, and into `buffers` unless that is None (gradients)."""
        arrays = {path: vector[start:stop].reshape(shape) for path, start, stop, shape in self._places}
        if buffers is not None:
            arrays |= {path: buffers[start:stop].reshape(shape) for path, start, stop, shape in self._buffer_places}
        return _filled(self.declared, arrays)


class Weights:
    """Parameters of a network in training: vectors, and trees of views into them.

    Parameters
    ----------
    layout : Layout
    start : Snapshot
        Not copied: training writes into it.
    """

    def __init__(self, layout: Layout, start: Snapshot) -> None:
        self.layout = layout
        self.vector, self.buffers = start
        self.gradient = np.zeros_like(self.vector)
        self.tree = layout.views(self.vector, self.buffers)
        self.gradient_tree = layout.views(self.gradient)

    def keep_limits(self) -> None:
        """Clip parameters with a limit, after a step."""
        for part, limit in self.layout.limits:
            np.clip(self.vector[part], -limit, limit, out=self.vector[part])

    def snapshot(self) -> Snapshot:
        return Snapshot(self.vector.copy(), self.buffers.copy())

    def restore(self, snapshot: Snapshot) -> None:
        self.vector[...] = snapshot.vector
        self.buffers[...] = snapshot.buffers


def leaves(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of each leaf of a tree, such as ``"encoder.dense_1.weight"`` and its view."""
    for key, child in tree.items():
        if isinstance(child, dict):
            yield from leaves(child, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", child


def _places(declarations: list[tuple[str, Any]]) -> tuple[list[tuple[str, int, int, tuple[int, ...]]], int]:
    places, start = [], 0
    for path, leaf in declarations:
        stop = start + math.prod(leaf.shape)
        places.append((path, start, stop, leaf.shape))
        start = stop
    return places, start


def _filled(declared: Tree, arrays: dict[str, Array], prefix: str = "") -> Tree:
    """Declared tree with leaves replaced by their arrays; leaves without an array are omitted."""
    return {
        key: _filled(child, arrays, f"{prefix}{key}.") if isinstance(child, dict) else arrays[prefix + key]
        for key, child in declared.items()
        if isinstance(child, dict) or prefix + key in arrays
    }
