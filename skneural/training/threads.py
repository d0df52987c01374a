"""Thread counts, and parallel computation of the shards of a batch."""

from __future__ import annotations

import operator
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Context, copy_context
from functools import cache, partial
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

from threadpoolctl import LibController, ThreadpoolController

from skneural.ops.blocks import equal_slices
from skneural.ops.memory import recycling, start_recycling
from skneural.ops.types import Array
from skneural.training.communicator import ALONE, Communicator
from skneural.training.interrupts import deliver_interrupt

_T = TypeVar("_T")
_Result = TypeVar("_Result")


class _Limits:
    """Limits in force, with the number of threads before the first of them and the one that was set last."""

    def __init__(self) -> None:
        self.numbers: dict[object, int] = {}
        self.before = self.applied = 0


class _LimitsOfThread(_Limits, threading.local):
    """Limits of the calling thread."""


class _Library:
    """A BLAS library, whose number of threads can be limited by several callers at once.

    The number is one for the whole process, and models may be trained in several threads. So the least limit applies,
    and the last one to end restores the number from before the first. OpenBLAS on OpenMP has a number for each thread.
    """

    def __init__(self, controller: LibController) -> None:
        self.filepath: str = controller.filepath
        self.of_thread = getattr(controller, "threading_layer", None) == "openmp"
        self._controller = controller
        self._limits = _LimitsOfThread() if self.of_thread else _Limits()

    @property
    def unlimited(self) -> int:
        """Number of threads that the library may use apart from the limits, as set by the environment or the user."""
        return self._before(int(self._controller.num_threads))

    def limit(self, token: object, n_threads: int | None) -> None:
        """Put a limit in force, or end the limit of this token, if there is one (None)."""
        limits, current = self._limits, int(self._controller.num_threads)
        limits.before = self._before(current)
        if n_threads is None:
            limits.numbers.pop(token, None)
        else:
            limits.numbers[token] = n_threads
        limits.applied = min(limits.numbers.values(), default=limits.before)
        if limits.applied != current:
            self._controller.set_num_threads(limits.applied)

    def _before(self, current: int) -> int:
        # A number that was not set here is from somebody else, who set it meanwhile.
        return self._limits.before if self._limits.numbers and current == self._limits.applied else current


_limits_lock = threading.RLock()  # a signal handler may run in the thread that holds it


@cache
def _libraries() -> list[_Library]:
    controllers = ThreadpoolController().lib_controllers  # inspects all loaded libraries, which takes 1 ms
    return [_Library(controller) for controller in controllers if controller.user_api == "blas"]


@cache
def _no_libraries() -> ThreadpoolController:
    return ThreadpoolController().select(filepath=[])


def blas_threads() -> int:
    """Number of threads that BLAS may use, as set by the environment, joblib or threadpoolctl.

    Limits by `limited_blas` do not count: they would make the number depend on models that other threads train.
    """
    with _limits_lock:
        return max((library.unlimited for library in _libraries()), default=1)


def limited_blas(n_threads: int | None) -> AbstractContextManager[None]:
    """Limit BLAS to a number of threads; None: no limit."""
    return nullcontext() if n_threads is None else _limited(_libraries(), n_threads)


def single_threaded_scipy() -> AbstractContextManager[None]:
    """Limit the BLAS that SciPy's wheels include to one thread, without any effect on NumPy's.

    Wheels of NumPy and SciPy include one BLAS each. Where small products of SciPy alternate with large ones of NumPy,
    the waiting threads of one slow down the other: with this limit, L-BFGS on 1797 x 64 digits took 0.08 s, without it
    2.0 s.
    """
    return _limited([library for library in _libraries() if "scipy.libs" in library.filepath], 1)


@contextmanager
def _limited(libraries: Sequence[_Library], n_threads: int) -> Iterator[None]:
    token = object()
    try:
        _set_limits(libraries, token, n_threads)
        yield
    finally:  # also after an interrupt between two libraries
        _set_limits(libraries, token, None)


def _set_limits(libraries: Sequence[_Library], token: object, n_threads: int | None) -> None:
    # By a change, a thread takes control of OpenBLAS, and changes by all others are ignored until it ends such a
    # block: without it, the others could not restore the number.
    with _limits_lock, _no_libraries().limit(limits=None):
        for library in libraries:
            library.limit(token, n_threads)


class _Outcome(NamedTuple):
    number: int
    value: Any
    error: BaseException | None


class _Call(NamedTuple):
    """A call for a thread to make, and the queue for its outcome."""

    function: Callable[[int], _Outcome]
    number: int
    context: Context
    outcomes: SimpleQueue[_Outcome]


class _Worker(threading.Thread):
    """A thread that makes one call after another."""

    def __init__(self, number: int) -> None:
        # As a daemon, because an interrupt may come between its start and the first line that could stop it.
        super().__init__(name=f"skneural_{number}", daemon=True)
        self.calls: SimpleQueue[_Call | None] = SimpleQueue()

    def run(self) -> None:
        start_recycling()
        with _limited([library for library in _libraries() if library.of_thread], 1):
            while (call := self.calls.get()) is not None:
                call.outcomes.put(call.context.run(call.function, call.number))
                del call  # it refers to arrays of the batch


class Shards:
    """Parallel evaluation of a function on the shards of a batch, with one thread per shard.

    NumPy releases the global interpreter lock inside its loops and products, so shards are computed in parallel. The
    calling thread computes the first shard. Where the system allows no more threads, there are fewer shards; in
    WebAssembly there is one.

    Parameters
    ----------
    n_shards : int

    Attributes
    ----------
    n_shards : int
        Number of threads that were started, including the calling one.
    """

    def __init__(self, n_shards: int) -> None:
        self._workers: list[_Worker] = []
        try:
            for number in range(1, n_shards):
                worker = _Worker(number)
                worker.start()
                self._workers.append(worker)
        except RuntimeError:  # no further thread can be started
            pass
        self.n_shards = 1 + len(self._workers)
        self._barrier = threading.Barrier(self.n_shards)
        self._shared: list[Any] = [None] * self.n_shards

    def __enter__(self) -> Shards:
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            worker.calls.put(None)
        for worker in self._workers:
            worker.join()

    def rows(self, n_rows: int) -> list[slice]:
        """Split a batch into consecutive, non-empty parts of almost equal size."""
        return equal_slices(n_rows, self.n_shards)

    def run(self, function: Callable[[int], Any], n: int) -> list[Any]:
        """Compute ``[function(0), ..., function(n - 1)]`` in parallel.

        If a call fails, other calls that wait for it in a method of `member` are aborted, and the first error is
        raised.
        """
        if self._barrier.parties != n or self._barrier.broken:
            self._barrier = threading.Barrier(n)
        if n == 1:
            return [function(0)]
        queue: SimpleQueue[_Outcome] = SimpleQueue()
        guarded = partial(self._guarded, function)
        try:
            for number in range(1, n):
                # With a copy of the caller's context, which contains NumPy's error state.
                self._workers[number - 1].calls.put(_Call(guarded, number, copy_context(), queue))
            outcomes = [guarded(0), *(queue.get() for _ in range(1, n))]
        except BaseException:  # after an interrupt here, the other threads would wait for the first shard for ever
            self._barrier.abort()
            raise
        outcomes.sort(key=operator.attrgetter("number"))
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        if errors:
            # A BrokenBarrierError is only a consequence of the error in another shard.
            raise next((e for e in errors if not isinstance(e, threading.BrokenBarrierError)), errors[0])
        return [outcome.value for outcome in outcomes]

    def member(self, shard: int, across: Communicator = ALONE) -> ThreadMember:
        """Make the communicator of a shard, for functions in `run`.

        Parameters
        ----------
        shard : int
        across : Communicator, default=ALONE
            Members that compute other parts of the batch, in their threads: sums are over all shards of all of them.
        """
        return ThreadMember(self, shard, across)

    def _guarded(self, function: Callable[[int], Any], shard: int) -> _Outcome:
        try:
            return _Outcome(shard, function(shard), None)
        except BaseException as error:
            self._barrier.abort()
            return _Outcome(shard, None, error)


class ThreadMember:
    """Communicator of one of the shards that `Shards.run` computes, each in a thread.

    Parameters
    ----------
    shards : Shards
    rank : int
        Number of the shard.
    across : Communicator, default=ALONE
        Members whose shards are summed, too, by the first shard of each.
    """

    def __init__(self, shards: Shards, rank: int, across: Communicator = ALONE) -> None:
        self._shards, self._rank, self._across = shards, rank, across

    @property
    def size(self) -> int:
        return self._shards._barrier.parties

    @property
    def rank(self) -> int:
        return self._rank

    def sum(self, array: Array, out: Array | None = None) -> Array:
        """Sum of the arrays of all shards; each of them must call this equally often."""
        shared, barrier = self._shards._shared, self._shards._barrier
        shared[self._rank] = array
        barrier.wait()
        if self._across.size == 1:
            total = self._total()
        elif self._rank == 0:
            shared[0] = self._across.sum(self._total())
        barrier.wait()
        if self._across.size > 1:
            total = shared[0].copy()
            barrier.wait()
        if out is None:
            return total
        out[...] = total
        return out

    def broadcast(self, value: _T, rank: int = 0) -> _T:
        """The value of one shard."""
        shared, barrier = self._shards._shared, self._shards._barrier
        if rank == self._rank:
            shared[rank] = value
        barrier.wait()
        received: _T = shared[rank]
        barrier.wait()
        return received

    def leave(self, error: BaseException | None = None) -> None:
        """Do nothing: `Shards.run` waits for all shards, and raises the error of one of them."""

    def _total(self) -> Array:
        first, *others = self._shards._shared[: self.size]
        total: Array = first.copy()
        for array in others:
            total += array  # in the same order in every thread, so that sums are bitwise equal
        return total


def map_in_threads(function: Callable[[_T], _Result], items: Sequence[_T], n_threads: int) -> list[_Result]:
    """Compute ``[function(item) for item in items]``, each item in the first of the threads that is free."""
    results: list[Any] = [None] * len(items)
    waiting = deque(range(len(items)))
    lock = threading.Lock()

    def next_number() -> int | None:
        with lock:
            return waiting.popleft() if waiting else None

    def work(thread: int) -> None:
        try:
            while (number := next_number()) is not None:
                results[number] = function(items[number])
                deliver_interrupt()
        except BaseException:  # the other threads need not compute the rest
            waiting.clear()
            raise

    with recycling(), Shards(min(n_threads, len(items))) as shards:
        shards.run(work, shards.n_shards)
    return results
