"""Batches of samples that are read in long runs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from skneural.data.container import Container
from skneural.data.samples import Samples
from skneural.ops.types import Array

# Bytes of a block, and of the blocks that are in memory and mixed at once.
BYTES_OF_A_BLOCK = 1 << 20
BYTES_OF_A_CHUNK = 1 << 26


@dataclass(frozen=True)
class ShuffledBlocks:
    """Samples whose batches are drawn from a chunk of blocks, which follow each other in random order.

    A block is consecutive samples, so that a disk reads it in one run. Each sample is in one batch, as in a shuffle of
    all samples, and all batches but the last are of the same size. Fewer samples than a chunk are shuffled as a whole.

    Parameters
    ----------
    samples : Samples
    n_block : int
        Number of samples of a block.
    n_chunk : int
        Number of samples that are mixed at once.
    """

    samples: Samples
    n_block: int
    n_chunk: int

    @classmethod
    def of(cls, samples: Samples) -> ShuffledBlocks:
        """Blocks of a megabyte in chunks of 64."""
        n_bytes = bytes_of_sample(samples.x)
        return cls(samples, max(1, BYTES_OF_A_BLOCK // n_bytes), max(1, BYTES_OF_A_CHUNK // n_bytes))

    def __len__(self) -> int:
        return len(self.samples)

    def batches(self, size: int, rng: np.random.Generator | None, *, copied: bool = True) -> Iterator[Samples]:
        """Iterate over mini-batches of `size` samples, in random order by `rng` unless it is None."""
        if rng is None or size >= len(self) or self.n_chunk >= len(self):
            yield from self.samples.batches(size, rng, copied=copied)
            return
        for rows in self._chunks(size, rng):
            yield from self.samples.take(rows).batches(size, rng, copied=copied)

    def _chunks(self, size: int, rng: np.random.Generator) -> Iterator[Array]:
        """Rows of each chunk, in ascending order: whole batches, except for the last chunk.

        A block that does not fit is cut, and its other samples come into the next chunk.
        """
        n, n_chunk = len(self), size * math.ceil(self.n_chunk / size)
        blocks, n_rows = [], 0
        for number in rng.permutation(math.ceil(n / self.n_block)):
            block = np.arange(number * self.n_block, min(n, (number + 1) * self.n_block))
            blocks.append(block)
            n_rows += len(block)
            while n_rows >= n_chunk:
                rows = np.concatenate(blocks)
                yield np.sort(rows[:n_chunk])
                blocks, n_rows = [rows[n_chunk:]], n_rows - n_chunk
        if n_rows:
            yield np.sort(np.concatenate(blocks))


def bytes_of_sample(x: Container) -> int:
    """Bytes of a sample in a batch; where samples are not rows of an array, those of one number."""
    return max(1, math.prod(x.shape[1:]) * x.dtype.itemsize)
