"""The scan of heads against its equations as plain loops."""

import numpy as np
import pytest

from skneural.ops import multihead_scan
from tests.ops.scans import (
    BATCH,
    CHANNELS,
    HEADS,
    STATES,
    as_channels,
    both_ways_of_heads,
    draw_heads,
    dy_for,
    textbook,
    textbook_backward,
)


@pytest.mark.parametrize("n_steps", [1, 2, 32, 33, 70])
def test_the_scan_of_heads_is_a_plain_loop(n_steps):
    y, _ = multihead_scan.multihead_scan(*draw_heads(n_steps))
    np.testing.assert_allclose(y, textbook(*as_channels(*draw_heads(n_steps)))[1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n_steps", [1, 2, 32, 33, 70])
def test_the_scan_of_heads_goes_back_as_the_textbook(n_steps):
    arguments = as_channels(*draw_heads(n_steps))
    dx, d_steps, d_write, d_read, d_decays, d_skips = textbook_backward(dy_for(arguments[0]), *arguments)
    _, d_inputs, d_step_size, d_decay_rate, d_skip = both_ways_of_heads(*draw_heads(n_steps))
    tolerance = {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(d_inputs, np.concatenate([dx, d_write, d_read], axis=2), **tolerance)
    np.testing.assert_allclose(d_step_size, d_steps.reshape(BATCH, n_steps, HEADS, -1).sum(axis=3), **tolerance)
    np.testing.assert_allclose(d_decay_rate, d_decays.sum(axis=0).reshape(HEADS, -1).sum(axis=1), **tolerance)
    np.testing.assert_allclose(d_skip, d_skips.reshape(HEADS, -1).sum(axis=1), **tolerance)


def test_the_scan_of_heads_step_by_step():
    inputs, step_size, decay_rate, skip, _ = draw_heads()
    state = np.zeros((BATCH, STATES, CHANNELS))
    for t, expected in enumerate(textbook(*as_channels(*draw_heads()))[1].transpose(1, 0, 2)):
        y, state = multihead_scan.multihead_scan_step(inputs[:, t], step_size[:, t], decay_rate, skip, state)
        np.testing.assert_allclose(y, expected, rtol=1e-10)


@pytest.mark.parametrize("rate", [1.0, 16.0, 30.0])
def test_the_gradient_of_fast_decays_is_accurate_in_single_precision(rate):
    """Although it is many times smaller than the gradients of inputs and outputs."""
    inputs, step_size, _, skip, n_states = draw_heads(40)
    step_size = (1 + step_size) / 1.5
    both = []
    for dtype in (np.float64, np.float32):
        arrays = (array.astype(dtype) for array in (inputs, step_size, np.full(HEADS, -rate), skip))
        both.append(both_ways_of_heads(*arrays, n_states)[3].astype(np.float64))
    np.testing.assert_allclose(both[1], both[0], rtol=1e-3)
