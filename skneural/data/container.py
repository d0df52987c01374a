"""The container protocol, and containers for rows of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from scipy import sparse

from skneural.data.like_lengths import blocks_of_like_lengths
from skneural.data.targets import Selection, Targets
from skneural.ops.blocks import slices
from skneural.ops.types import Array


class BatchInfo(NamedTuple):
    """Information about the samples of a batch, or of one shard of it, that layers use in addition to the input array.

    Containers provide the first three; the weights are added for computing a loss.

    Attributes
    ----------
    lengths : integer array of shape (samples,) or None
        Number of elements of each sample: steps of a series, nodes of a graph. None if all samples have equally many.
        Layers must ignore the values after the end of a padded series.
    structure : object
        Further structure of the batch, such as the edges of a graph.
    memory_lengths : integer array of shape (samples,) or None
        Number of steps of each source sequence, if x is a pair of a source and a decoder input; None if all have
        equally many.
    sample_weight : array of shape (samples,) or None
        Weight of each sample; None if all are one.
    total : float or None
        Divisor of sums over all samples of the whole batch, for losses and for penalties that are means over samples;
        None where no loss is computed.
    """

    lengths: Array | None = None
    structure: Any = None
    memory_lengths: Array | None = None
    sample_weight: Array | None = None
    total: float | None = None

    @property
    def of_memory(self) -> BatchInfo:
        """Information about the same samples for layers whose x is the source or the memory."""
        return self._replace(lengths=self.memory_lengths, memory_lengths=None)

    def step_weight(self, n_steps: int, dtype: Any) -> Array | None:
        """Weight of each step of padded series, of shape (samples, n_steps); None if all are one."""
        mask, weight = mask_of(self.lengths, n_steps), self.sample_weight
        if weight is None:
            return None if mask is None else mask.astype(dtype)
        if mask is None:
            return np.broadcast_to(weight[:, np.newaxis], (len(weight), n_steps))
        return mask * weight[:, np.newaxis]

    def row_weight(self, n_rows: int, rows: str = "samples") -> Array | None:
        """Weight of each row, of shape (n_rows,), where they are "samples" or "elements"; None if all are one."""
        weight = self.sample_weight
        if weight is None or rows == "samples":
            return weight
        return np.repeat(weight, n_rows // len(weight) if self.lengths is None else self.lengths)


def mask_of(lengths: Array | None, n_steps: int) -> Array | None:
    """Mask of the real steps of series of the given lengths, of shape (samples, n_steps); None if all are real.

    In memory, samples are the last axis: most layers transpose the mask, and it is contiguous then.
    """
    return None if lengths is None else (np.arange(n_steps)[:, np.newaxis] < lengths).T


class Container:
    """Base class of containers, which hold the samples of X.

    Subclasses define `__len__`, `__getitem__`, `dtype` and `as_batch`, and override other methods if the default does
    not fit.

    Attributes
    ----------
    dtype : dtype
        Data type of the values.
    lengths : array of shape (samples,) or None
        Number of elements of each sample, if samples differ in it.
    shardable : bool
        Whether a batch may be split over threads. False where samples depend on further ones, such as nodes on their
        neighbours: these would be computed, with another dropout mask, in each shard again.
    """

    dtype: np.dtype[Any]
    lengths: Array | None = None
    shardable: bool = True

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__")

    def __getitem__(self, rows: Selection) -> Container:
        """Select samples: views for a slice where that is possible, copies for an array of indices."""
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__")

    def subset(self, rows: Array) -> Container:
        """Select many samples by their indices, such as all that are not held out, without a copy if possible."""
        return self[rows]

    def as_batch(self) -> tuple[Any, BatchInfo]:
        """Network input, and the batch information for the context of the layers."""
        raise NotImplementedError(f"{type(self).__name__} must define as_batch")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the samples; scikit-learn reads the number of samples from it."""
        return (len(self),)

    @property
    def n_score_rows(self) -> Array | None:
        """Number of rows of raw scores of each sample, if elements are scored; None if all have equally many."""
        return self.lengths

    @property
    def symbolic_shape(self) -> tuple[int | str, ...]:
        """Shape of the network input; symbolic dimensions by name."""
        return ("n", *self[:1].as_batch()[0].shape[1:])

    @property
    def original(self) -> Any:
        """The samples in the format that scorers pass to an estimator."""
        return self

    def for_training(self) -> Container:
        """The same samples, of which `resample` may make others at random, as held-out samples do not."""
        return self

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        """Network input and targets of one training step.

        Containers whose input is random, by masking or added noise, sample both again for each batch. This happens for
        the whole batch, before it is split over threads.
        """
        return self, targets

    @property
    def padded_lengths(self) -> Array | None:
        """Number of steps of each sample, if a batch pads samples to the longest one; None if nothing is padded."""
        return None

    @property
    def typical_length(self) -> int:
        """Number of steps of a sample; the median if samples differ in it."""
        lengths = self.padded_lengths
        return int(self.shape[1] if lengths is None or not len(lengths) else np.median(lengths))

    def with_common_width(self) -> Self:
        """The same samples, of which all parts are padded to the same length: the shards of a batch."""
        return self

    def batch_order(self, rows: Array) -> Array:
        """Sample indices in the order in which a batch of these samples is computed fastest."""
        return rows

    def blocks(self, n_rows: int) -> Iterator[Selection]:
        """Selections of at most `n_rows` samples that are computed together; they partition all samples.

        If samples are padded, those of like lengths are selected, and fewer of the long ones.
        """
        lengths = self.padded_lengths
        if lengths is None:
            return slices(len(self), n_rows)
        return map(self.batch_order, blocks_of_like_lengths(lengths, n_rows))


class Rows(Container):
    """One row of an array per sample, such as tabular data (dense or CSR) or images.

    Parameters
    ----------
    values : array or CSR of shape (samples, ...)
    dtype : dtype or None, default=None
        Precision of batches, to which values of another dtype, such as pixels of one byte, are converted batch by
        batch; None for the dtype of `values`.
    """

    def __init__(self, values: Array | sparse.csr_array, dtype: np.dtype[Any] | None = None) -> None:
        self.values = values
        self.dtype = values.dtype if dtype is None else np.dtype(dtype)

    def __len__(self) -> int:
        n: int = self.values.shape[0]
        return n

    def __getitem__(self, rows: Selection) -> Rows:
        if isinstance(rows, slice) or sparse.issparse(self.values):
            return Rows(self.values[rows], self.dtype)
        return Rows(self.values.take(rows, axis=0), self.dtype)

    def subset(self, rows: Array) -> Rows:
        return SelectedRows(self, rows)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def original(self) -> Any:
        return self.values

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return self.values.astype(self.dtype, copy=False), NO_BATCH_INFO


class SelectedRows(Rows):
    """Some rows of a container, which are copied batch by batch.

    So training with held-out samples needs no copy of X, which may be a memory map.

    Parameters
    ----------
    whole : Rows
    rows : integer array of shape (samples,)
    """

    def __init__(self, whole: Rows, rows: Array) -> None:
        self.whole = whole
        self.rows = rows
        self.dtype = whole.dtype

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Selection) -> Rows:
        return SelectedRows(self.whole, self.rows[rows]) if isinstance(rows, slice) else self.whole[self.rows[rows]]

    def subset(self, rows: Array) -> Rows:
        return SelectedRows(self.whole, self.rows[rows])

    @cached_property
    def _copy(self) -> Rows:
        """The rows in one array, for computations that need all of them at once."""
        return self.whole[self.rows]

    @property
    def values(self) -> Any:  # type: ignore[override]
        return self._copy.values

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.whole.shape[1:])

    def as_batch(self) -> tuple[Any, BatchInfo]:
        return self._copy.as_batch()

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        if type(self.whole).resample is Container.resample:
            return self, targets
        return self._copy.resample(rng, targets)


NO_BATCH_INFO = BatchInfo()
