"""Recomputation of running statistics after training."""

from __future__ import annotations

import math

import numpy as np

from skneural.data import SampleSource
from skneural.layers.layer import SMALL_BATCH, Context, Layer
from skneural.layers.normalization import BatchNormalization
from skneural.layers.traversal import find
from skneural.parameters import Weights
from skneural.training.interrupts import deliver_interrupt


def settle_statistics(
    network: Layer, weights: Weights, samples: SampleSource, batch_size: int, rng: np.random.Generator
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
    """
    normalizations = find(network, weights.tree, BatchNormalization)
    if not normalizations:
        return
    for _, p in normalizations:
        p["n_batches"][...] = 0
    n_batches = max(1, len(samples) // batch_size)
    for batch in samples.batches(math.ceil(len(samples) / n_batches), rng):
        for part in batch.resample(rng).parts():
            x, info = part.x.as_batch()
            info, small = info._replace(sample_weight=part.sample_weight), len(part) < SMALL_BATCH
            network.forward(weights.tree, x, Context(rng, info, settling=True, shared_draws=small))
        deliver_interrupt()
