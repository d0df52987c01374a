"""Random generators by name: a separate one for each purpose and each epoch, all from one seed.

A generator depends on seed, name and epoch only. So training that is interrupted, pickled and resumed draws the same
random numbers as without the interruption, and a new purpose does not change the random numbers of others.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_random_state

from skneural.training.communicator import present_communicator


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


def drawn_seed(random_state: int | np.random.RandomState | None) -> int:
    """Draw a seed; processes that train together have that of the first one."""
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    return present_communicator().broadcast(seed)
