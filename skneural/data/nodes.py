"""Nodes of one graph as training takes them: with what they can hear, and no more."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skneural.data.container import BatchInfo, Container
from skneural.data.hops import Hop, degrees_of
from skneural.data.targets import Selection
from skneural.ops.types import Array, Matrix


class Field(NamedTuple):
    """What some nodes hear over several hops.

    Attributes
    ----------
    sources : integer array
        Numbers of the nodes whose features enter the first convolution.
    hops : tuple of Hop
        One for each convolution; the targets of one are the sources of the next.
    selected : integer array of shape (samples,)
        Which target of the last hop each sample is.
    """

    sources: Array
    hops: tuple[Hop, ...]
    selected: Array


@dataclass(frozen=True)
class Sampling:
    """How many of its neighbours a node hears, at random.

    Attributes
    ----------
    sizes : sequence of int
        For each hop, that of the samples first.
    seed : int
        What is drawn depends on it and on the nodes of the batch.
    """

    sizes: Sequence[int]
    seed: int


class WholeGraph:
    """Features and edges of all nodes.

    Parameters
    ----------
    features : array or CSR of shape (nodes, features)
    adjacency : CSR of shape (nodes, nodes)
    edge_features : array of shape (edges, features), or None
    """

    def __init__(self, features: Matrix, adjacency: sparse.csr_array, edge_features: Array | None = None) -> None:
        self.features = features
        self.adjacency = adjacency
        self.edge_features = edge_features
        self.degrees = degrees_of(adjacency)
        self._hop = Hop(adjacency, self.degrees, edge_features)

    def field(self, nodes: Array, n_hops: int, sampling: Sampling | None = None) -> Field:
        """What the nodes hear over so many hops, all of it unless it is sampled."""
        targets, selected = np.unique(nodes, return_inverse=True)
        n = self.adjacency.shape[0]
        if len(targets) == n and sampling is None:
            return Field(targets, (self._hop,) * n_hops, selected)
        rng = None
        if sampling is not None:
            rng = np.random.default_rng([sampling.seed, zlib.crc32(np.ascontiguousarray(nodes).tobytes())])
        hops = []
        for i in range(n_hops):
            size = None if sampling is None else sampling.sizes[i]
            targets, hop = self._hop_to(targets, size, rng)
            hops.append(hop)
        return Field(targets, tuple(reversed(hops)), selected)

    def _hop_to(self, targets: Array, size: int | None, rng: np.random.Generator | None) -> tuple[Array, Hop]:
        """The edges that lead to the targets, and their sources, of which the targets are the first."""
        ends = self.adjacency.indptr
        counts = ends[targets + 1] - ends[targets]
        new_ends = np.concatenate([[0], np.cumsum(counts)])
        edges = np.arange(new_ends[-1]) + np.repeat(ends[targets] - new_ends[:-1], counts)
        weight = self.adjacency.data[edges]
        if size is not None and rng is not None and (counts > size).any():
            kept = _sampled(counts, size, rng)
            weight = weight[kept] * np.repeat(np.maximum(counts / size, 1), np.minimum(counts, size))
            edges, counts = edges[kept], np.minimum(counts, size)
            weight, new_ends = weight.astype(self.adjacency.dtype), np.concatenate([[0], np.cumsum(counts)])
        place = np.full(self.adjacency.shape[0], -1)
        place[targets] = np.arange(len(targets))
        heard = self.adjacency.indices[edges]
        others = np.unique(heard[place[heard] < 0])
        place[others] = len(targets) + np.arange(len(others))
        sources = np.concatenate([targets, others])
        matrix = sparse.csr_array((weight, place[heard], new_ends), shape=(len(targets), len(sources)))
        between = None if self.edge_features is None else self.edge_features[edges]
        return sources, Hop(matrix, self.degrees[sources], between)


class Nodes(Container):
    """Some nodes of one graph. All that the network needs of the others comes along.

    Parameters
    ----------
    graph : WholeGraph
    nodes : integer array of shape (samples,)
    n_hops : int
        Convolutions of the network.
    sampling : Sampling or None, default=None
        None: nodes hear all their neighbours.
    """

    shardable = False

    def __init__(self, graph: WholeGraph, nodes: Array, n_hops: int, sampling: Sampling | None = None) -> None:
        self.graph = graph
        self.nodes = nodes
        self.n_hops = n_hops
        self.sampling = sampling
        self.dtype = graph.features.dtype
        self._entered: tuple[Any, BatchInfo] | None = None

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, rows: Selection) -> Nodes:
        return Nodes(self.graph, self.nodes[rows], self.n_hops, self.sampling)

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self.nodes), self.graph.features.shape[1]

    def as_batch(self) -> tuple[Any, BatchInfo]:
        if self._entered is None:  # kept, because a batch of all nodes comes again in every epoch
            field = self.graph.field(self.nodes, self.n_hops, self.sampling)
            whole = len(field.sources) == self.graph.features.shape[0] and (np.diff(field.sources) > 0).all()
            features = self.graph.features if whole else self.graph.features[field.sources]
            self._entered = features, BatchInfo(None, field)
        return self._entered


def _sampled(counts: Array, size: int, rng: np.random.Generator) -> Array:
    """Numbers of the edges that are kept: so many of each target, drawn without repetition."""
    target = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((rng.random(len(target)), target))
    rank = np.arange(len(target)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[rank < size])
