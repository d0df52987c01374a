"""Walks of an optimizer along given gradients."""

import numpy as np

N_WEIGHTS = 50


def walked(optimizer, gradients, state=None, start=None, rate=0.01):
    """Weights and state after a step along each gradient."""
    weights = np.linspace(-1, 1, gradients.shape[1]).astype(gradients.dtype) if start is None else start.copy()
    state = optimizer.start(weights) if state is None else state
    for i, gradient in enumerate(gradients):
        optimizer.update(weights, gradient.copy(), state, rate / (1 + 0.1 * (i % 3)))
    return weights, state
