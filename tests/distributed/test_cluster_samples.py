"""Samples that workers hold."""

from skneural.distributed.cluster_samples import ClusterSamples, EncodedPartitions
from skneural.distributed.worker import PartitionGroup


def shared(number, *sizes):
    return EncodedPartitions(PartitionGroup(number, tuple(range(len(sizes)))), [], list(sizes), "a")


def test_batches_do_not_reach_beyond_a_partition():
    assert shared(0, 10, 11).n_steps(5) == 2 + 3


def test_an_epoch_has_the_steps_of_the_largest_share():
    samples = ClusterSamples(None, [shared(0, 10, 11), shared(1, 4)], None, 10)
    assert len(samples) == 25
    assert samples.n_steps(5) == 5
