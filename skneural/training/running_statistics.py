"""Recomputation of running statistics after training."""

from __future__ import annotations

import numpy as np

from skneural.data import Samples
from skneural.layers.layer import Context, Layer
from skneural.layers.normalization import BatchNormalization
from skneural.layers.traversal import find
from skneural.parameters import Weights


def settle_statistics(
    network: Layer, weights: Weights, samples: Samples, batch_size: int, rng: np.random.Generator
) -> None:
    """Recompute the running statistics of batch normalization over all samples, with the final parameters.

    In training, running statistics lag behind the parameters by about ten batches, a large part of a short training.
    One forward pass corrects that.

    Parameters
    ----------
    network : Layer
    weights : Weights
        The buffers are updated.
    samples : Samples
    batch_size : int
    rng : Generator
        Random numbers for the order of the samples, dropout masks and resampling.
    """
    normalizations = find(network, weights.tree, BatchNormalization)
    if not normalizations:
        return
    for _, p in normalizations:
        p["n_batches"][...] = 0
    for batch in samples.batches(batch_size, rng):
        x, info = batch.resample(rng).x.as_batch()
        context = Context(rng, info._replace(sample_weight=batch.sample_weight), settling=True)
        network.forward(weights.tree, x, context)
