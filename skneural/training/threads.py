"""Thread counts, and parallel computation of the shards of a batch."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from skneural.ops.memory import start_recycling
from skneural.ops.types import Array


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # inspects all loaded libraries, which takes 1 ms, so it is cached


def blas_threads() -> int:
    """Number of threads that BLAS may use now, as set by the environment, joblib or threadpoolctl."""
    counts = [library["num_threads"] for library in _controller().info() if library["user_api"] == "blas"]
    return max(counts, default=1)


@contextmanager
def limited_blas(n_threads: int | None) -> Iterator[None]:
    """Limit BLAS to a number of threads; None: no limit."""
    if n_threads is None:
        yield
    else:
        with _controller().limit(limits=n_threads, user_api="blas"):
            yield


@contextmanager
def single_threaded_scipy() -> Iterator[None]:
    """Limit the BLAS that SciPy's wheels include to one thread, without any effect on NumPy's.

    Wheels of NumPy and SciPy include one BLAS each. Where small products of SciPy alternate with large ones of NumPy,
    the waiting threads of one slow down the other: with this limit, L-BFGS on 1797 x 64 digits took 0.08 s, without it
    2.0 s.
    """
    libraries = [library["filepath"] for library in _controller().info() if "scipy.libs" in library["filepath"]]
    with _controller().select(filepath=libraries).limit(limits=1):
        yield


class _Outcome(NamedTuple):
    value: Any
    error: BaseException | None


class Shards:
    """Parallel evaluation of a function on the shards of a batch, with one thread per shard.

    NumPy releases the global interpreter lock inside its loops and products, so shards are computed in parallel. The
    calling thread computes the first shard.

    Parameters
    ----------
    n_shards : int
    """

    def __init__(self, n_shards: int) -> None:
        self.n_shards = n_shards
        self._pool = ThreadPoolExecutor(n_shards - 1, "skneural", start_recycling) if n_shards > 1 else None
        self._barrier = threading.Barrier(n_shards)
        self._parts: list[Array] = [np.empty(0)] * n_shards

    def __enter__(self) -> Shards:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def rows(self, n_rows: int) -> list[slice]:
        """Split a batch into consecutive, non-empty parts of almost equal size."""
        n = min(self.n_shards, n_rows)
        ends = [n_rows * i // n for i in range(n + 1)]
        return [slice(start, stop) for start, stop in itertools.pairwise(ends)]

    def run(self, function: Callable[[int], Any], n: int) -> list[Any]:
        """Compute ``[function(0), ..., function(n - 1)]`` in parallel.

        If a call fails, other calls that wait in `sum_over` are aborted, and the first error is raised.
        """
        if self._pool is None or n == 1:
            return [function(i) for i in range(n)]
        if self._barrier.parties != n or self._barrier.broken:
            self._barrier = threading.Barrier(n)
        submit = self._pool.submit
        try:
            # With a copy of the caller's context, which contains NumPy's error state.
            futures = [submit(copy_context().run, self._guarded, function, i) for i in range(1, n)]
            outcomes = [self._guarded(function, 0), *(future.result() for future in futures)]
        except BaseException:  # after an interrupt here, the other threads would wait for the first shard for ever
            self._barrier.abort()
            raise
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        if errors:
            # A BrokenBarrierError is only a consequence of the error in another shard.
            raise next((e for e in errors if not isinstance(e, threading.BrokenBarrierError)), errors[0])
        return [outcome.value for outcome in outcomes]

    def sum_over(self, shard: int) -> Callable[[Array], Array]:
        """Make a function that adds up the arrays of all shards; each shard must call its function equally often."""

        def reduce(array: Array) -> Array:
            self._parts[shard] = array
            self._barrier.wait()
            total = self._parts[0].copy()
            for part in self._parts[1 : self._barrier.parties]:
                total += part  # in the same order in every thread, so that sums are bitwise equal
            self._barrier.wait()
            return total

        return reduce

    def _guarded(self, function: Callable[[int], Any], shard: int) -> _Outcome:
        try:
            return _Outcome(function(shard), None)
        except BaseException as error:
            self._barrier.abort()
            return _Outcome(None, error)
