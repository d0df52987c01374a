"""What all tests share."""

import gc
import os

from threadpoolctl import threadpool_limits


def pytest_collection_finish():
    """Before the first test, when all libraries are loaded."""
    # The collector need not look through more than 20 000 collected tests each time: that took 0.3 s.
    gc.freeze()
    # Workers of pytest-xdist share the cores, and a thread of BLAS for each core in each of them would mostly wait.
    # Tests of threads and shards ask for two by themselves.
    if "PYTEST_XDIST_WORKER" in os.environ:
        threadpool_limits(limits=1)
