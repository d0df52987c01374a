"""Consecutive slices, for computing a large result piece by piece."""

from __future__ import annotations

from collections.abc import Iterator


def slices(n: int, size: int) -> Iterator[slice]:
    """Slices of `size` elements that cover ``range(n)`` in order; the last may be shorter."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
