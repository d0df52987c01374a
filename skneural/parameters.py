"""All parameters of a network in one flat vector.

A network declares its parameters as a tree: a dictionary from names to `Parameter`, `Buffer`, or the tree of a layer
inside. A `Layout` assigns every parameter a slice of one vector and creates trees of views into such vectors, so that
the optimizer, the L2 penalty, clipping, the copy of the best epoch, L-BFGS and pickling are each one line on one array.
The path through the tree is the name of a parameter, such as ``"encoder.dense_1.weight"``.

Penalized parameters come first, so that the L2 penalty reads and writes one slice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skneural.initializers import zeros
from skneural.ops.embedding import RowGradient
from skneural.ops.types import Array

# Elements of a table from which only the rows are updated that a batch reads. Steps of TextCNN on 32 texts of 20 words,
# with embeddings of size 64: 9.1 ms with all of 1000 rows and 10.3 ms with those of the batch, 14.6 and 12.1 ms with
# 10 000 rows, 57 and 15 ms with 100 000.
LEAST_TABLE = 1 << 18

# Arrays or declarations, and the trees of the layers inside, by name. mypy cannot index a recursive type by two names.
Tree = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """Declaration of a trainable array.

    L2 penalty and weight decay apply to it if `penalized`. A limit keeps its elements in [-limit, limit]. Of an array
    with `by_rows`, batches may read some rows only; `skneural.layers.traversal.rows_read` tells which.
    """

    shape: tuple[int, ...]
    initializer: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray] = zeros
    penalized: bool = True
    limit: float | None = None
    by_rows: bool = False


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


class Piece(NamedTuple):
    """A part of the weights that a batch uses: consecutive weights, or rows of a table.

    Attributes
    ----------
    name : str
        Path of the table; empty for consecutive weights.
    whole : slice
        Position in the vector of all weights; for rows, that of their table.
    part : slice
        Position in the vector of the weights that the batch uses, which follow each other in the same order.
    rows : integer array or None
        Numbers of the rows; None for consecutive weights.
    """

    name: str
    whole: slice
    part: slice
    rows: Array | None

    def of(self, vector: Array) -> Array:
        """These weights in a vector of all weights: a view, or a copy of the rows, of shape (rows, size)."""
        return vector[self.whole] if self.rows is None else self._table(vector).take(self.rows, axis=0)

    def put(self, vector: Array, values: Array) -> None:
        """Write changed rows back into a vector of all weights; views need not be written."""
        if self.rows is not None:
            # Each row as one item: 1900 rows of 16 numbers in 12 us, instead of 46.
            row = np.dtype((np.void, values.itemsize * values.shape[1]))
            self._table(vector).view(row)[self.rows] = values.view(row)

    def like(self, weights: Array, vector: Array) -> Array:
        """View into a vector of the weights that the batch uses, in the shape of `weights`."""
        view: Array = vector[self.part].reshape(weights.shape)
        return view

    def _table(self, vector: Array) -> Array:
        assert self.rows is not None
        n_elements = self.part.stop - self.part.start
        return vector[self.whole].reshape(-1, n_elements // len(self.rows))


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
    shapes, buffer_shapes : dict of str to tuple
        Shape of each parameter and of each buffer by its path, in the order of the vectors.
    limits : list of (slice, float)
        Slices of the vector with the parameters that have a limit.
    tables : dict from str to int
        Number of rows of each large parameter with `by_rows`.
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
        self.shapes = {path: leaf.shape for path, leaf in parameters}
        self.buffer_shapes = {path: leaf.shape for path, leaf in buffers}
        self.limits = [
            (slice(start, stop), leaf.limit)
            for (_, leaf), (_, start, stop, _) in zip(parameters, self._places, strict=True)
            if leaf.limit is not None
        ]
        self.tables = {
            path: leaf.shape[0] for path, leaf in parameters if leaf.by_rows and math.prod(leaf.shape) >= LEAST_TABLE
        }

    def places(self, names: Container[str]) -> list[tuple[int, int]]:
        """Start and stop of the parameters of these names in the vector; of those that follow each other, together."""
        places: list[tuple[int, int]] = []
        for path, start, stop, _ in self._places:
            if path in names:
                follows = places and places[-1][1] == start
                places[-1:] = [(places[-1][0], stop)] if follows else [*places[-1:], (start, stop)]
        return places

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

    def pieces(self, rows: Mapping[str, Array]) -> list[Piece]:
        """The weights that a batch uses, which reads the given rows of tables and all other parameters.

        Each piece is penalized as a whole, or not at all.
        """
        pieces: list[Piece] = []
        end = 0
        for path, start, stop, shape in self._places:
            if path in rows:
                n = len(rows[path]) * math.prod(shape[1:])
                pieces.append(Piece(path, slice(start, stop), slice(end, end + n), rows[path]))
            elif pieces and pieces[-1].rows is None and start != self.n_penalized:
                n, (_, whole, part, _) = stop - start, pieces[-1]
                pieces[-1] = Piece("", slice(whole.start, stop), slice(part.start, end + n), None)
            else:
                n = stop - start
                pieces.append(Piece("", slice(start, stop), slice(end, end + n), None))
            end += n
        return pieces

    def rows_of_table(self, name: str, rows: Array) -> Piece:
        """Some rows of one table."""
        _, start, stop, shape = next(place for place in self._places if place[0] == name)
        return Piece(name, slice(start, stop), slice(0, len(rows) * math.prod(shape[1:])), rows)

    def gradient_views(self, vector: Array, rows: Mapping[str, Array], places: Mapping[str, Array]) -> Tree:
        """Tree of views into the gradient of the weights that a batch uses; see `pieces` and `RowGradient`."""
        arrays: dict[str, Any] = {}
        end = 0
        for path, start, stop, shape in self._places:
            n_rows = len(rows[path]) if path in rows else None
            n = stop - start if n_rows is None else n_rows * math.prod(shape[1:])
            view = vector[end : end + n].reshape(shape if n_rows is None else (n_rows, *shape[1:]))
            arrays[path] = view if n_rows is None else RowGradient(places[path], view)
            end += n
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


def set_named_arrays(tree: Tree, arrays: Mapping[str, npt.ArrayLike]) -> None:
    """Write arrays into the leaves of a tree of views, by their paths; raise a ValueError if a name or shape is wrong.

    Leaves without an array stay as they are.
    """
    views = dict(leaves(tree))
    for name, given in arrays.items():
        if name not in views:
            near = get_close_matches(name, views) or list(views)
            raise ValueError(f"The network has no array {name!r}; it has {', '.join(near)}.")
        array = np.asarray(given)
        if array.shape != views[name].shape:
            raise ValueError(f"{name} has shape {views[name].shape}; got an array of shape {array.shape}.")
        if not np.isfinite(array[np.isfinite(views[name])]).all():  # buffers may be infinite on purpose
            raise ValueError(f"{name} contains NaN or infinity.")
        views[name][...] = array


def _places(declarations: list[tuple[str, Any]]) -> tuple[list[tuple[str, int, int, tuple[int, ...]]], int]:
    places, start = [], 0
    for path, leaf in declarations:
        stop = start + math.prod(leaf.shape)
        places.append((path, start, stop, leaf.shape))
        start = stop
    return places, start


def _filled(declared: Tree, arrays: Mapping[str, Any], prefix: str = "") -> Tree:
    """Declared tree with leaves replaced by their arrays; leaves without an array are omitted."""
    return {
        key: _filled(child, arrays, f"{prefix}{key}.") if isinstance(child, dict) else arrays[prefix + key]
        for key, child in declared.items()
        if isinstance(child, dict) or prefix + key in arrays
    }
