"""Keys and values of the previous steps, for decoding step by step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from skneural.ops.types import Array

# Initial capacity in steps; it doubles whenever it is exceeded.
INITIAL_CAPACITY = 16


@dataclass(eq=False)
class _Storage:
    """Keys and values in one array, with free capacity: (2, batch, heads, capacity, width)."""

    array: Array
    used: int = 0


@dataclass(frozen=True, eq=False)
class KeyValueCache:
    """Keys and values of the previous steps of self-attention.

    Caches are immutable: `append` returns a cache with one more step. Both share memory, so that the cost of a step is
    independent of the position; appending to the same cache a second time makes a copy.

    Attributes
    ----------
    n_steps : int
        Number of steps in the cache.
    """

    storage: _Storage = field(repr=False)
    n_steps: int = 0

    @classmethod
    def empty(cls, batch: int, n_heads: int, width: int, dtype: npt.DTypeLike) -> KeyValueCache:
        return cls(_Storage(np.empty((2, batch, n_heads, INITIAL_CAPACITY, width), dtype)))

    @property
    def keys(self) -> Array:
        """Of shape (batch, heads, steps, width)."""
        return self.storage.array[0, :, :, : self.n_steps]

    @property
    def values(self) -> Array:
        """Of shape (batch, heads, steps, width)."""
        return self.storage.array[1, :, :, : self.n_steps]

    def append(self, keys: Array, values: Array) -> KeyValueCache:
        """Append one step. keys, values: (batch, heads, width)."""
        n, storage = self.n_steps, self.storage
        if storage.used > n or storage.array.shape[3] == n:  # another cache has used the memory, or it is full
            storage = self._enlarged(max(2 * n, INITIAL_CAPACITY))
        storage.array[0, :, :, n], storage.array[1, :, :, n] = keys, values
        storage.used = n + 1
        return KeyValueCache(storage, n + 1)

    def select(self, rows: Array) -> KeyValueCache:
        """Cache of some rows of the batch, such as the beams that are continued."""
        return KeyValueCache(_Storage(self.storage.array[:, rows], self.n_steps), self.n_steps)

    def _enlarged(self, n_steps: int) -> _Storage:
        shape = self.storage.array.shape
        array = np.empty((*shape[:3], n_steps, shape[4]), self.storage.array.dtype)
        array[:, :, :, : self.n_steps] = self.storage.array[:, :, :, : self.n_steps]
        return _Storage(array, self.n_steps)
