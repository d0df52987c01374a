"""Memory for large arrays, which is used again.

A training step makes and frees the same large arrays as the step before. The C library gives such memory back to the
system and asks for it anew, and the system then clears it page by page: that took 0.43 ms a megabyte where writing
it took 0.02, and half the time of training a convolutional network. So ops take their large arrays from here: while
a thread is `recycling`, memory that is no longer used waits for the next array that it is large enough for.
"""

from __future__ import annotations

import math
import threading
import weakref
from bisect import bisect_left, insort
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from skneural.ops.types import Array

# Bytes from which it pays: the bookkeeping of an array costs 1 us, and the C library keeps small pieces itself.
LARGE = 65536

# An array takes memory of up to so many times its size, so that batches of unequal lengths share theirs.
LARGEST_EXCESS = 2


class _Pool:
    """Memory that waits, by its size in bytes. Never more than what was in use at once waits."""

    def __init__(self) -> None:
        self.blocks: dict[int, list[bytearray]] = {}
        self.sizes: list[int] = []  # the keys of `blocks` in ascending order
        self.waiting = self.lent = self.most_lent = 0

    def take(self, n_bytes: int) -> bytearray:
        """The smallest block that waits and is large enough but not far too large, or a new one."""
        block = None
        for size in self.sizes[bisect_left(self.sizes, n_bytes) :]:
            if size > LARGEST_EXCESS * n_bytes:
                break
            if self.blocks[size]:
                block = self.blocks[size].pop()
                self.waiting -= size
                break
        if block is None:
            block = bytearray(n_bytes)
        self.lent += len(block)
        self.most_lent = max(self.most_lent, self.lent)
        return block

    def give_back(self, block: bytearray) -> None:
        size = len(block)
        self.lent -= size
        if self.waiting + size > self.most_lent:
            return
        if size not in self.blocks:
            self.blocks[size] = []
            insort(self.sizes, size)
        self.blocks[size].append(block)
        self.waiting += size


class _Thread(threading.local):
    pool: _Pool | None = None  # None where the thread does not recycle


class _Loan(weakref.ref):
    """Notices when an array is gone, and gives its memory back; `weakref.finalize` takes 4 us for that."""

    __slots__ = ("block", "pool")
    block: bytearray
    pool: _Pool


_thread = _Thread()
_loans: dict[int, _Loan] = {}  # a reference that is itself gone would notice nothing


def _give_back(loan: _Loan) -> None:
    del _loans[id(loan)]
    loan.pool.give_back(loan.block)


def start_recycling() -> None:
    """Keep the memory of large arrays for others, until this thread ends."""
    _thread.pool = _Pool()


@contextmanager
def recycling() -> Iterator[None]:
    """Keep the memory of large arrays that this thread makes for others that it makes, until the end of the block."""
    before = _thread.pool
    _thread.pool = _Pool() if before is None else before
    try:
        yield
    finally:
        _thread.pool = before


def empty(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """An array with whatever stands in its memory."""
    dtype = np.dtype(dtype)
    n_bytes = math.prod(shape) * dtype.itemsize
    pool = _thread.pool
    if pool is None or n_bytes < LARGE:
        return np.empty(shape, dtype)
    # A view refers to the first array over memory that is no array's. Were the block an array itself, views would
    # refer to that, and outlive the one that is waited for here.
    block = pool.take(n_bytes)
    array: Array = np.ndarray(shape, dtype, buffer=block)
    loan = _Loan(array, _give_back)
    loan.block, loan.pool = block, pool
    _loans[id(loan)] = loan
    return array


def empty_like(x: Array) -> Array:
    """An array of the shape and the dtype of x, in C order."""
    return empty(x.shape, x.dtype)


def zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    array = empty(shape, dtype)
    array.fill(0)
    return array


def zeros_ordered_as(x: Array) -> Array:
    """Zeros of the shape and the dtype of x, whose axes follow each other in memory as those of x do."""
    order = np.argsort([-abs(stride) for stride in x.strides], kind="stable")
    return zeros(tuple(x.shape[axis] for axis in order), x.dtype).transpose(np.argsort(order))
