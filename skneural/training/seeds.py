"""Random numbers by name: one seed, and a generator for each use and each epoch.

A generator depends on nothing but seed, name and epoch, so training that is interrupted, pickled and
resumed draws what it would have drawn, and a new use of randomness disturbs no other.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Seeds:
    seed: int

    def generator(self, name: str, epoch: int = 0) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(name.encode()), epoch])
