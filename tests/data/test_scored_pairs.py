"""Pairs of nodes in training and prediction."""

import numpy as np
from scipy import sparse

from skneural.data import ScoredPairs, Targets, TrainingPairs
from skneural.data.links import Kinds, NonLinks, are_linked, links_of
from skneural.data.nodes import WholeGraph

RNG = np.random.default_rng(0)
A = sparse.csr_array((RNG.random((12, 12)) < 0.2).astype(float))
A = sparse.csr_array(A + A.T)
LINKS = links_of(A)
N = len(LINKS)
NON_LINKS = NonLinks(LINKS, Kinds(12))
NODES = np.concatenate([LINKS, NON_LINKS.draw(N, RNG)])
PAIRS = ScoredPairs(WholeGraph(RNG.standard_normal((12, 3)), A), NODES, 2, np.arange(2 * N) >= N)
TRAINING = TrainingPairs(PAIRS, NON_LINKS, len(PAIRS))
TARGETS = Targets(1.0 - PAIRS.drawn[:, np.newaxis])


def test_links_are_kept_and_other_pairs_are_drawn_again():
    x, _ = TRAINING.resample(np.random.default_rng(0), TARGETS)
    np.testing.assert_array_equal(x.nodes[:N], LINKS)
    assert not are_linked(A, x.nodes[N:]).any()
    assert not (x.nodes[N:] == NODES[N:]).all()


def test_a_step_does_without_the_edges_that_it_scores():
    batch = TRAINING[np.array([0, 2, N + 1])]
    x, _ = batch.resample(np.random.default_rng(0), TARGETS)
    seen = links_of(x.graph.adjacency)
    np.testing.assert_array_equal(seen, np.delete(LINKS, [0, 2], axis=0))
    np.testing.assert_array_equal(x.graph.degrees, WholeGraph(PAIRS.graph.features, x.graph.adjacency).degrees)


def test_a_step_with_all_pairs_uses_all_edges():
    assert TRAINING.resample(np.random.default_rng(0), TARGETS)[0].graph is PAIRS.graph


def test_both_nodes_are_among_those_that_are_computed():
    x, info = PAIRS[np.array([3, 1])].as_batch()
    field = info.structure
    computed = field.input_nodes[: field.blocks[-1].n_targets]
    np.testing.assert_array_equal(computed[field.selected], NODES[[3, 1]])
    assert len(x) == len(field.input_nodes)
