"""Running statistics, taken anew when training is over."""

from __future__ import annotations

import numpy as np

from skneural.data import Samples
from skneural.layers.layer import Context, Layer
from skneural.parameters import Weights, leaves


def settle_statistics(
    network: Layer, weights: Weights, samples: Samples, batch_size: int, rng: np.random.Generator
) -> None:
    """Let layers take their running statistics over all samples again, with the weights as they are now.

    While weights move, running statistics lag behind by some ten batches, which after a short training is a large
    part of it. One pass forward puts that right.

    Parameters
    ----------
    network : Layer
    weights : Weights
        Their buffers are changed.
    samples : Samples
    batch_size : int
    rng : Generator
        Draws the order of the samples, dropout masks, and what else is drawn.
    """
    counts = [array for name, array in leaves(weights.tree) if name.endswith("n_batches")]
    if not counts:
        return
    for count in counts:
        count[...] = 0
    for batch in samples.batches(batch_size, rng):
        x, known = batch.resample(rng).x.as_batch()
        context = Context(rng, **known._asdict(), sample_weight=batch.sample_weight, settling=True)
        network.forward(weights.tree, x, context)
