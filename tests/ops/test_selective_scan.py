"""The scan of channels against its equations as plain loops."""

import numpy as np
import pytest
from scipy.signal import lfilter

from skneural.ops import selective_scan
from tests.ops.scans import (
    BATCH,
    CHANNELS,
    STATES,
    both_ways_of_channels,
    draw_channels,
    dy_for,
    textbook,
    textbook_backward,
)


@pytest.mark.parametrize("n_steps", [1, 2, 16, 17, 70])
def test_the_scan_of_channels_is_a_plain_loop(n_steps):
    y, _ = selective_scan.selective_scan(*draw_channels(n_steps))
    np.testing.assert_allclose(y, textbook(*draw_channels(n_steps))[1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n_steps", [1, 2, 16, 17, 70])
def test_the_scan_of_channels_goes_back_as_the_textbook(n_steps):
    x, step_size, decay_rate, write, read, skip = draw_channels(n_steps)
    _, dx, d_step_size, d_write, d_read, d_decay_rate, d_skip = both_ways_of_channels(*draw_channels(n_steps))
    found = dx, d_step_size, d_write, d_read, d_decay_rate, d_skip
    expected = textbook_backward(dy_for(x), x, step_size, decay_rate, write, read, skip)
    for gradient, of_textbook in zip(found, expected, strict=True):
        np.testing.assert_allclose(gradient, of_textbook, rtol=1e-9, atol=1e-11)


def test_a_scan_that_does_not_select_is_a_linear_filter():
    x, step_size, decay_rate, write, read, skip = draw_channels(50)
    step_size[...], write[...], read[...] = 0.3, write[0, 0], read[0, 0]
    y, _ = selective_scan.selective_scan(x, step_size, decay_rate, write, read, skip)
    for channel in range(CHANNELS):
        expected = skip[channel] * x[:, :, channel]
        for state in range(STATES):
            gain = 0.3 * write[0, 0, state] * read[0, 0, state]
            kept = np.exp(0.3 * decay_rate[state, channel])
            expected = expected + lfilter([gain], [1, -kept], x[:, :, channel], axis=1)
        np.testing.assert_allclose(y[:, :, channel], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("block", [1, 2 * STATES * CHANNELS, 10**6])
def test_the_size_of_blocks_changes_nothing(block, monkeypatch):
    expected = both_ways_of_channels(*draw_channels())
    monkeypatch.setattr(selective_scan, "STATE_VALUES_PER_BLOCK", block)
    for found, whole in zip(both_ways_of_channels(*draw_channels()), expected, strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-10, atol=1e-12)


def test_the_scan_of_channels_step_by_step():
    x, step_size, decay_rate, write, read, skip = draw_channels()
    state = np.zeros((BATCH, STATES, CHANNELS))
    for t, expected in enumerate(textbook(*draw_channels())[1].transpose(1, 0, 2)):
        y, state = selective_scan.selective_scan_step(
            x[:, t], step_size[:, t], decay_rate, write[:, t], read[:, t], skip, state
        )
        np.testing.assert_allclose(y, expected, rtol=1e-10)
