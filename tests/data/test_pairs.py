import numpy as np

from skneural.data import Nodes, Pairs, Rows, Series
from tests.layers.small_graph import nodes

SOURCES = Series(np.arange(24).reshape(4, 6), np.array([6, 2, 6, 3]))
TARGETS = Series(np.arange(20).reshape(4, 5), np.array([1, 5, 3, 5]))


def test_both_sides_and_their_lengths_enter():
    (source, target), known = Pairs(SOURCES, TARGETS)[np.array([1, 3])].as_batch()
    np.testing.assert_array_equal(source, SOURCES.values[[1, 3], :3])
    np.testing.assert_array_equal(target, TARGETS.values[[1, 3]])
    np.testing.assert_array_equal(known.lengths, [5, 5])
    np.testing.assert_array_equal(known.memory_lengths, [2, 3])


def test_the_longest_targets_come_first_and_among_equals_the_longest_sources():
    np.testing.assert_array_equal(Pairs(SOURCES, TARGETS).batch_order(np.arange(4)), [3, 1, 2, 0])
    table = Rows(np.zeros((4, 2)))
    np.testing.assert_array_equal(Pairs(table, Series(TARGETS.values)).batch_order(np.array([2, 0])), [2, 0])


def test_a_source_that_cannot_be_split_makes_pairs_that_cannot():
    whole = nodes(np.arange(4))
    assert isinstance(whole, Nodes)
    assert not Pairs(whole, TARGETS).shardable
    assert Pairs(SOURCES, TARGETS).shardable
