"""Nodes of one graph with their neighbourhoods, the receptive field of a graph network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skneural.data.container import BatchInfo, Container
from skneural.data.links import pair_keys
from skneural.data.message_blocks import MessageBlock, weighted_degrees
from skneural.data.targets import Selection, Targets
from skneural.ops.segments import ranges, segment_offsets
from skneural.ops.types import Array, Matrix


class Subgraph(NamedTuple):
    """The k-hop neighbourhood of some nodes, as one message passing block per convolution.

    Attributes
    ----------
    input_nodes : integer array
        Numbers of the nodes whose features enter the first convolution.
    blocks : tuple of MessageBlock
        One for each convolution; the targets of one are the sources of the next.
    selected : integer array of shape (samples,) or (samples, 2)
        Index of each sample, or of both nodes of a pair, among the targets of the last block.
    """

    input_nodes: Array
    blocks: tuple[MessageBlock, ...]
    selected: Array


@dataclass(frozen=True)
class NeighborSampling:
    """Random sampling of neighbours (Hamilton et al. 2017).

    Attributes
    ----------
    sizes : sequence of int
        Maximum number of neighbours for each hop, starting from the samples. The edge from a node to itself does not
        count, and is always kept: convolutions add it where there is none.
    seed : int or None
        None: all neighbours, until `Nodes.resample` draws a seed.
    """

    sizes: Sequence[int]
    seed: int | None = None


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
        self.degrees = weighted_degrees(adjacency)
        self._block = MessageBlock(adjacency, self.degrees, edge_features)

    @cached_property
    def _edge_keys(self) -> Array:
        """The keys of all edges as pairs of a target and a source."""
        n = self.adjacency.shape[0]
        targets = np.repeat(np.arange(n), np.diff(self.adjacency.indptr))
        return pair_keys(np.stack([targets, self.adjacency.indices], axis=1), n)

    def without_links(self, pairs: Array) -> WholeGraph:
        """The same nodes without the edges between the two nodes of each pair, in both directions."""
        n = self.adjacency.shape[0]
        removed = np.sort(pair_keys(np.concatenate([pairs, pairs[:, ::-1]]), n))
        # a third of the time of `np.isin`, which looks for distinct values first
        place = np.searchsorted(removed[1:], self._edge_keys, side="right")
        kept = removed[place] != self._edge_keys if len(removed) else np.ones(len(self._edge_keys), bool)
        if kept.all():
            return self
        ends = segment_offsets(np.bincount(self._edge_keys[kept] // n, minlength=n))
        edges = self.adjacency.data[kept], self.adjacency.indices[kept], ends
        features = None if self.edge_features is None else self.edge_features[kept]
        return WholeGraph(self.features, sparse.csr_array(edges, shape=(n, n)), features)

    def subgraph(self, nodes: Array, n_hops: int, sampling: NeighborSampling | None = None) -> Subgraph:
        """Extract the neighbourhood of nodes over `n_hops` hops, completely unless neighbours are sampled."""
        targets, selected = np.unique(nodes, return_inverse=True)
        selected = selected.reshape(nodes.shape)  # NumPy 2.0.0 returns another shape
        n = self.adjacency.shape[0]
        if sampling is not None and sampling.seed is None:
            sampling = None
        if len(targets) == n and sampling is None:
            return Subgraph(targets, (self._block,) * n_hops, selected)
        rng = np.random.default_rng(None if sampling is None else sampling.seed)
        blocks = []
        for i in range(n_hops):
            size = None if sampling is None else sampling.sizes[i]
            targets, block = self._incoming(targets, size, rng)
            blocks.append(block)
        return Subgraph(targets, tuple(reversed(blocks)), selected)

    def _incoming(self, targets: Array, size: int | None, rng: np.random.Generator) -> tuple[Array, MessageBlock]:
        """Source nodes of the incoming edges of the targets, the targets first, and the block of these edges."""
        ends = self.adjacency.indptr
        counts = ends[targets + 1] - ends[targets]
        edges = ranges(ends[targets], counts)
        weight = self.adjacency.data[edges]
        if size is not None:
            is_loop = self.adjacency.indices[edges] == np.repeat(targets, counts)
            kept, counts, factor = _sampled(counts, is_loop, size, rng)
            edges, weight = edges[kept], (weight[kept] * factor).astype(weight.dtype)
        place = np.full(self.adjacency.shape[0], -1)
        place[targets] = np.arange(len(targets))
        neighbors = self.adjacency.indices[edges]
        others = np.unique(neighbors[place[neighbors] < 0])
        place[others] = len(targets) + np.arange(len(others))
        sources = np.concatenate([targets, others])
        entries = weight, place[neighbors], segment_offsets(counts)
        matrix = sparse.csr_array(entries, shape=(len(targets), len(sources)))
        edge_features = None if self.edge_features is None else self.edge_features[edges]
        return sources, MessageBlock(matrix, self.degrees[sources], edge_features)


class Nodes(Container):
    """Nodes of one graph as samples, batched with the neighbourhoods that the network needs.

    Parameters
    ----------
    graph : WholeGraph
    nodes : integer array of shape (samples,)
    n_hops : int
        Number of convolutions of the network.
    sampling : NeighborSampling or None, default=None
        None: nodes aggregate messages from all their neighbours. Otherwise, `resample` draws neighbours for each
        training step.
    """

    shardable = False

    def __init__(self, graph: WholeGraph, nodes: Array, n_hops: int, sampling: NeighborSampling | None = None) -> None:
        self.graph = graph
        self.nodes = nodes
        self.n_hops = n_hops
        self.sampling = sampling
        self.dtype = graph.features.dtype
        self._batch: tuple[Any, BatchInfo] | None = None

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, rows: Selection) -> Nodes:
        return Nodes(self.graph, self.nodes[rows], self.n_hops, self.sampling)

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self.nodes), self.graph.features.shape[1]

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Nodes, Targets]:
        if self.sampling is None:
            return self, targets
        sampling = replace(self.sampling, seed=int(rng.integers(2**63)))
        return Nodes(self.graph, self.nodes, self.n_hops, sampling), targets

    def as_batch(self) -> tuple[Any, BatchInfo]:
        if self._batch is None:  # cached, because full-batch training uses the same batch in every epoch
            subgraph = self.graph.subgraph(self.nodes, self.n_hops, self.sampling)
            nodes = subgraph.input_nodes
            whole = len(nodes) == self.graph.features.shape[0] and (np.diff(nodes) > 0).all()
            self._batch = self.graph.features if whole else self.graph.features[nodes], BatchInfo(None, subgraph)
        return self._batch


def _sampled(counts: Array, is_loop: Array, size: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw at most `size` edges of each target without replacement, and keep its self-loop.

    Returns the indices of the edges that are kept, their number for each target, and a factor of their weights, with
    which sums over the edges have the same expectation as sums over all edges.
    """
    target = np.repeat(np.arange(len(counts)), counts)
    n_loops = np.bincount(target, is_loop, len(counts)).astype(np.intp)
    order = np.lexsort((rng.random(len(target)), ~is_loop, target))  # self-loops first
    kept = np.sort(order[ranges(0, counts) < np.repeat(size + n_loops, counts)])
    factor = np.where(is_loop, 1.0, np.maximum((counts - n_loops) / size, 1.0)[target])
    return kept, np.minimum(counts, size + n_loops), factor[kept]
