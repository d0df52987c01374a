"""Recomputation of running statistics after training."""

from __future__ import annotations

import math

import numpy as np

from skneural.data import Samples, SampleSource
from skneural.layers.layer import SMALL_BATCH, WHOLE_BATCH, Context, Layer
from skneural.layers.normalization import BatchNormalization
from skneural.layers.traversal import find_trained
from skneural.parameters import Weights
from skneural.training.communicator import ALONE, Communicator
from skneural.training.division import rows_of_process, shard_of
from skneural.training.interrupts import deliver_interrupt


def settle_statistics(
    network: Layer,
    weights: Weights,
    samples: SampleSource,
    batch_size: int,
    rng: np.random.Generator,
    communicator: Communicator = ALONE,
) -> None:
    """Recompute the running statistics of batch normalization over all samples, with the final parameters.

    In training, running statistics lag behind the parameters by about ten batches, a large part of a short training.
    One forward pass corrects that. The statistics of all batches are combined into those of all their elements.

    Parameters
    ----------
    network : Layer
    weights : Weights
        The buffers are updated.
    samples : SampleSource
    batch_size : int
        The samples are divided into batches of about equal size that are not smaller: in a batch of a few rows, all
        layers after the first normalization would receive other values than in prediction.
    rng : Generator
        Random numbers for the order of the samples, dropout masks and resampling.
    communicator : Communicator, default=ALONE
        Processes, each of which computes its part of a batch.
    """
    normalizations = find_trained(network, weights.tree, BatchNormalization)
    if not normalizations:
        return
    for _, p in normalizations:
        p["n_batches"][...] = 0
    n_batches = max(1, len(samples) // batch_size)
    copied = communicator.size == 1
    for batch in samples.batches(math.ceil(len(samples) / n_batches), rng, copied=copied):
        for part in batch.resample(rng).parts():
            _pass_forward(network, weights, part, rng, communicator)
        deliver_interrupt()
    if communicator.size > 1:  # one shard of all writes them
        weights.buffers[...] = communicator.broadcast(weights.buffers.copy())


def _pass_forward(
    network: Layer, weights: Weights, part: Samples, rng: np.random.Generator, communicator: Communicator
) -> None:
    rows = None if communicator.size == 1 else rows_of_process(part.x, communicator)
    shard, small = WHOLE_BATCH, len(part) < SMALL_BATCH
    if rows is not None:
        part = part.with_common_width()
        shard, part = shard_of(part.x, rows, communicator), part.part(rows)
    x, info = part.x.as_batch()
    info = info._replace(sample_weight=part.sample_weight)
    network.forward(weights.tree, x, Context(rng, info, shard, settling=True, shared_draws=small))
