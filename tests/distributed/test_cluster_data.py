"""Partitions of data on a cluster."""

import numpy as np
import pytest

from skneural.distributed.cluster import Cluster
from skneural.distributed.cluster_data import ClusterData
from skneural.distributed.partitions import delayed_chunks
from skneural.streaming.first_pass import HeldOutChunks
from tests.streaming.test_fitting import labelled

da = pytest.importorskip("dask.array")


def placed(client, rows=50, every=3):
    X, y = labelled()
    delayed = delayed_chunks(da.from_array(X, chunks=(rows, -1)), y)
    return X, ClusterData.placed(Cluster(client), delayed, HeldOutChunks(every))


def test_workers_have_equally_many_partitions_for_training(client):
    _, data = placed(client)
    training = [each.worker for each in data._partitions if each.number % 3 != 2]
    assert {training.count(worker) for worker in training} == {4}


@pytest.mark.parametrize("size", [40, 10**6])
def test_the_sample_is_of_the_rows_for_training(size, client):
    X, data = placed(client)
    first = data.first_pass(size, 0, classes=True)
    assert first.n_samples == 400
    chunk = first._training.chunk()
    training = X[np.arange(600) // 50 % 3 != 2]
    assert len({tuple(row) for row in chunk.X} - {tuple(row) for row in training}) == 0
    if size > 400:
        np.testing.assert_array_equal(chunk.X, training)
    else:
        assert 40 <= len(chunk.X) <= 42  # and the first row of each class
