"""Memory for large arrays, which is used again.

A training step makes and frees the same large arrays as the step before. The C library gives such memory back to the
system and asks for it anew, and the system then clears it page by page: that took 0.43 ms a megabyte where writing
it took 0.02, and half the time of training a convolutional network. So ops take their large arrays from here: while
a thread is `recycling`, memory that is no longer used waits for the next array of its size.
"""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from skneural.ops.types import Array

# Bytes from which it pays: the bookkeeping of an array costs 1 us, and the C library keeps small pieces itself.
LARGE = 65536


class _Waiting(threading.local):
    """Free memory of each thread by its size in bytes; None where the thread does not recycle."""

    blocks: dict[int, list[bytearray]] | None = None


_waiting = _Waiting()


class _Loan(weakref.ref):
    """Notices when an array is gone, and lets its memory wait for the next; `weakref.finalize` takes 4 us for that."""

    __slots__ = ("block", "blocks")
    block: bytearray
    blocks: list[bytearray]


_loans: dict[int, _Loan] = {}  # a reference that is itself gone would notice nothing


def _give_back(loan: _Loan) -> None:
    del _loans[id(loan)]
    loan.blocks.append(loan.block)


def start_recycling() -> None:
    """Keep the memory of large arrays for others, until this thread ends."""
    _waiting.blocks = {}


@contextmanager
def recycling() -> Iterator[None]:
    """Keep the memory of large arrays that this thread makes for others that it makes, until the end of the block."""
    before = _waiting.blocks
    _waiting.blocks = {} if before is None else before
    try:
        yield
    finally:
        _waiting.blocks = before


def empty(shape: tuple[int, ...], dtype: Any) -> Array:
    """An array with whatever stands in its memory."""
    dtype = np.dtype(dtype)
    n_bytes = math.prod(shape) * dtype.itemsize
    if _waiting.blocks is None or n_bytes < LARGE:
        return np.empty(shape, dtype)
    blocks = _waiting.blocks.setdefault(n_bytes, [])
    # A view refers to the first array over memory that is no array's. Were the block an array itself, views would
    # refer to that, and outlive the one that is waited for here.
    block = blocks.pop() if blocks else bytearray(n_bytes)
    array: Array = np.ndarray(shape, dtype, buffer=block)
    loan = _Loan(array, _give_back)
    loan.block, loan.blocks = block, blocks
    _loans[id(loan)] = loan
    return array


def empty_like(x: Array) -> Array:
    """An array of the shape and the dtype of x, in C order."""
    return empty(x.shape, x.dtype)


def zeros(shape: tuple[int, ...], dtype: Any) -> Array:
    array = empty(shape, dtype)
    array.fill(0)
    return array
