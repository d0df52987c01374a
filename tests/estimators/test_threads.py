"""Estimators in several threads at once, and where there are none."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from skneural import MLPRegressor
from skneural.layers import Layer
from skneural.template import training
from skneural.training import predict
from skneural.training.objective import Objective
from tests.estimators.cases import every_trained_class, every_way_to_train, most_precise_output

SECONDS = 60


@every_way_to_train
def test_fits_that_overlap_leave_the_threads_of_blas_as_they_were(case, two_blas_threads, monkeypatch):
    """All four fits have begun when the first of them ends, and they end in the order in which they began."""
    X, y = case.data()
    begun, order, lock = threading.Barrier(4), [], threading.Condition()

    class InTurn(training.Shards):
        """The threads of one fit, during which BLAS is limited."""

        def __enter__(self):
            with lock:
                order.append(self)
            begun.wait(SECONDS)
            return super().__enter__()

        def __exit__(self, *exception):
            super().__exit__(*exception)
            with lock:
                assert lock.wait_for(lambda: order[0] is self, SECONDS)

    def fit(model):
        model.fit(X, y)
        with lock:
            order.pop(0)
            lock.notify_all()

    monkeypatch.setattr(training, "Shards", InTurn)
    before = threadpool_info()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fit, [case.new(n_jobs=1, max_iter=1) for _ in range(4)]))
    assert threadpool_info() == before


@every_way_to_train
def test_small_products_are_computed_in_one_thread(case, two_blas_threads, monkeypatch):
    """In training, in scoring of held-out data and in prediction, whatever BLAS may use."""
    seen, (X, y) = {}, case.data()

    def note(module, name):
        function = getattr(module, name)

        def noting(*arguments):
            seen.setdefault(name, set()).update(
                library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
            )
            return function(*arguments)

        monkeypatch.setattr(module, name, noting)

    note(Objective, "__call__")
    note(predict, "_one_block")
    for n_jobs in (1, None):
        model = case.new(n_jobs=n_jobs, max_iter=1, early_stopping=True).fit(X, y)
        most_precise_output(model, X)
    assert seen == {"__call__": {1}, "_one_block": {1}}


def test_large_products_are_computed_in_all_threads(two_blas_threads, monkeypatch):
    monkeypatch.setattr("skneural.networks.shards.LEAST_PRODUCT", 1)
    monkeypatch.setattr("skneural.networks.shards.LEAST_WORK", np.inf)
    monkeypatch.setattr(training, "cpu_count", lambda: 2)
    seen, one_block = [], predict._one_block
    monkeypatch.setattr(predict, "_one_block", lambda *arguments: seen.append(numbers()) or one_block(*arguments))

    def numbers():
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    X = np.ones((100, 200))
    model = MLPRegressor(2, max_iter=1).fit(X, X[:, 0])
    seen.clear()
    for n_jobs in (None, 1):
        model.set_params(n_jobs=n_jobs).predict(X)
    monkeypatch.setattr(training, "cpu_count", lambda: 1)  # a quota, for example
    model.set_params(n_jobs=None).predict(X)
    assert seen == [{2}, {1}, {1}]


@pytest.fixture
def no_threads(monkeypatch):
    """Threads cannot be started, as in WebAssembly or beyond a limit of the system; the list of attempts."""
    attempts = []

    def refuse(thread):
        attempts.append(thread)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr("skneural.networks.shards.LEAST_SHARD", {Layer: 1})
    return attempts


@every_trained_class
def test_models_train_and_predict_without_threads(case, monkeypatch, no_threads):
    X, y = case.data()
    expected = case.new(n_jobs=1).fit(X, y)
    assert not no_threads
    model = case.new(n_jobs=3)
    monkeypatch.setattr(model._reader_class, "rows_per_block", lambda reader, x: 5)
    model.fit(X, y)
    assert no_threads or not case.shardable
    np.testing.assert_array_equal(model.weights_, expected.weights_)
    predicted, wanted = most_precise_output(model, X), most_precise_output(expected, X)
    if isinstance(wanted, np.ndarray) and wanted.dtype.kind == "f":
        np.testing.assert_allclose(predicted, wanted, rtol=1e-6, atol=1e-6)
    else:
        assert list(predicted) == list(wanted)
    assert no_threads
