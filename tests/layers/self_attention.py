"""Layers of self-attention, and their parameters."""

import numpy as np
import pytest

from skneural.layers import SelfAttention
from skneural.parameters import Layout


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


SELF = {
    "all steps": SelfAttention(8, 2),
    "the past": SelfAttention(8, 2, causal=True),
    "rotary": SelfAttention(8, 2, rotary=True),
    "the past in blocks": SelfAttention(8, 2, causal=True, rotary=True, block_size=3),
}

causal = pytest.mark.parametrize("layer", [layer for layer in SELF.values() if layer.causal])


def started(layer, dtype=np.float64):
    layout = Layout(layer.parameters())
    start = layout.initial(np.random.default_rng(0), dtype)
    start.vector[...] += 0.1 * numbers(layout.size, seed=1).astype(dtype)
    return layout.views(*start)
