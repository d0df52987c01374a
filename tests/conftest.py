"""Settings and fixtures that all tests share."""

import gc
import importlib.util
import os
import re

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from skneural.layers import Layer
from skneural.training.threads import Shards

HAS_CALLBACKS = importlib.util.find_spec("sklearn.callback") is not None


def pytest_collection_finish():
    """Before the first test, when all libraries are loaded."""
    # The collector need not look through more than 20 000 collected tests each time: that took 0.3 s.
    gc.freeze()
    # Workers of pytest-xdist share the cores, and a thread of BLAS for each core in each of them would mostly wait.
    # Tests of threads and shards ask for two by themselves.
    if "PYTEST_XDIST_WORKER" in os.environ:
        threadpool_limits(limits=1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Skip tests that use callbacks where scikit-learn has none."""
    try:
        return (yield)
    except (AttributeError, ModuleNotFoundError) as error:
        if HAS_CALLBACKS or not re.search(r"'(set_callbacks|sklearn\.callback)'", str(error)):
            raise
        pytest.skip("scikit-learn has callbacks from release 1.9 on")


@pytest.fixture
def small_shards(monkeypatch):
    """Split every batch over as many threads as ``n_jobs`` allows, however small it is.

    The list that tests get grows by the number of shards of each batch that was split: a test that compares one thread
    with several must assert that it is not empty, or else it may compare a model with itself.
    """
    numbers, run = [], Shards.run

    def counting(shards, function, n):
        if n > 1:  # predictions in one thread run in a single shard
            numbers.append(n)
        return run(shards, function, n)

    monkeypatch.setattr(Shards, "run", counting)
    monkeypatch.setattr("skneural.networks.shards.LEAST_SHARD", {Layer: 1})
    return numbers


@pytest.fixture
def two_blas_threads():
    """BLAS may use two threads; unlike a block of `threadpool_limits`, this lets all threads change the number."""
    nothing = ThreadpoolController().select(filepath=[])
    with nothing.limit(limits=None):
        limits = threadpool_limits(2, user_api="blas")
    yield
    with nothing.limit(limits=None):
        limits.restore_original_limits()
