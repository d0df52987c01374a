import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_info, threadpool_limits

from skneural.data import Rows, Samples, Targets
from skneural.layers import BatchNormalization, Chain, Dense, Layer
from skneural.layers.traversal import without_input_gradient
from skneural.losses import SoftmaxLogLoss, SquaredLoss
from skneural.ops import memory
from skneural.parameters import Layout, Weights
from skneural.training.objective import Objective
from skneural.training.threads import (
    Shards,
    _libraries,
    blas_threads,
    limited_blas,
    map_in_threads,
    single_threaded_scipy,
)
from tests.networks.defaults import mlp_network

N_FEATURES = 5
SECONDS = 20


def in_time(function, shards):
    """Return or raise what the function does; if it hangs, its threads are released and the test fails."""
    results = []

    def run():
        try:
            results.append((function(), None))
        except BaseException as error:
            results.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SECONDS)
    if thread.is_alive():
        shards._barrier.abort()
        pytest.fail(f"still running after {SECONDS} s")
    result, error = results[0]
    if error is not None:
        raise error
    return result


def evaluated(network, loss, batches, shards, penalty=0.1):
    """Values, gradients and buffers of an epoch over the batches."""
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    objective = Objective(network, loss, weights, penalty, shards)
    objective.start_epoch([np.random.default_rng(1) for _ in range(shards.n_shards)])
    values, gradients = [], []
    for batch in batches:
        weights.gradient.fill(np.nan)
        values.append(objective(batch))
        gradients.append(weights.gradient.copy())
    return values, gradients, weights.buffers


def batches(loss, weighted, container=np.asarray):
    """Batches of sizes that shards divide unevenly, the last ones with fewer rows than shards."""
    rng = np.random.default_rng(2)
    for n in (20, 20, 9, 2, 1):
        x = rng.standard_normal((n, N_FEATURES))
        y = rng.integers(0, 3, n) if isinstance(loss, SoftmaxLogLoss) else rng.standard_normal((n, 3))
        yield Samples(Rows(container(x)), Targets(y), rng.uniform(0, 2, n) if weighted else None, 1.3)


NETWORKS = {
    "plain": {},
    "dropout": {"dropout": 0.4},
    "batch norm": {"batch_norm": True},
    "everything": {"dropout": 0.3, "batch_norm": True, "residual": True, "activation": "tanh"},
}


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", [SquaredLoss(), SoftmaxLogLoss(3)], ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("options", NETWORKS.values(), ids=list(NETWORKS))
def test_any_number_of_shards_gives_the_same(options, loss, weighted, container):
    network = without_input_gradient(mlp_network(N_FEATURES, 3, (6, 6), **options))
    with Shards(1) as shards:
        values, gradients, buffers = evaluated(network, loss, batches(loss, weighted, container), shards)
    assert np.isfinite(gradients).all()
    for n_shards in (2, 3):
        with Shards(n_shards) as shards:
            others = in_time(
                lambda shards=shards: evaluated(network, loss, batches(loss, weighted, container), shards), shards
            )
        np.testing.assert_allclose(others[0], values, rtol=1e-12)
        np.testing.assert_allclose(others[1], gradients, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(others[2], buffers, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 10, 11])
@pytest.mark.parametrize("n_shards", [1, 2, 3])
def test_rows_are_shared_out_nearly_evenly(n_shards, n_rows):
    with Shards(n_shards) as shards:
        parts = shards.rows(n_rows)
    sizes = [part.stop - part.start for part in parts]
    assert len(parts) == min(n_shards, n_rows)
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(n_rows))
    assert max(sizes) - min(sizes) <= 1


def test_sums_over_shards_are_the_same_bits_in_every_thread():
    arrays = [0.1 * np.random.default_rng(i).standard_normal(100) for i in range(3)]

    def summed(shard):
        reduce = shards.member(shard).sum
        return [reduce(arrays[shard] * factor).copy() for factor in (1.0, 3.0, 1e-3)]

    with Shards(3) as shards:
        results = in_time(lambda: shards.run(summed, 3), shards)
    for others in results[1:]:
        np.testing.assert_array_equal(others, results[0])
    np.testing.assert_allclose(results[0][1], 3 * np.sum(arrays, axis=0), rtol=1e-12)


class PlantedError(Exception):
    pass


@dataclass(frozen=True)
class Failing(Layer):
    """Raises in the shard that holds row `row`: in forward or in backward, or nowhere (row is None)."""

    row: int | None
    in_backward: bool = False

    def forward(self, p, x, context):
        rows = slice(0, len(x)) if context.shard.samples is None else context.shard.samples.rows
        fails = self.row is not None and rows.start <= self.row < rows.stop
        if fails and not self.in_backward:
            raise PlantedError(f"row {self.row}")

        def backward(dy, g):
            if fails:
                raise PlantedError(f"row {self.row}")
            return dy

        return x, backward


@pytest.mark.parametrize("in_backward", [False, True])
@pytest.mark.parametrize("row", [0, 5, 8])
@pytest.mark.parametrize("n_shards", [1, 2, 3])
def test_an_error_in_one_shard_is_raised_and_the_shards_stay_usable(n_shards, row, in_backward):
    loss = SquaredLoss()

    def run(row):
        layers = (Dense(N_FEATURES, 4), BatchNormalization(4), Failing(row, in_backward), BatchNormalization(4))
        everything = [batch for batch in batches(loss, False) if len(batch) == 9]  # three rows in each shard
        return evaluated(Chain(*layers, Dense(4, 3)), loss, everything, shards)

    with Shards(n_shards) as shards:
        before = in_time(lambda: run(None), shards)
        for _ in range(3):
            with pytest.raises(PlantedError, match=f"row {row}"):
                in_time(lambda: run(row), shards)
        after = in_time(lambda: run(None), shards)
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[1], before[1])


@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("n_items", [1, 2, 7])
def test_mapping_in_threads_keeps_the_order(n_threads, n_items):
    assert map_in_threads(lambda number: 10 * number, range(n_items), n_threads) == [10 * n for n in range(n_items)]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_an_error_ends_mapping_in_threads(n_threads):
    computed = []

    def fail(number):
        computed.append(number)
        if number == 3:
            raise PlantedError("item 3")
        time.sleep(0.001)

    with pytest.raises(PlantedError, match="item 3"):
        map_in_threads(fail, range(1000), n_threads)
    assert len(computed) < 100


@pytest.mark.parametrize("n_started", [0, 1])
def test_there_are_fewer_shards_where_threads_cannot_be_started(n_started, monkeypatch):
    start, started = threading.Thread.start, []

    def start_some(thread):
        if len(started) == n_started:
            raise RuntimeError("can't start new thread")
        started.append(start(thread))

    monkeypatch.setattr(threading.Thread, "start", start_some)
    with Shards(3) as shards:
        assert shards.n_shards == 1 + n_started
        n = len(shards.rows(10))
        assert shards.run(lambda shard: shard, n) == list(range(n))
    started.clear()
    assert map_in_threads(str, range(4), 3) == ["0", "1", "2", "3"]


def test_threads_of_shards_recycle_memory():
    """The calling thread does so only within `recycling`, in which training runs."""
    with Shards(3) as shards:
        of_system = shards.run(lambda shard: memory.empty((500, 500), np.float64).flags.owndata, 3)
    assert of_system == [True, False, False]


class InterruptedQueue:
    """Raises where a call is put into a queue; the end of the thread is passed on."""

    def __init__(self, queue):
        self.queue = queue

    def put(self, call):
        if call is not None:
            raise KeyboardInterrupt
        self.queue.put(None)


def test_an_interrupt_while_shards_are_handed_out_releases_those_that_wait():
    shards, aborted = Shards(3), []
    shards._workers[1].calls = InterruptedQueue(shards._workers[1].calls)

    def wait(shard):
        try:
            shards.member(shard).sum(np.ones(2))
        except threading.BrokenBarrierError:
            aborted.append(shard)
            raise

    def run():
        with shards:
            shards.run(wait, 3)

    with pytest.raises(KeyboardInterrupt):
        in_time(run, shards)
    assert aborted == [1]


def test_the_penalty_covers_the_penalized_weights_only():
    network, loss = mlp_network(N_FEATURES, 3, (4,)), SquaredLoss()
    with Shards(1) as shards:
        plain, penalized = (evaluated(network, loss, batches(loss, False), shards, alpha) for alpha in (0.0, 0.6))
    layout = Layout(network.parameters())
    start = layout.initial(np.random.default_rng(0), np.float64).vector
    n = layout.n_penalized
    difference = penalized[1][0] - plain[1][0]
    np.testing.assert_allclose(difference[:n], 0.6 * start[:n], rtol=1e-10)
    np.testing.assert_array_equal(difference[n:], np.zeros(layout.size - n))
    np.testing.assert_allclose(np.mean(penalized[0][0] - plain[0][0]), 0.3 * np.sum(start[:n] ** 2), rtol=1e-12)


def present_threads():
    """Number of threads of each BLAS at this moment."""
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_blas_is_held_to_so_many_threads_and_let_go(two_blas_threads):
    before = threadpool_info()
    with limited_blas(1):
        assert set(present_threads()) == {1}
        assert blas_threads() == 2
        with limited_blas(None):
            assert set(present_threads()) == {1}
    assert threadpool_info() == before


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))], ids=str)
def test_limits_may_end_in_any_order(order, two_blas_threads):
    before = threadpool_info()
    limits = [limited_blas(1), single_threaded_scipy(), limited_blas(2)]
    for limit in limits:
        limit.__enter__()
    for k in order:
        limits[k].__exit__(None, None, None)
        assert set(present_threads()) <= {1, 2}
        assert blas_threads() == 2
    assert threadpool_info() == before


def test_the_least_of_all_limits_applies(two_blas_threads):
    with limited_blas(1):
        with limited_blas(2):
            assert set(present_threads()) == {1}
        assert set(present_threads()) == {1}


def test_a_number_of_threads_that_somebody_else_sets_meanwhile_stays(two_blas_threads):
    with threadpool_limits(1, user_api="blas"):
        limit = limited_blas(1)
        limit.__enter__()
        assert blas_threads() == 1
    assert blas_threads() == 2
    limit.__exit__(None, None, None)
    assert set(present_threads()) == {2}


def test_after_a_limit_ends_every_thread_may_set_another(two_blas_threads):
    """The thread that held the limit is still alive."""
    with limited_blas(1):
        pass
    with ThreadPoolExecutor(1) as pool:
        pool.submit(threadpool_limits, 1, "blas").result()
    assert set(present_threads()) == {1}


def test_an_interrupt_between_two_libraries_leaves_no_limit(two_blas_threads, monkeypatch):
    before = threadpool_info()

    def interrupted(token, n_threads):
        raise KeyboardInterrupt

    monkeypatch.setattr(_libraries()[-1], "limit", interrupted)
    with pytest.raises(KeyboardInterrupt), limited_blas(1):
        pass
    assert threadpool_info() == before
