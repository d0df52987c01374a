"""Division of a batch: the part of each process, and its shards."""

from __future__ import annotations

from skneural.data.container import Container
from skneural.layers.layer import Shard, Share
from skneural.ops.blocks import equal_slices
from skneural.ops.types import Array
from skneural.training.communicator import Communicator


def rows_of_process(x: Container, communicator: Communicator) -> slice | None:
    """Samples that this process computes; None if x cannot be divided, or there are more processes than samples."""
    if not x.shardable or len(x) < communicator.size:
        return None
    return equal_slices(len(x), communicator.size)[communicator.rank]


def shard_of(x: Container, rows: slice, communicator: Communicator) -> Shard:
    """The shard that consists of some samples of x, whose layers sum over all members of a communicator."""
    return Shard(Share(rows, len(x)), _share_of_elements(x.lengths, rows), communicator.sum)


def _share_of_elements(lengths: Array | None, rows: slice) -> Share | None:
    """Share of the elements that belong to a shard of the samples; None if all samples have equally many."""
    if lengths is None:
        return None
    first, n = int(lengths[: rows.start].sum()), int(lengths[rows].sum())
    return Share(slice(first, first + n), int(lengths.sum()))
