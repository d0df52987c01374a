"""Pairs of nodes with their neighbourhoods, from which it is predicted whether they are linked."""

from __future__ import annotations

from typing import Self

import numpy as np

from skneural.data.links import NonLinks
from skneural.data.nodes import Nodes, WholeGraph
from skneural.data.targets import Selection, Targets
from skneural.ops.types import Array


class ScoredPairs(Nodes):
    """Pairs of nodes of one graph as samples, batched with the neighbourhoods of both nodes.

    Parameters
    ----------
    graph : WholeGraph
    nodes : integer array of shape (samples, 2)
    n_hops : int
        Number of convolutions of the network.
    drawn : boolean array of shape (samples,)
        True for pairs that were drawn from those without a link.
    """

    def __init__(self, graph: WholeGraph, nodes: Array, n_hops: int, drawn: Array) -> None:
        super().__init__(graph, nodes, n_hops)
        self.drawn = drawn

    def __getitem__(self, rows: Selection) -> ScoredPairs:
        return ScoredPairs(self.graph, self.nodes[rows], self.n_hops, self.drawn[rows])

    def over(self, graph: WholeGraph) -> ScoredPairs:
        """The same pairs in a graph of the same nodes."""
        return ScoredPairs(graph, self.nodes, self.n_hops, self.drawn)


class TrainingPairs(ScoredPairs):
    """Pairs of nodes in training.

    Each training step draws other pairs without a link, and does without the edges between the pairs that it scores:
    a network that sees them learns to find them instead of to predict them. A step that scores all pairs at once uses
    all edges, because there would be none left.

    Parameters
    ----------
    pairs : ScoredPairs
    non_links : NonLinks
        The pairs from which others are drawn.
    n_pairs : int
        Number of pairs of the training set.
    """

    def __init__(self, pairs: ScoredPairs, non_links: NonLinks, n_pairs: int) -> None:
        super().__init__(pairs.graph, pairs.nodes, pairs.n_hops, pairs.drawn)
        self.non_links = non_links
        self.n_pairs = n_pairs

    def __getitem__(self, rows: Selection) -> Self:
        return type(self)(super().__getitem__(rows), self.non_links, self.n_pairs)

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Nodes, Targets]:
        nodes = self.nodes.copy()
        first = nodes[self.drawn, 0]
        both_ends = self.non_links.kinds.n_first is None
        nodes[self.drawn] = self.non_links.draw(len(first), rng) if both_ends else self.non_links.draw_for(first, rng)
        graph = self.graph if len(self) == self.n_pairs else self.graph.without_links(nodes[~self.drawn])
        return ScoredPairs(graph, nodes, self.n_hops, self.drawn), targets
