"""The protocol of containers, and the plainest of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skneural.data.targets import Selection, Targets
from skneural.ops.types import Array


class BatchInfo(NamedTuple):
    """What layers may ask about a batch beside x itself.

    Attributes
    ----------
    lengths : array of shape (samples,) or None
        Elements of each sample: steps of a series, nodes of a graph. None where all have equally many.
    structure : object
        What else a container knows, such as the edges of a graph.
    memory_lengths : array of shape (samples,) or None
        Steps of each source, where x is a pair of a source and what a decoder is given; None where all have equally
        many.
    """

    lengths: Array | None = None
    structure: Any = None
    memory_lengths: Array | None = None


class Container:
    """Samples of X.

    Members define `__len__`, `__getitem__`, `dtype` and `as_batch`, and override the rest where it does not fit.

    Attributes
    ----------
    dtype : dtype
        Of the numbers in it.
    lengths : array of shape (samples,) or None
        Elements of each sample, where they differ.
    shardable : bool
        Whether threads may share a batch. Not where samples bring others along, such as nodes their neighbours: these
        would be computed, and dropped at random, in each part anew.
    """

    dtype: np.dtype[Any]
    lengths: Array | None = None
    shardable: bool = True

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__")

    def __getitem__(self, rows: Selection) -> Container:
        """Some of the samples: views for a slice where that is possible, copies for an array of numbers."""
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__")

    def as_batch(self) -> tuple[Any, BatchInfo]:
        """What enters the network, and what layers may ask of the context."""
        raise NotImplementedError(f"{type(self).__name__} must define enter")

    @property
    def shape(self) -> tuple[int, ...]:
        """Scikit-learn counts samples by it."""
        return (len(self),)

    @property
    def n_score_rows(self) -> Array | None:
        """Rows of raw scores of each sample, where elements have such; None where all samples have equally many."""
        return self.lengths

    @property
    def symbolic_shape(self) -> tuple[int | str, ...]:
        """Shape of what enters the network, where numbers that need not stay as they are have names."""
        return ("n", *self[:1].as_batch()[0].shape[1:])

    @property
    def original(self) -> Any:
        """The samples as scorers take them."""
        return self

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        """What enters the network at this step of training, and what its scores are compared with.

        Both are drawn anew for each batch where samples are hidden in part, or covered by noise. The whole batch is
        drawn before threads share it.
        """
        return self, targets

    def batch_order(self, rows: Array) -> Array:
        """The given numbers of samples in the order in which a batch of them is computed best."""
        return rows

    def blocks(self, n_rows: int) -> Iterator[Selection]:
        """Which samples are predicted at once, about `n_rows` at a time; together they are all samples."""
        for start in range(0, len(self), n_rows):
            yield slice(start, start + n_rows)


class Rows(Container):
    """One row of an array for each sample: of a table, dense or CSR, or of images.

    Parameters
    ----------
    values : array or CSR of shape (samples, ...)
    """

    def __init__(self, values: Array | sparse.csr_array) -> None:
        self.values = values
        self.dtype = values.dtype

    def __len__(self) -> int:
        n: int = self.values.shape[0]
        return n

    def __getitem__(self, rows: Selection) -> Rows:
        if isinstance(rows, slice) or sparse.issparse(self.values):
            return Rows(self.values[rows])
        return Rows(self.values.take(rows, axis=0))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def original(self) -> Any:
        return self.values

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return self.values, NO_BATCH_INFO


class MixedRows(Rows):
    """Rows of numbers and of categories by their numbers: encoded, no longer as they were given."""

    def __getitem__(self, rows: Selection) -> MixedRows:
        return MixedRows(super().__getitem__(rows).values)

    @property
    def original(self) -> Any:
        return self


class NoisyRows(Rows):
    """Rows to which normal noise is added for each batch anew; their targets stay what they are.

    Parameters
    ----------
    values : array of shape (samples, ..., features)
    deviation : array of shape (features,)
        Standard deviation of the noise of each feature.
    """

    def __init__(self, values: Array, deviation: Array) -> None:
        super().__init__(values)
        self.deviation = deviation

    def __getitem__(self, rows: Selection) -> NoisyRows:
        return NoisyRows(super().__getitem__(rows).values, self.deviation)

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        noise = rng.standard_normal(self.values.shape, dtype=self.dtype.type)
        noise *= self.deviation
        noise += self.values
        return Rows(noise), targets


NO_BATCH_INFO = BatchInfo()
