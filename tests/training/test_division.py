import numpy as np
import pytest

from skneural.data import Rows, Series
from skneural.layers.layer import Share
from skneural.training.communicator import ALONE
from skneural.training.division import rows_of_process, shard_of
from skneural.training.threads import Shards


class NotShardable(Rows):
    shardable = False


def parts(x, n):
    with Shards(n) as shards:
        return shards.run(lambda rank: rows_of_process(x, shards.member(rank)), n)


@pytest.mark.parametrize(("n_rows", "n"), [(7, 2), (7, 3), (3, 3), (8, 1)])
def test_each_sample_is_of_one_process(n_rows, n):
    divided = parts(Rows(np.ones((n_rows, 1))), n)
    assert [row for part in divided for row in range(part.start, part.stop)] == list(range(n_rows))


@pytest.mark.parametrize("x", [Rows(np.ones((2, 1))), NotShardable(np.ones((9, 1)))], ids=["few", "not shardable"])
def test_what_cannot_be_divided_is_computed_by_all(x):
    assert parts(x, 3) == [None] * 3


def test_a_shard_knows_its_place_among_samples_and_elements():
    lengths = np.array([4, 1, 2, 3])
    shard = shard_of(Series(np.ones((4, 4, 1)), lengths), slice(1, 3), ALONE)
    assert (shard.samples, shard.elements) == (Share(slice(1, 3), 4), Share(slice(4, 7), 10))
    assert shard_of(Series(np.ones((4, 4, 1))), slice(1, 3), ALONE).elements is None
