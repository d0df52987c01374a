"""Threads: how many there are, and how a batch is split over them."""

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
    return ThreadpoolController()  # looks through all loaded libraries: 1 ms, so once


def blas_threads() -> int:
    """Threads that BLAS may use at this moment, as environment, joblib and threadpoolctl left it."""
    counts = [library["num_threads"] for library in _controller().info() if library["user_api"] == "blas"]
    return max(counts, default=1)


@contextmanager
def limited_blas(n_threads: int | None) -> Iterator[None]:
    """Hold BLAS to that many threads; None leaves it alone."""
    if n_threads is None:
        yield
    else:
        with _controller().limit(limits=n_threads, user_api="blas"):
            yield


@contextmanager
def quiet_scipy() -> Iterator[None]:
    """Hold a BLAS of SciPy's own to one thread, and leave NumPy's alone.

    Wheels bring one BLAS each. Where SciPy's small products and NumPy's large ones take turns, the waiting threads of
    one get in the way of the other: with that, L-BFGS on 1797 x 64 digits took 0.08 s, without it 2.0 s.
    """
    own = [library["filepath"] for library in _controller().info() if "scipy.libs" in library["filepath"]]
    with _controller().select(filepath=own).limit(limits=1):
        yield


class _Outcome(NamedTuple):
    value: Any
    error: BaseException | None


class Shards:
    """Run a function on the shards of a batch, one thread each.

    NumPy releases the interpreter lock inside its loops and products, so the shards of a batch compute at the same
    time. The calling thread takes the first shard.

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
        """Near-equal consecutive parts of a batch, none of them empty."""
        n = min(self.n_shards, n_rows)
        ends = [n_rows * i // n for i in range(n + 1)]
        return [slice(start, stop) for start, stop in itertools.pairwise(ends)]

    def run(self, function: Callable[[int], Any], n: int) -> list[Any]:
        """``[function(0), ..., function(n - 1)]``, at the same time.

        If one call fails, the others are released from `sum_over` and the first error is raised.
        """
        if self._pool is None or n == 1:
            return [function(i) for i in range(n)]
        if self._barrier.parties != n or self._barrier.broken:
            self._barrier = threading.Barrier(n)
        submit = self._pool.submit
        try:
            # With a copy of the caller's context: NumPy's error state lives there.
            futures = [submit(copy_context().run, self._guarded, function, i) for i in range(1, n)]
            outcomes = [self._guarded(function, 0), *(future.result() for future in futures)]
        except BaseException:  # an interrupt in between: the others would wait for the first one for ever
            self._barrier.abort()
            raise
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        if errors:
            # Those that were only released from waiting have nothing to tell.
            raise next((e for e in errors if not isinstance(e, threading.BrokenBarrierError)), errors[0])
        return [outcome.value for outcome in outcomes]

    def sum_over(self, shard: int) -> Callable[[Array], Array]:
        """What adds up an array of each shard: all shards must call theirs equally often."""

        def reduce(array: Array) -> Array:
            self._parts[shard] = array
            self._barrier.wait()
            total = self._parts[0].copy()
            for part in self._parts[1 : self._barrier.parties]:
                total += part  # in the same order in every thread, so all get the same bits
            self._barrier.wait()
            return total

        return reduce

    def _guarded(self, function: Callable[[int], Any], shard: int) -> _Outcome:
        try:
            return _Outcome(function(shard), None)
        except BaseException as error:
            self._barrier.abort()
            return _Outcome(None, error)
