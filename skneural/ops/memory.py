"""Allocation of large arrays from a pool of memory that is reused.

A training step allocates and frees the same large arrays as the step before it. The C library returns such memory to
the operating system and requests it again, and the system then clears it page by page: that took 0.43 ms per megabyte
where writing took 0.02, and half the time of training a convolutional network. So ops allocate their large arrays here:
while a thread is `recycling`, freed memory is kept in a pool for the next array that it is large enough for.
"""

from __future__ import annotations

import math
import threading
import weakref
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from skneural.ops.types import Array

# Bytes from which a pool pays: the bookkeeping costs 1 us per array, and the C library keeps small blocks itself.
LARGE = 65536

# Blocks of up to this many times the size of an array are used for it, so that batches of unequal lengths share memory.
LARGEST_EXCESS = 2


# Addresses of arrays are multiples of this, the size of a cache line. Where vectors of the processor cross cache lines,
# sums and products of arrays took 1.3 to 1.7 times as long.
ALIGNMENT = 64


class _Block(bytearray):
    """Memory for one array at a time, which begins at an aligned address: `offset`."""

    def __init__(self, n_bytes: int) -> None:
        super().__init__(n_bytes + ALIGNMENT)
        self.offset = -np.frombuffer(self, np.uint8).__array_interface__["data"][0] % ALIGNMENT


class _Loan(weakref.ref):
    """Reference to the array that uses a block of memory.

    `weakref.finalize` does the same but takes 4 us instead of 1.
    """

    __slots__ = ("block",)
    block: _Block


class _Pool:
    """Free blocks of memory by their size in bytes, in total at most as much as was ever in use at once.

    A weak reference to each array notices when the array is freed, and its callback appends the reference to `ended`.
    That is a method in C: in a callback in Python, the interpreter could raise KeyboardInterrupt, print it and lose it,
    as it did with 7 of 50 interrupts of a wide perceptron. The memory is reclaimed when the next array is requested.
    """

    def __init__(self) -> None:
        self.blocks: dict[int, list[_Block]] = {}
        self.sizes: list[int] = []  # the keys of `blocks` in ascending order
        self.waiting = self.lent = self.most_lent = 0
        self.loans: dict[int, _Loan] = {}  # by id; references must be kept alive for their callbacks to be called
        self.ended: deque[_Loan] = deque()

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any], n_bytes: int) -> Array:
        """Return an uninitialized array in memory of the pool."""
        # The base of a view is the first array over memory that does not belong to an array. If the block were an array
        # itself, views would refer to the block, and could outlive the array that `_Loan` watches.
        block = self.take(n_bytes)
        array: Array = np.ndarray(shape, dtype, buffer=block, offset=block.offset)
        loan = _Loan(array, self.ended.append)
        loan.block = block
        self.loans[id(loan)] = loan
        return array

    def take(self, n_bytes: int) -> _Block:
        """Return the smallest free block that is large enough and not far too large, or a new block."""
        if self.ended:
            self.reclaim()
        block = None
        for size in self.sizes[bisect_left(self.sizes, n_bytes + ALIGNMENT) :]:
            if size > LARGEST_EXCESS * n_bytes:
                break
            if self.blocks[size]:
                block = self.blocks[size].pop()
                self.waiting -= size
                break
        if block is None:
            block = _Block(n_bytes)
        self.lent += len(block)
        self.most_lent = max(self.most_lent, self.lent)
        return block

    def reclaim(self) -> None:
        """Return the memory of freed arrays to the pool."""
        while self.ended:
            loan = self.ended.popleft()
            del self.loans[id(loan)]
            self._give_back(loan.block)

    def _give_back(self, block: _Block) -> None:
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


_thread = _Thread()


def start_recycling() -> None:
    """Reuse the memory of large arrays until this thread ends."""
    _thread.pool = _Pool()


@contextmanager
def recycling() -> Iterator[None]:
    """Reuse the memory of the large arrays of this thread, until the end of the ``with`` block."""
    before = _thread.pool
    _thread.pool = _Pool() if before is None else before
    try:
        yield
    finally:
        _thread.pool = before


def empty(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """Return an uninitialized array."""
    dtype = np.dtype(dtype)
    n_bytes = math.prod(shape) * dtype.itemsize
    pool = _thread.pool
    if pool is None or n_bytes < LARGE:
        return np.empty(shape, dtype)
    return pool.empty(shape, dtype, n_bytes)


def empty_like(x: Array) -> Array:
    """Return an uninitialized array of the shape and the dtype of x, in C order."""
    return empty(x.shape, x.dtype)


def zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """Return an array of zeros."""
    array = empty(shape, dtype)
    array.fill(0)
    return array


def zeros_ordered_as(x: Array) -> Array:
    """Return zeros of the shape and the dtype of x, with its axes in the same memory order."""
    order = np.argsort([-abs(stride) for stride in x.strides], kind="stable")
    return zeros(tuple(x.shape[axis] for axis in order), x.dtype).transpose(np.argsort(order))
