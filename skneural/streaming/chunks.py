"""Chunks that a user passes, in a common form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from skneural.ops.types import Array
from skneural.sklearn_compat import num_samples, safe_indexing


class Chunk(NamedTuple):
    """Samples of one chunk; none has the weight zero."""

    X: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def n_samples(self) -> int:
        return int(num_samples(self.X))

    def take(self, kept: Array) -> Chunk:
        """The samples that a boolean array marks."""
        if kept.all():
            return self
        rows = np.flatnonzero(kept)
        return Chunk(*(None if part is None else safe_indexing(part, rows) for part in self))


Source = Iterable[Any] | Callable[[], Iterable[Any]]


class Chunks:
    """Chunks that can be read several times.

    Parameters
    ----------
    source : iterable, or function that makes one
        Of X, (X, y) or (X, y, sample_weight).
    """

    def __init__(self, source: Source) -> None:
        if isinstance(source, Iterator):
            raise TypeError(
                "chunks can be read only once, because it is an iterator or a generator. The data are read once to "
                "learn units and classes, and once in each pass: give a list, or a function that makes a new iterator."
            )
        if not (callable(source) or isinstance(source, Iterable)):
            raise TypeError(f"chunks must be an iterable, or a function that returns one; got {type(source).__name__}.")
        self._source = source

    def numbered(self, rng: np.random.Generator | None = None) -> Iterator[tuple[int, Chunk]]:
        """Iterate over the numbers of chunks and those that have samples; a sequence in random order by `rng`."""
        source = self._source() if callable(self._source) else self._source
        items: Iterator[tuple[int, Any]] = enumerate(source)
        if rng is not None and isinstance(source, Sequence):
            items = ((int(number), source[number]) for number in rng.permutation(len(source)))
        for number, item in items:
            chunk = as_chunk(item, number)
            if chunk.n_samples:
                yield number, chunk


def as_chunk(item: Any, number: int) -> Chunk:
    """A chunk of X, (X, y) or (X, y, sample_weight)."""
    if not isinstance(item, tuple):
        return Chunk(item)
    if not 1 <= len(item) <= len(Chunk._fields):
        raise ValueError(f"Chunk {number} has {len(item)} parts; it must be X, (X, y) or (X, y, sample_weight).")
    chunk = Chunk(*item)
    lengths = {num_samples(part) for part in chunk if part is not None}
    if len(lengths) > 1:
        raise ValueError(f"The parts of chunk {number} have different numbers of samples: {sorted(lengths)}.")
    return chunk if chunk.sample_weight is None else chunk.take(np.asarray(chunk.sample_weight) != 0)


def shape_of_sample(chunk: Chunk) -> tuple[int, ...]:
    """Shape of a sample of X, such as its number of columns; empty if samples may differ."""
    shape: tuple[int, ...] = getattr(chunk.X, "shape", ())
    return shape[1:]
