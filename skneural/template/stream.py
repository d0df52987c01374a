"""Training samples that are read in chunks, in each epoch anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.data import Samples
from skneural.template.checkpoints import CheckpointData
from skneural.template.problem import Problem, Specification
from skneural.template.settings import TrainingSettings
from skneural.training.train import RemoteSamples

ReadSamples = Callable[[np.random.Generator | None], Iterator[Samples]]


@dataclass(frozen=True)
class SampleStream:
    """Samples for training that are not in memory together.

    Parameters
    ----------
    read : function
        From a random generator, or None, to an iterator over the chunks, in random order or as they are.
    n_samples : int
        Number of samples in all chunks.
    """

    read: ReadSamples
    n_samples: int

    def __len__(self) -> int:
        return self.n_samples

    def batches(self, size: int, rng: np.random.Generator | None, *, copied: bool = True) -> Iterator[Samples]:
        """Iterate over mini-batches of at most `size` samples, each of one chunk."""
        for samples in self.read(rng):
            yield from samples.batches(size, rng, copied=copied)


@dataclass(frozen=True)
class StreamedFit:
    """A training on chunks, whose problem is posed by a sample of them.

    Attributes
    ----------
    hyperparameters : mapping
        Replaced in this fit, such as the number of epochs.
    open : function
        From the specification of the estimator, the problem of the sample, and the settings, to the stream.
    seed : int or None
        Of everything random; None if it is drawn.
    saved : CheckpointData or None
        The training that was broken off, if this one resumes it.
    """

    hyperparameters: Mapping[str, Any]
    open: Callable[[Specification, Problem, TrainingSettings], SampleStream | RemoteSamples]
    seed: int | None = None
    saved: CheckpointData | None = None
