"""Random generators by name: a separate one for each purpose and each epoch, all from one seed.

A generator depends on seed, name and epoch only. So training that is interrupted, pickled and resumed draws the same
random numbers as without the interruption, and a new purpose does not change the random numbers of others.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Seeds:
    """Source of named random generators.

    Parameters
    ----------
    seed : int
    """

    seed: int

    def generator(self, name: str, epoch: int = 0) -> np.random.Generator:
        """Make the generator of a purpose in an epoch, in its initial state."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode()), epoch])
