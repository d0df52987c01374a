"""Connection to a cluster."""

import numpy as np
import pytest

from skneural.distributed.cluster import Cluster


def test_results_come_in_order_and_errors_are_raised(client):
    cluster = Cluster(client)
    futures = [cluster.submit(np.add, k, 1) for k in range(3)]
    assert cluster.results(futures) == [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        cluster.results([cluster.submit(divmod, 1, 0)])


def test_a_value_is_a_task_that_can_be_computed_again(client):
    cluster = Cluster(client)
    value = {"weights": np.arange(3)}
    future = cluster.value(value)
    np.testing.assert_array_equal(cluster.results([future])[0]["weights"], value["weights"])


def test_functions_run_where_they_are_sent(client):
    cluster = Cluster(client)
    workers = cluster.workers()
    assert workers == sorted(workers)
    futures = [cluster.submit(np.add, 1, k, worker=worker) for k, worker in enumerate(workers)]
    cluster.wait(futures)
    assert [list(client.who_has([future])[future.key]) for future in futures] == [[worker] for worker in workers]
