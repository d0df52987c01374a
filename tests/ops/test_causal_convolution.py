"""The causal convolution before a scan against a filter of each channel."""

import numpy as np
import pytest
from scipy.signal import lfilter

from skneural.ops import causal_convolution
from tests.ops.scans import back


@pytest.mark.parametrize(("n_steps", "width"), [(9, 4), (9, 1), (2, 4), (1, 4)])
def test_the_causal_convolution_is_a_filter_of_each_channel(n_steps, width):
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.standard_normal((4, n_steps, 3)), rng.standard_normal((width, 3)), rng.standard_normal(3)
    y, _ = causal_convolution.causal_convolution(x, kernel, bias)
    for channel in range(3):
        expected = lfilter(kernel[::-1, channel], 1, x[:, :, channel], axis=1) + bias[channel]
        np.testing.assert_allclose(y[:, :, channel], expected, rtol=1e-10, atol=1e-12)
    before = np.zeros((4, width - 1, 3))
    for t in range(n_steps):
        y_step, before = causal_convolution.causal_convolution_step(x[:, t], kernel, bias, before)
        np.testing.assert_allclose(y_step, y[:, t], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("block", [1, 50])
def test_the_size_of_blocks_of_the_convolution_changes_nothing(block, monkeypatch):
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.standard_normal((4, 9, 3)), rng.standard_normal((4, 3)), rng.standard_normal(3)

    def both_ways():
        y, vjp = causal_convolution.causal_convolution(x, kernel, bias)
        return [y, *(back(lambda dy, *g: [vjp(dy, *g)], y, [kernel.shape, bias.shape]))]

    expected = both_ways()
    monkeypatch.setattr(causal_convolution, "INPUTS_PER_BLOCK", block)
    for found, whole in zip(both_ways(), expected, strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-10, atol=1e-12)
