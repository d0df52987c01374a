"""Keys and values of the steps before, for decoding step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skneural.ops.types import Array

# Steps for which there is room at first; room doubles whenever it is full.
FIRST_ROOM = 16


@dataclass(eq=False)
class _Room:
    """Keys and values in one array, with room for more: (2, batch, heads, room, width)."""

    array: Array
    used: int = 0


@dataclass(frozen=True, eq=False)
class KeyValueCache:
    """What attention remembers of the steps before.

    A value like any other state: `append` returns a cache that is one step longer and leaves this one as it was. Both
    share memory, so that a step costs the same at any position; a second step after the same cache gets a copy.

    Attributes
    ----------
    n_steps : int
        Steps that are remembered.
    """

    room: _Room = field(repr=False)
    n_steps: int = 0

    @classmethod
    def empty(cls, batch: int, n_heads: int, width: int, dtype: Any) -> KeyValueCache:
        return cls(_Room(np.empty((2, batch, n_heads, FIRST_ROOM, width), dtype)))

    @property
    def keys(self) -> Array:
        """Of shape (batch, heads, steps, width)."""
        return self.room.array[0, :, :, : self.n_steps]

    @property
    def values(self) -> Array:
        """Of shape (batch, heads, steps, width)."""
        return self.room.array[1, :, :, : self.n_steps]

    def append(self, keys: Array, values: Array) -> KeyValueCache:
        """One more step. keys, values: (batch, heads, width)."""
        n, room = self.n_steps, self.room
        if room.used > n or room.array.shape[3] == n:  # someone else went on from here, or it is full
            room = self._with_room(max(2 * n, FIRST_ROOM))
        room.array[0, :, :, n], room.array[1, :, :, n] = keys, values
        room.used = n + 1
        return KeyValueCache(room, n + 1)

    def take(self, rows: Array) -> KeyValueCache:
        """The cache of some rows of the batch, such as the beams that go on."""
        return KeyValueCache(_Room(self.room.array[:, rows], self.n_steps), self.n_steps)

    def _with_room(self, n_steps: int) -> _Room:
        shape = self.room.array.shape
        array = np.empty((*shape[:3], n_steps, shape[4]), self.room.array.dtype)
        array[:, :, :, : self.n_steps] = self.room.array[:, :, :, : self.n_steps]
        return _Room(array, self.n_steps)
