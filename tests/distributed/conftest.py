"""Clusters of two workers, of which one in threads serves most tests."""

from contextlib import contextmanager

import pytest

distributed = pytest.importorskip("distributed")


@contextmanager
def cluster(n_workers, directory, **options):
    """Client of a cluster of this machine, without a trace afterwards."""
    settings = {
        "n_workers": n_workers,
        "threads_per_worker": 1,
        "dashboard_address": ":0",
        "local_directory": directory,
    }
    with (
        distributed.LocalCluster(**settings | options) as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Two workers in threads of this process: fast to start."""
    with cluster(2, tmp_path_factory.mktemp("workers"), processes=False) as client:
        yield client


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """Two workers in processes."""
    with cluster(2, tmp_path_factory.mktemp("workers"), processes=True) as client:
        yield client
