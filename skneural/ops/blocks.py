"""Consecutive slices, for computing a large result piece by piece."""

from __future__ import annotations

import itertools
from collections.abc import Iterator


def slices(n: int, size: int) -> Iterator[slice]:
    """Slices of `size` elements that cover ``range(n)`` in order; the last may be shorter."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def equal_slices(n: int, n_slices: int) -> list[slice]:
    """At most `n_slices` consecutive slices of almost equal, positive size that cover ``range(n)``."""
    k = min(n_slices, n)
    ends = [n * i // k for i in range(k + 1)] if k else []
    return [slice(start, stop) for start, stop in itertools.pairwise(ends)]
